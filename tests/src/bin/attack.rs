//! Tries the attacks on a `tally-api`, and prints what came of them as a table.

use std::error::Error;
use std::io::Write as _;
use std::path::PathBuf;

use clap::Parser;
use tests::attacks::{self, Target};

/// Starts a tally-api over an empty database, attacks it, and prints how each attack was answered and how much memory the
/// server held afterwards.
#[derive(Debug, Parser)]
struct Cli {
    /// The database, which must be empty. Default: a temporary file of SQLite.
    #[arg(long)]
    database_url: Option<String>,
    /// The tally-api binary.
    #[arg(long)]
    api: PathBuf,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let cli = Cli::parse();
    let folder = tempfile::tempdir()?;
    let own = format!("sqlite:{}", folder.path().join("tally.db").display());
    let target = Target::start(&cli.api, cli.database_url.as_deref().unwrap_or(&own), folder.path()).await;
    say("| attack | answer | memory after |")?;
    say("|---|---|---|")?;
    say(&format!("| (none yet) | | {} MB |", target.server.memory() / 1_000_000))?;
    for outcome in attacks::all(&target).await {
        let unexpected = if outcome.answer == outcome.expected { "" } else { " (UNEXPECTED)" };
        let memory = outcome.memory / 1_000_000;
        say(&format!("| {} | {}{unexpected} | {memory} MB |", outcome.attack, outcome.answer))?;
    }
    Ok(())
}

fn say(line: &str) -> std::io::Result<()> {
    writeln!(std::io::stdout().lock(), "{line}")
}
