//! One run: every part, on every database, again and again.

use std::fs;

use super::arena::Arenas;
use super::options::{Options, Part};
use super::process::Programs;
use super::report::Report;
use super::results::Results;
use super::round::Round;
use super::{Outcome, bulk, drain, freshness, limits, plots, reads, start, writes};

/// In the order in which they are measured: what fills the tables comes late.
const PARTS: [Part; 7] =
    [Part::Start, Part::Reads, Part::Drain, Part::Freshness, Part::Writes, Part::Limits, Part::Bulk];

/// Measures all that `options` ask for, tells `say` how far it has come, and writes the results and the plots.
///
/// The rounds go over all databases and all sizes in turn, so that a machine that is slow for a while is slow for all of
/// them, and what is compared is compared within one round.
///
/// # Errors
/// When a program is not there, a database is not empty, or whatever is measured fails.
pub async fn run(options: &Options, say: impl Fn(&str)) -> Outcome<Report> {
    let programs = Programs::find(options.programs.as_deref())?;
    let arenas = Arenas::open(options, &say).await?;
    let mut results = Results::default();
    for number in 0..options.rounds() {
        for arena in &arenas.all {
            let (round, rounds) = (number + 1, options.rounds());
            for part in PARTS.into_iter().filter(|part| options.wants(*part)) {
                say(&format!(
                    "round {round} of {rounds}: {}, {} students, {part:?}",
                    arena.kind,
                    arena.students.len()
                ));
                let results = &mut results;
                measure(part, &mut Round { number, arena, programs: &programs, options, results }).await?;
            }
        }
    }
    let report = Report::new(options, &programs, &arenas.all, &results).await?;
    fs::create_dir_all(&options.out)?;
    fs::write(options.out.join("bench.json"), serde_json::to_string_pretty(&report)?)?;
    plots::draw(&report.figures, &options.out)?;
    Ok(report)
}

async fn measure(part: Part, round: &mut Round<'_>) -> Outcome {
    match part {
        Part::Reads => reads::measure(round).await,
        Part::Writes => writes::measure(round).await,
        Part::Freshness => freshness::measure(round).await,
        Part::Drain => drain::measure(round).await,
        Part::Bulk => bulk::measure(round).await,
        Part::Limits => limits::measure(round).await,
        Part::Start => start::measure(round).await,
        // What the others note on the way.
        Part::Memory => Ok(()),
    }
}
