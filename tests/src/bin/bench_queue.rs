//! Measures the queue on both databases: freshness, and drains. Prints a table.

use std::error::Error;
use std::io::Write as _;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use entity::clock::SystemClock;
use entity::database::Database;
use tests::bench::{drain, freshness, rows};
use tokio::process::{Child, Command};
use tokio_util::sync::CancellationToken;
use worker::{Metrics, Settings, Worker, wakeup};

/// Measures the queue on the given databases, which must be new and empty: freshness at 20 and at 200 facts a second,
/// with the worker in the same process and in another, and two drains of all students' jobs.
#[derive(Debug, Parser)]
struct Cli {
    /// The databases.
    #[arg(required = true)]
    databases: Vec<String>,
    /// How many students there are, each with 5 enrolments and 60 items.
    #[arg(long, default_value_t = 20_000)]
    students: usize,
    /// How many facts are written for each rate.
    #[arg(long, default_value_t = 400)]
    facts: usize,
    /// The tally-worker binary, for the worker in another process.
    #[arg(long)]
    worker: Option<String>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let cli = Cli::parse();
    say("| database | what | result |")?;
    say("|---|---|---|")?;
    for url in &cli.databases {
        measure(&cli, url).await?;
    }
    Ok(())
}

async fn measure(cli: &Cli, url: &str) -> Result<(), Box<dyn Error>> {
    let name = url.split(':').next().unwrap_or_default();
    let db = Database::connect(url, 16).await?;
    migration::migrate(db.writer()).await?;
    let school = rows::fill(&db, cli.students).await;

    for what in ["everything is new", "nothing has changed"] {
        let drained = drain::measure(&db, &school.students).await;
        let ratio = drained.statement.as_secs_f64() / drained.jobs.as_secs_f64();
        let per_second = f64::from(u32::try_from(cli.students)?) / drained.jobs.as_secs_f64();
        say(&format!(
            "| {name} | drain of {} jobs, {what} | {per_second:.0}/s, {ratio:.2} of one statement |",
            cli.students
        ))?;
    }

    for per_second in [20, 200] {
        let stop = CancellationToken::new();
        let settings = Settings::for_backend(db.backend());
        let worker = Worker::new(db.clone(), Arc::new(SystemClock), settings, Metrics::new());
        let running = tokio::spawn(worker.run(stop.clone()));
        report(cli, &db, &school, name, "one process", per_second).await?;
        stop.cancel();
        running.await??;
    }
    if let Some(program) = &cli.worker {
        let mut child = start(program, url)?;
        let stop = CancellationToken::new();
        let announced = tokio::spawn(wakeup::announce(db.clone(), stop.clone()));
        for per_second in [20, 200] {
            report(cli, &db, &school, name, "two processes", per_second).await?;
        }
        stop.cancel();
        announced.await?;
        child.kill().await?;
    }
    Ok(())
}

fn start(program: &str, url: &str) -> std::io::Result<Child> {
    Command::new(program).args(["--database-url", url]).stdout(Stdio::null()).kill_on_drop(true).spawn()
}

async fn report(
    cli: &Cli,
    db: &Database,
    school: &rows::School,
    name: &str,
    processes: &str,
    per_second: u32,
) -> Result<(), Box<dyn Error>> {
    // Connections, prepared statements and the listener are there before the clock runs.
    freshness::measure(db, school, 50, 50).await;
    let measured = freshness::measure(db, school, cli.facts, per_second).await;
    let millis = |share| duration(measured.quantile(share));
    say(&format!(
        "| {name} | freshness, {processes}, {per_second} facts/s | p50 {} p99 {} max {} |",
        millis(0.5),
        millis(0.99),
        millis(1.0),
    ))
}

fn duration(duration: Duration) -> String {
    format!("{:.2} ms", duration.as_secs_f64() * 1000.0)
}

fn say(line: &str) -> Result<(), Box<dyn Error>> {
    writeln!(std::io::stdout(), "{line}")?;
    Ok(())
}
