//! Fuzzes a `tally-api`, and prints what came of it.

use std::error::Error;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use tests::fuzz::{self, Fuzzed, Plan};
use tokio::time::Instant;

/// Starts a tally-api over an empty database and sends it requests that are made up at random. Fails when one of them is
/// answered with an error of the server's own, or with none, or when the server's log tells of a panic.
#[derive(Debug, Parser)]
#[command(name = "fuzz-http")]
struct Cli {
    /// The tally-api binary.
    #[arg(long)]
    api: PathBuf,
    /// The database, which must be empty. Default: a temporary file of SQLite.
    #[arg(long)]
    database_url: Option<String>,
    /// What all requests follow from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The number of the first request: with --requests 1, one is tried again.
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// How many requests there are.
    #[arg(long, default_value_t = 200_000)]
    requests: u64,
    /// How many are under way at a time.
    #[arg(long, default_value_t = 16)]
    at_a_time: usize,
}

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let cli = Cli::parse();
    let folder = tempfile::tempdir()?;
    let own = format!("sqlite:{}", folder.path().join("tally.db").display());
    let database_url = cli.database_url.as_deref().unwrap_or(&own);
    let fuzzed = Fuzzed::start(&cli.api, database_url, folder.path()).await;
    let plan = Plan { seed: cli.seed, first: cli.first, requests: cli.requests, at_a_time: cli.at_a_time };
    let before = fuzzed.server.memory();
    let began = Instant::now();
    let report = fuzz::run(fuzzed.field().await, plan).await;
    let took = began.elapsed();
    let mut out = std::io::stdout().lock();
    for (answer, count) in &report.answers {
        writeln!(out, "{count:>8} {answer}")?;
    }
    for (number, fault) in &report.faults {
        writeln!(out, "FAULT of request {number}: {fault}\n")?;
    }
    let panics = fuzzed.panics();
    writeln!(
        out,
        "{} requests in {:.0} s, {} faults, {} lines of panics; memory {} MB before and {} MB after",
        cli.requests,
        took.as_secs_f64(),
        report.faults.len(),
        panics.len(),
        before / 1_000_000,
        fuzzed.server.memory() / 1_000_000
    )?;
    for line in &panics {
        writeln!(out, "{line}")?;
    }
    Ok(if report.faults.is_empty() && panics.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
