//! How far a load is: a bar on a terminal, lines elsewhere.

use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressStyle};

const BAR: &str = "{msg:14} {wide_bar} {human_pos}/{human_len}  {per_sec}  ETA {eta}";
/// How many lines tell of a phase, where there is no bar.
const LINES: u64 = 10;

/// Whether anybody is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// On standard error.
    Shown,
    /// Nobody.
    Silent,
}

/// How far one phase is. Clones tell of the same phase.
#[derive(Clone, Debug)]
pub(super) struct PhaseProgress {
    bar: ProgressBar,
    /// No bar but lines.
    lines: bool,
    name: Arc<str>,
}

impl Progress {
    /// Begins a phase of `total` facts.
    pub(super) fn begin(self, name: &str, total: u64) -> PhaseProgress {
        let shown = self == Self::Shown;
        let terminal = std::io::stderr().is_terminal();
        let bar = if shown && terminal { ProgressBar::new(total) } else { ProgressBar::hidden() };
        bar.set_length(total);
        bar.set_style(ProgressStyle::with_template(BAR).unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message(name.to_owned());
        PhaseProgress { bar, lines: shown && !terminal, name: name.into() }
    }
}

impl PhaseProgress {
    /// `facts` more are done.
    pub(super) fn add(&self, facts: u64) {
        let total = self.bar.length().unwrap_or_default().max(1);
        let before = self.bar.position();
        self.bar.inc(facts);
        let after = before + facts;
        if self.lines && (before * LINES / total != after * LINES / total) {
            let (rate, left) = (self.bar.per_sec(), self.bar.eta().as_secs());
            say(&format!("{}: {after} of {total}, {rate:.0}/s, about {left} s left", self.name));
        }
    }

    /// Something that is worth a line.
    pub(super) fn note(&self, text: &str) {
        if self.lines {
            say(text);
        } else {
            self.bar.println(text);
        }
    }

    /// Leaves the bar as it is.
    pub(super) fn end(&self) {
        self.bar.finish();
    }
}

/// That nobody reads it is no reason to stop loading.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
