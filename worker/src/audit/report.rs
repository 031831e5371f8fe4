//! What `tally-worker verify` says.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use entity::aggregate_drift::Difference;
use entity::database::Database;
use entity::id::EnrollmentId;
use futures::TryStreamExt;
use indicatif::{ProgressBar, ProgressStyle};
use sea_orm::DbErr;

use super::{Drift, count, verify};

const BAR: &str = "{wide_bar} {human_pos}/{human_len}  {per_sec}  ETA {eta}";
/// How often a line tells of the progress, where there is no bar.
const LINE_EVERY: Duration = Duration::from_secs(10);
/// More pages at a time than this do not make it faster.
const MOST_AT_ONCE: u32 = 8;

/// Checks all students over at most so many connections, and says which differ and how. Returns whether none does.
///
/// # Errors
/// Whatever the database reports, and what `say` returns.
pub async fn verify_all<E: From<DbErr>>(
    db: &Database,
    connections: u32,
    say: impl Fn(&str) -> Result<(), E>,
) -> Result<bool, E> {
    let began = Instant::now();
    let mut progress = Progress::begin(count(db).await?);
    // One connection is left for the list of students.
    let at_once = connections.saturating_sub(1).clamp(1, MOST_AT_ONCE);
    let mut pages = Box::pin(verify(db, usize::try_from(at_once).unwrap_or(1)));
    let (mut right, mut differ, mut stale) = (0, 0, 0);
    while let Some(page) = pages.try_next().await? {
        right += page.right.len();
        differ += page.drifts.len();
        stale += page.stale;
        progress.at(right + differ + stale);
        for drift in &page.drifts {
            progress.bar.suspend(|| say(&described(drift)))?;
        }
    }
    progress.bar.finish_and_clear();
    let seconds = began.elapsed().as_secs_f64();
    say(&format!("{} students checked in {seconds:.1} s: {differ} differ.\n", right + differ))?;
    if stale > 0 {
        say(&format!("{stale} more were left out: their facts have just changed.\n"))?;
    }
    Ok(differ == 0)
}

/// One line for each field that differs.
fn described(drift: &Drift) -> String {
    let lines = drift.differences.iter().map(|Difference { enrollment, field, stored, computed }| {
        let enrollment = enrollment.map(|id| format!(" {}", EnrollmentId(id))).unwrap_or_default();
        let [stored, computed] = [stored, computed].map(|value| value.as_deref().unwrap_or("null"));
        format!("{}{enrollment} {field}: stored {stored}, computed {computed}\n", drift.student_id)
    });
    lines.collect()
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
}
