//! What was measured, round by round, and the medians of it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::arena::Kind;
use super::options::Part;

/// What a figure counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Unit {
    /// More is better.
    #[serde(rename = "/s")]
    PerSecond,
    /// Less is better.
    #[serde(rename = "ms")]
    Milliseconds,
    /// Less is better.
    #[serde(rename = "MB")]
    Megabytes,
}

/// What is measured, on what, and under which load.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Subject {
    /// The part of the benchmark.
    pub part: Part,
    /// The database.
    pub database: Kind,
    /// How many students there are in it.
    pub students: usize,
    /// The work.
    pub what: String,
    /// How many callers, or facts a second; 0 where there are neither.
    pub load: usize,
    /// What the figure counts.
    pub unit: Unit,
}

/// The figure of one round.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    /// Of Tally.
    pub tally: f64,
    /// Of what it is compared with.
    pub bare: Option<f64>,
}

/// The figures of all rounds. A subject has the same number of them as every other of its kind, in the same order.
#[derive(Debug, Default)]
pub struct Results(BTreeMap<Subject, Vec<Measured>>);

/// The medians of a subject's rounds.
#[derive(Clone, Debug, Serialize)]
pub struct Figure {
    /// What was measured.
    #[serde(flatten)]
    pub subject: Subject,
    /// Of Tally.
    pub tally: f64,
    /// Of what it is compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bare: Option<f64>,
    /// The median of the rounds' ratios of the two, which is not the ratio of the medians.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ratio: Option<f64>,
}

/// What a subject costs in a large school, as a multiple of what it costs in the smallest.
#[derive(Clone, Debug, Serialize)]
pub struct Growth {
    /// What was measured, in the large school.
    #[serde(flatten)]
    pub subject: Subject,
    /// How many students the smallest school has.
    pub from_students: usize,
    /// The median of the rounds' ratios.
    pub cost: f64,
}

impl Results {
    /// Adds the figure of a round.
    pub fn add(&mut self, subject: Subject, measured: Measured) {
        self.0.entry(subject).or_default().push(measured);
    }

    /// The medians of everything.
    pub fn figures(&self) -> Vec<Figure> {
        let figure = |(subject, rounds): (&Subject, &Vec<Measured>)| {
            let bare = rounds.iter().filter_map(|round| round.bare);
            let ratios = rounds.iter().filter_map(|round| Some(round.tally / round.bare?));
            Some(Figure {
                subject: subject.clone(),
                tally: median(rounds.iter().map(|round| round.tally))?,
                bare: median(bare),
                ratio: median(ratios),
            })
        };
        self.0.iter().filter_map(figure).collect()
    }

    /// What the rates of larger schools cost, next to the same rates of the smallest.
    pub fn growth(&self) -> Vec<Growth> {
        let mut smallest: BTreeMap<Subject, (usize, &[Measured])> = BTreeMap::new();
        let mut growth = Vec::new();
        let rates = self.0.iter().filter(|(subject, _)| subject.unit == Unit::PerSecond);
        // In the order of the subjects a smaller school comes before a larger one with the same work.
        for (subject, rounds) in rates {
            let same = Subject { students: 0, ..subject.clone() };
            let Some((from_students, base)) = smallest.get(&same) else {
                smallest.insert(same, (subject.students, rounds));
                continue;
            };
            let costs = base.iter().zip(rounds).map(|(small, large)| small.tally / large.tally);
            let cost = median(costs);
            growth.extend(cost.map(|cost| Growth {
                subject: subject.clone(),
                from_students: *from_students,
                cost,
            }));
        }
        growth
    }
}

/// The middle of some values, those left out that are none, such as the ratio to nothing.
fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.filter(|value| value.is_finite()).collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(values[middle]),
        _ => Some(f64::midpoint(values[middle - 1], values[middle])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(students: usize) -> Subject {
        Subject {
            part: Part::Reads,
            what: "dashboards".to_owned(),
            database: Kind::Sqlite,
            students,
            load: 64,
            unit: Unit::PerSecond,
        }
    }

    #[test]
    fn a_ratio_is_the_median_of_the_rounds_ratios() {
        let mut results = Results::default();
        for (tally, bare) in [(10.0, 100.0), (30.0, 60.0), (90.0, 100.0)] {
            results.add(subject(20), Measured { tally, bare: Some(bare) });
        }
        let figures = results.figures();
        assert_eq!((figures[0].tally, figures[0].bare, figures[0].ratio), (30.0, Some(100.0), Some(0.5)));
    }

    #[test]
    fn the_cost_of_growth_is_compared_within_each_round() {
        let mut results = Results::default();
        for (small, large) in [(100.0, 50.0), (10.0, 10.0), (40.0, 10.0)] {
            results.add(subject(20), Measured { tally: small, bare: None });
            results.add(subject(1000), Measured { tally: large, bare: None });
        }
        let growth = results.growth();
        assert_eq!(growth.len(), 1);
        assert_eq!((growth[0].from_students, growth[0].subject.students), (20, 1000));
        assert!((growth[0].cost - 2.0).abs() < f64::EPSILON);
    }
}
