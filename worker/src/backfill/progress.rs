//! How far a run is: a bar on a terminal, lines elsewhere. Both on standard error.

use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use entity::backfill::Run;
use indicatif::{ProgressBar, ProgressStyle};

const BAR: &str = "{wide_bar} {human_pos}/{human_len}  {msg}";
/// How many lines tell of a run, where there is no bar.
const LINES: i64 = 10;

/// Tells somebody how far a run is.
#[derive(Debug)]
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    told: i64,
}

impl Progress {
    pub(super) fn begin() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template(BAR).unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::new(0).with_style(style)
        });
        Self { bar, told: -1 }
    }

    pub(super) fn show(&mut self, run: &Run) {
        let Some(bar) = &self.bar else { return self.show_line(run) };
        bar.set_length(run.total().unsigned_abs());
        bar.set_position(run.done().unsigned_abs());
        bar.set_message(describe(run));
    }

    fn show_line(&mut self, run: &Run) {
        let tenth = run.done() * LINES / run.total().max(1);
        if tenth > self.told {
            self.told = tenth;
            say(&format!("{} of {} students, {}", run.done(), run.total(), describe(run)));
        }
    }

    /// Something that is worth a line.
    pub(super) fn note(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| say(text)),
            None => say(text),
        }
    }
}

impl Drop for Progress {
    /// Leaves the bar as it is.
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.abandon();
        }
    }
}

fn describe(run: &Run) -> String {
    let rate = run.per_second().unwrap_or_default();
    let left = run.time_left().unwrap_or_default();
    let changed = if run.row.dry_run { "would change" } else { "changed" };
    format!(
        "{rate:.0}/s, about {} s left, {} {changed}, {} failed",
        left.max(Duration::ZERO).as_secs(),
        run.changed,
        run.failed
    )
}

/// That nobody reads it is no reason to stop.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
