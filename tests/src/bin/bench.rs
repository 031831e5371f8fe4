//! `bench`: measures Tally on both databases, and prints a table.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tests::bench::options::Options;
use tests::bench::{Outcome, bare, run};

/// Measures Tally on SQLite and on PostgreSQL: reads, writes, freshness, drains, bulk mutations, starts and memory, next
/// to what the same work would cost at least. Prints a table, and writes bench.json and plots beside it.
#[derive(Debug, Parser)]
#[command(name = "bench", args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the bytes of a file, whatever is asked.
    #[command(hide = true)]
    BareServer {
        /// Where to listen.
        #[arg(long)]
        listen: SocketAddr,
        /// The file.
        #[arg(long)]
        answer: PathBuf,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let ended = match cli.command {
        Some(Command::BareServer { listen, answer }) => bare::serve(listen, &answer).await,
        None => measure(&cli.options).await,
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "bench: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn measure(options: &Options) -> Outcome {
    let progress = |step: &str| {
        // Nobody need be watching.
        let _ = writeln!(std::io::stderr(), "{step}");
    };
    let report = run::run(options, progress).await?;
    write!(std::io::stdout(), "{report}")?;
    writeln!(std::io::stdout(), "\nWritten to {}: bench.json and the plots.", options.out.display())?;
    Ok(())
}
