//! Measures followed profiles on both databases: memory, idle cost, and how soon a change arrives. Prints a table.

use std::error::Error;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use entity::database::Database;
use tests::live_bench::live::Followers;
use tests::live_bench::server::Server;
use tests::live_bench::{reads, rows};

/// Measures followed profiles on the given databases, which must be new and empty, with one tally-api and its worker inside:
/// the memory of each socket with one subscription, what all of them cost while nothing happens, and the time from a fact
/// that is sent to the profile that arrives; and how many profiles are read a second.
#[derive(Debug, Parser)]
struct Cli {
    /// The databases.
    #[arg(required = true)]
    databases: Vec<String>,
    /// The tally-api binary.
    #[arg(long)]
    api: PathBuf,
    /// How many sockets are opened, each with one subscription of a student of its own.
    #[arg(long, default_value_t = 10_000)]
    sockets: usize,
    /// How many facts are written for each rate.
    #[arg(long, default_value_t = 1_000)]
    facts: usize,
    /// For how many seconds nothing happens, and profiles are read.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
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
    let db = Database::connect(url, 4).await?;
    migration::migrate(db.writer()).await?;
    let school = rows::fill(&db, cli.sockets.max(cli.facts)).await;
    let folder = tempfile::tempdir()?;
    let server = Server::start(&cli.api, url, folder.path(), &[]).await;
    // The worker of the server finds the stale students by itself.
    rows::settled(&db).await;

    let caching = Server::start(&cli.api, url, folder.path(), &["--no-worker", "--cache"]).await;
    for (what, server, query) in [
        ("one profile", &server, reads::PROFILE),
        ("one profile, from the cache", &caching, reads::PROFILE),
        ("nothing from the database", &server, reads::NOTHING),
    ] {
        let per_second = reads::measure(server, &school, query, cli.seconds).await;
        say(&format!("| {name} | reads of {what} | {per_second}/s |"))?;
    }
    drop(caching);

    let before = server.memory();
    let mut followers = Followers::open(&server, &school, cli.sockets).await;
    let each = server.memory().saturating_sub(before) / u64::try_from(cli.sockets)?;
    say(&format!("| {name} | memory of each of {} sockets | {} KiB |", cli.sockets, each / 1024))?;

    let before = server.processor();
    tokio::time::sleep(Duration::from_secs(cli.seconds)).await;
    let busy = server.processor().saturating_sub(before).as_secs_f64()
        / Duration::from_secs(cli.seconds).as_secs_f64();
    say(&format!("| {name} | a core's time while nothing happens | {:.1} % |", busy * 100.0))?;

    for per_second in [20, 200] {
        let took = followers.measure(&server, &school, cli.facts.min(cli.sockets), per_second).await;
        let at = |share: usize| took[(took.len() * share / 100).min(took.len() - 1)].as_secs_f64() * 1000.0;
        say(&format!(
            "| {name} | fact sent to profile arrived, {per_second}/s | p50 {:.1} ms, p99 {:.1} ms |",
            at(50),
            at(99)
        ))?;
    }
    Ok(())
}

fn say(line: &str) -> std::io::Result<()> {
    writeln!(std::io::stdout().lock(), "{line}")
}
