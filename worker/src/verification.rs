//! `tally-worker verify`: what it says. A part of the program, not of the library.

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use entity::database::Database;
use entity::sea_orm::prelude::Uuid;
use futures::TryStreamExt;
use indicatif::{ProgressBar, ProgressStyle};
use worker::audit::{self, Drift};

use crate::{Outcome, say};

const BAR: &str = "{wide_bar} {human_pos}/{human_len}  {per_sec}  ETA {eta}";
/// How often a line tells of the progress, where there is no bar.
const LINE_EVERY: Duration = Duration::from_secs(10);
/// More pages at a time than this do not make it faster.
const MOST_AT_ONCE: u32 = 8;

/// Checks all students and says which differ; the exit code is 1 if any does.
pub(super) async fn run(db: &Database, connections: u32) -> Outcome<ExitCode> {
    let began = Instant::now();
    let mut progress = Progress::begin(audit::count(db).await?);
    // One connection is left for the list of students.
    let at_once = usize::try_from(connections.saturating_sub(1).clamp(1, MOST_AT_ONCE))?;
    let mut pages = Box::pin(audit::verify(db, at_once));
    let (mut right, mut differ, mut stale) = (0, 0, 0);
    while let Some(page) = pages.try_next().await? {
        right += page.right.len();
        differ += page.drifts.len();
        stale += page.stale;
        progress.at(right + differ + stale);
        for drift in &page.drifts {
            progress.pausing(|| say(&described(drift)))?;
        }
    }
    progress.end();
    let seconds = began.elapsed().as_secs_f64();
    say(&format!("{} students checked in {seconds:.1} s: {differ} differ.\n", right + differ))?;
    if stale > 0 {
        say(&format!("{stale} more were left out: their facts have just changed.\n"))?;
    }
    Ok(if differ == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// One line for each field that differs.
fn described(drift: &Drift) -> String {
    let null = || "null".to_owned();
    let line = |difference: &entity::aggregate_drift::Difference| {
        let of = |id: Uuid| format!(" {}", entity::id::EnrollmentId(id));
        format!(
            "{}{} {}: stored {}, computed {}\n",
            drift.student_id,
            difference.enrollment.map(of).unwrap_or_default(),
            difference.field,
            difference.stored.clone().unwrap_or_else(null),
            difference.computed.clone().unwrap_or_else(null),
        )
    };
    drift.differences.iter().map(line).collect()
}

/// How far the check is: a bar on a terminal, a line now and then elsewhere, both on standard error.
struct Progress {
    bar: ProgressBar,
    total: u64,
    lines: bool,
    last_line: Instant,
}

impl Progress {
    fn begin(total: u64) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let bar = if terminal { ProgressBar::new(total) } else { ProgressBar::hidden() };
        bar.set_style(ProgressStyle::with_template(BAR).unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { bar, total, lines: !terminal, last_line: Instant::now() }
    }

    fn at(&mut self, students: usize) {
        self.bar.set_position(u64::try_from(students).unwrap_or(u64::MAX));
        if self.lines && self.last_line.elapsed() >= LINE_EVERY {
            self.last_line = Instant::now();
            // That nobody reads it is no reason to stop.
            let _ = writeln!(std::io::stderr(), "{students} of {} students", self.total);
        }
    }

    /// Does what would write over the bar.
    fn pausing<T>(&self, work: impl FnOnce() -> T) -> T {
        self.bar.suspend(work)
    }

    fn end(&self) {
        self.bar.finish_and_clear();
    }
}
