//! What is measured, on what, and for how long.

#![expect(clippy::doc_markdown, reason = "these comments are the help texts, which are read in a terminal")]

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use serde::Serialize;

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Dashboards over HTTP, next to a bare handler that returns the same bytes.
    Reads,
    /// Single facts over HTTP, next to bare single-row inserts.
    Writes,
    /// From the commit of a fact to the profile that shows it.
    Freshness,
    /// Waiting recalculations, next to one statement over the same rows.
    Drain,
    /// Facts by the thousand.
    Bulk,
    /// Dashboards and single facts with request limits and the access log, next to the same without.
    Limits,
    /// From the start of the program to its first answer.
    Start,
    /// The most memory that a program has held during the others.
    #[value(skip)]
    Memory,
}

/// How to measure.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Measure only these parts.
    #[arg(long, value_name = "PART", value_enum, value_delimiter = ',')]
    only: Vec<Part>,
    /// How many students there are, each with 5 enrolments and 60 items; several numbers show what growth costs.
    /// Default: 20000, or 2000 with --quick.
    #[arg(long, value_name = "COUNT", value_delimiter = ',')]
    students: Vec<usize>,
    /// How many callers there are at a time.
    #[arg(long, value_name = "COUNT", value_delimiter = ',', default_values_t = [1, 16, 64])]
    connections: Vec<usize>,
    /// How many facts there are in a call of a bulk mutation.
    #[arg(long, value_name = "COUNT", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub bulk: u32,
    /// How often everything is measured; the medians count. Default: 5, or 2 with --quick.
    #[arg(long, value_name = "COUNT")]
    rounds: Option<usize>,
    /// For how many seconds each load lasts. Default: 2, or 0.5 with --quick.
    #[arg(long, value_name = "SECONDS")]
    seconds: Option<f64>,
    /// Finish within two minutes, with figures that are rough.
    #[arg(long)]
    quick: bool,
    /// The databases, sqlite:FILE or postgres://USER@HOST/NAME. A database of its own is made beside each for every
    /// number of students, FILE_20000 say, and used again if it is there. Default: a temporary file, which TMPDIR should put on a disk, and a private
    /// PostgreSQL server, which both are removed at the end.
    #[arg(long = "database", value_name = "URL")]
    pub databases: Vec<String>,
    /// The folder of tally-api and tally-worker. Default: that of this program.
    #[arg(long, value_name = "FOLDER")]
    pub programs: Option<PathBuf>,
    /// Where the results and the plots are written.
    #[arg(long, value_name = "FOLDER", default_value = "target/bench")]
    pub out: PathBuf,
}

impl Options {
    /// Whether a part is to be measured.
    pub fn wants(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }

    /// The numbers of students, in order.
    pub fn sizes(&self) -> Vec<usize> {
        let mut sizes = self.students.clone();
        sizes.sort_unstable();
        sizes.dedup();
        if sizes.is_empty() {
            sizes.push(if self.quick { 2_000 } else { 20_000 });
        }
        sizes
    }

    /// The numbers of callers.
    pub fn connections(&self) -> &[usize] {
        &self.connections
    }

    /// How often everything is measured.
    pub fn rounds(&self) -> usize {
        self.rounds.unwrap_or(if self.quick { 2 } else { 5 })
    }

    /// How long each load lasts.
    pub fn lasting(&self) -> Duration {
        Duration::from_secs_f64(
            self.seconds.unwrap_or(if self.quick { 0.5 } else { 2.0 }).clamp(0.01, 3600.0),
        )
    }
}
