//! The results: a table for the terminal, and JSON.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;

use serde::Serialize;

use super::Outcome;
use super::aims::{Aim, aims};
use super::arena::{Arena, Kind};
use super::options::Options;
use super::process::Programs;
use super::results::{Figure, Growth, Results, Subject, Unit};

/// Everything that a run has to say.
#[derive(Debug, Serialize)]
pub struct Report {
    /// On what it ran.
    pub machine: Machine,
    /// How it measured.
    pub settings: Settings,
    /// The databases, and the settings on which their durability depends.
    pub databases: Vec<DatabaseFacts>,
    /// The sizes of the programs in bytes.
    pub programs: BTreeMap<&'static str, u64>,
    /// The medians.
    pub figures: Vec<Figure>,
    /// What the same work costs in larger schools.
    pub growth: Vec<Growth>,
    /// What the figures are meant to be.
    pub aims: Vec<Aim>,
}

/// On what a run ran.
#[derive(Debug, Serialize)]
pub struct Machine {
    /// How many cores client and servers share.
    pub cores: usize,
    /// What the processor calls itself.
    pub processor: String,
}

/// How a run measured.
#[derive(Debug, Serialize)]
pub struct Settings {
    /// How often.
    pub rounds: usize,
    /// How long each load lasted.
    pub seconds: f64,
    /// Whether the programs were built without optimization, so that the figures mean nothing.
    pub debug_build: bool,
}

/// A database.
#[derive(Debug, Serialize)]
pub struct DatabaseFacts {
    /// Which.
    pub database: Kind,
    /// Its version and its settings.
    pub settings: Vec<(String, String)>,
    /// Whether what is acknowledged survives a power cut.
    pub durable: bool,
}

impl Report {
    /// The report of a run.
    ///
    /// # Errors
    /// When a database or a program cannot be asked.
    pub async fn new(
        options: &Options,
        programs: &Programs,
        arenas: &[Arena],
        results: &Results,
    ) -> Outcome<Self> {
        let mut databases: Vec<DatabaseFacts> = Vec::new();
        for arena in arenas {
            if !databases.iter().any(|known| known.database == arena.kind) {
                databases.push(DatabaseFacts {
                    database: arena.kind,
                    settings: arena.durability().await?,
                    durable: arena.is_durable().await?,
                });
            }
        }
        let mut sizes = BTreeMap::new();
        for program in ["tally-api", "tally-worker"] {
            sizes.insert(program, fs::metadata(programs.path(program))?.len());
        }
        Ok(Self {
            machine: Machine::this(),
            settings: Settings {
                rounds: options.rounds(),
                seconds: options.lasting().as_secs_f64(),
                debug_build: cfg!(debug_assertions),
            },
            databases,
            programs: sizes,
            figures: results.figures(),
            growth: results.growth(),
            aims: aims(results),
        })
    }
}

impl Machine {
    fn this() -> Self {
        let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let name = processors.lines().find_map(|line| line.strip_prefix("model name"));
        Self {
            cores: std::thread::available_parallelism().map_or(1, Into::into),
            processor: name.unwrap_or(": unknown").trim_start_matches(['\t', ' ', ':']).to_owned(),
        }
    }
}

/// What was measured, in words: `dashboards read, SQLite, 20000 students, 64 at a time`.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}, {} students", self.what, self.database, self.students)?;
        match (self.load, self.unit) {
            (0, _) => Ok(()),
            (load, Unit::PerSecond) => write!(f, ", {load} at a time"),
            (load, _) => write!(f, ", {load} facts/s"),
        }
    }
}

/// The table.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Machine { cores, processor } = &self.machine;
        writeln!(f, "{cores} cores ({processor}), which client, servers and databases share.")?;
        for database in &self.databases {
            let settings: Vec<String> =
                database.settings.iter().map(|(name, value)| format!("{name} {value}")).collect();
            let durable = if database.durable { "durable" } else { "NOT DURABLE: writes mean nothing" };
            writeln!(f, "{}: {durable} ({})", database.database, settings.join(", "))?;
        }
        for (program, bytes) in &self.programs {
            writeln!(f, "{program}: {}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10)?;
        }
        let Settings { rounds, seconds, debug_build } = self.settings;
        writeln!(f, "Medians of {rounds} rounds, {seconds} s for each load.")?;
        if debug_build {
            writeln!(f, "BUILT WITHOUT OPTIMIZATION: the figures mean nothing.")?;
        }
        writeln!(f, "\n| what | Tally | compared with | ratio |\n|---|--:|--:|--:|")?;
        for Figure { subject, tally, bare, ratio } in &self.figures {
            let (tally, bare) = (rounded(*tally, subject.unit), bare.map(|bare| rounded(bare, subject.unit)));
            let ratio = ratio.map(|ratio| format!("{ratio:.2}"));
            let (bare, ratio) = (bare.unwrap_or_default(), ratio.unwrap_or_default());
            writeln!(f, "| {subject} | {tally} | {bare} | {ratio} |")?;
        }
        if !self.growth.is_empty() {
            writeln!(f, "\n| what | cost, as a multiple of that in the smallest school |\n|---|--:|")?;
        }
        for Growth { subject, from_students, cost } in &self.growth {
            writeln!(f, "| {subject} (from {from_students}) | {cost:.2} |")?;
        }
        writeln!(f, "\n| aim | of | wanted | measured | |\n|---|---|--:|--:|---|")?;
        for Aim { about, of, wanted, measured, reached } in &self.aims {
            let reached = if *reached { "reached" } else { "NOT REACHED" };
            writeln!(f, "| {about} | {of} | {wanted} | {measured:.2} | {reached} |")?;
        }
        Ok(())
    }
}

fn rounded(figure: f64, unit: Unit) -> String {
    match unit {
        Unit::PerSecond => format!("{figure:.0}/s"),
        Unit::Milliseconds => format!("{figure:.2} ms"),
        Unit::Megabytes => format!("{figure:.1} MB"),
    }
}
