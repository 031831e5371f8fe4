//! One round over one database: what every part is measured with.

use super::Outcome;
use super::arena::Arena;
use super::memory::Memory;
use super::options::{Options, Part};
use super::process::Programs;
use super::results::{Measured, Results, Subject, Unit};

/// One round over one database.
pub struct Round<'a> {
    /// Which round.
    pub number: usize,
    /// The database.
    pub arena: &'a Arena,
    /// The programs.
    pub programs: &'a Programs,
    /// How to measure.
    pub options: &'a Options,
    /// What has been measured so far.
    pub results: &'a mut Results,
}

impl Round<'_> {
    /// Whether what Tally is compared with comes first: in every second round, so that neither always finds the machine
    /// as the other has left it.
    pub const fn bare_first(&self) -> bool {
        self.number % 2 == 1
    }

    /// What the choices of a caller follow from.
    pub fn seed(&self, caller: usize) -> u64 {
        u64::try_from(self.number * 1000 + caller).unwrap_or(u64::MAX)
    }

    /// Notes two rates, that of Tally and that of what it is compared with.
    pub fn compare(&mut self, part: Part, what: &str, load: usize, tally: f64, bare: f64) {
        self.add(part, what, load, Unit::PerSecond, Measured { tally, bare: Some(bare) });
    }

    /// Notes a figure that stands alone.
    pub fn note(&mut self, part: Part, what: &str, load: usize, unit: Unit, tally: f64) {
        self.add(part, what, load, unit, Measured { tally, bare: None });
    }

    /// Notes the most memory that a program has held.
    pub fn note_memory(&mut self, what: &str, memory: Memory) {
        self.note(Part::Memory, what, 0, Unit::Megabytes, memory.peak);
    }

    fn add(&mut self, part: Part, what: &str, load: usize, unit: Unit, measured: Measured) {
        let subject = Subject {
            part,
            what: what.to_owned(),
            database: self.arena.kind,
            students: self.arena.students.len(),
            load,
            unit,
        };
        self.results.add(subject, measured);
    }
}

/// Measures Tally and what it is compared with, one after the other.
///
/// # Errors
/// Whatever goes wrong in one of them.
pub(super) async fn in_turn(
    bare_first: bool,
    tally: impl AsyncFnOnce() -> Outcome<f64>,
    bare: impl AsyncFnOnce() -> Outcome<f64>,
) -> Outcome<(f64, f64)> {
    if bare_first {
        let bare = bare().await?;
        return Ok((tally().await?, bare));
    }
    let tally = tally().await?;
    Ok((tally, bare().await?))
}
