//! What the figures are meant to be. Nothing fails when they are not: a table says so.

use serde::Serialize;

use super::arena::Kind;
use super::options::Part;
use super::results::{Figure, Growth, Results, Subject};
use super::writes::RANDOM_STUDENTS;

/// Where a figure is meant to lie.
#[derive(Clone, Copy, Debug)]
enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

/// A figure next to what it is meant to be.
#[derive(Clone, Debug, Serialize)]
pub struct Aim {
    /// What the aim is about.
    pub about: &'static str,
    /// The figure, in words.
    pub of: String,
    /// What it is meant to be, in words.
    pub wanted: String,
    /// What it is.
    pub measured: f64,
    /// Whether it is what it is meant to be.
    pub reached: bool,
}

/// All that was measured and has an aim.
pub fn aims(results: &Results) -> Vec<Aim> {
    let figures = results.figures();
    let mut aims: Vec<Aim> = figures.iter().filter_map(of_figure).collect();
    aims.extend(results.growth().iter().filter_map(of_growth));
    aims
}

fn of_figure(figure: &Figure) -> Option<Aim> {
    let Subject { part, what, database, load, .. } = &figure.subject;
    let (about, measured, bound) = match (part, what.as_str()) {
        (Part::Reads, _) if *load == 64 => ("reads / bare handler", figure.ratio?, Bound::AtLeast(0.30)),
        (Part::Writes, RANDOM_STUDENTS) if matches!(load, 16 | 64) => {
            let least = if *database == Kind::Sqlite { 1.0 } else { 0.45 };
            ("durable single writes / bare inserts", figure.ratio?, Bound::AtLeast(least))
        }
        (Part::Freshness, what) if what.ends_with("p50") => {
            ("freshness p50, ms", figure.tally, Bound::AtMost(1.5))
        }
        (Part::Freshness, what) if what.ends_with("p99") => {
            ("freshness p99, ms", figure.tally, Bound::AtMost(4.5))
        }
        (Part::Drain, _) => ("drain / one statement", figure.ratio?, Bound::AtLeast(0.5)),
        (Part::Memory, _) => ("resident memory, MB", figure.tally, Bound::AtMost(64.0)),
        (Part::Start, _) if *database == Kind::Sqlite => {
            ("start to first answer, ms", figure.tally, Bound::AtMost(150.0))
        }
        _ => return None,
    };
    Some(judge(about, &figure.subject, measured, bound))
}

/// A single read and a single write under the heaviest load: there the machine has nothing left that could hide a cost.
fn of_growth(growth: &Growth) -> Option<Aim> {
    let Subject { part, what, load, .. } = &growth.subject;
    let about = match (part, what.as_str(), load) {
        (Part::Reads, _, 64) => "cost per read / in the smallest school",
        (Part::Writes, RANDOM_STUDENTS, 64) => "cost per write / in the smallest school",
        _ => return None,
    };
    Some(judge(about, &growth.subject, growth.cost, Bound::AtMost(1.25)))
}

fn judge(about: &'static str, subject: &Subject, measured: f64, bound: Bound) -> Aim {
    let (wanted, reached) = match bound {
        Bound::AtLeast(least) => (format!(">= {least}"), measured >= least),
        Bound::AtMost(most) => (format!("<= {most}"), measured <= most),
    };
    Aim { about, of: subject.to_string(), wanted, measured, reached }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::results::{Measured, Unit};

    fn judged(part: Part, what: &str, database: Kind, measured: Measured) -> Vec<bool> {
        let mut results = Results::default();
        let unit = Unit::PerSecond;
        results
            .add(Subject { part, what: what.to_owned(), database, students: 20, load: 64, unit }, measured);
        aims(&results).iter().map(|aim| aim.reached).collect()
    }

    #[test]
    fn what_is_enough_on_one_database_may_not_be_on_the_other() {
        let half = Measured { tally: 50.0, bare: Some(100.0) };
        assert_eq!(judged(Part::Writes, RANDOM_STUDENTS, Kind::Postgres, half), [true]);
        assert_eq!(judged(Part::Writes, RANDOM_STUDENTS, Kind::Sqlite, half), [false]);
        assert!(judged(Part::Writes, "facts written, one student", Kind::Sqlite, half).is_empty());
    }

    #[test]
    fn of_times_and_memory_less_is_better() {
        let measured = |tally| Measured { tally, bare: None };
        assert_eq!(judged(Part::Freshness, "here, p50", Kind::Sqlite, measured(1.5)), [true]);
        assert_eq!(judged(Part::Freshness, "here, p99", Kind::Sqlite, measured(4.6)), [false]);
        assert_eq!(judged(Part::Memory, "idle", Kind::Postgres, measured(65.0)), [false]);
    }
}
