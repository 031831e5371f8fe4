//! `load-oulad`: loads the Open University Learning Analytics Dataset into a running server, or prints what must come of
//! it.

use std::error::Error;
use std::io::{ErrorKind, Write as _};
use std::num::NonZero;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::{Parser, ValueEnum};
use tests::oulad::expected::expected;
use tests::oulad::load::{Load, MAX_PAGE};
use tests::oulad::progress::Progress;

/// Loads the Open University Learning Analytics Dataset into a running Tally server, over GraphQL.
///
/// Loading a second time changes nothing; a load that was interrupted is finished by loading again.
#[derive(Debug, Parser)]
#[command(name = "load-oulad")]
struct Cli {
    /// The folder with the files (*.csv.gz).
    #[arg(long)]
    data: PathBuf,
    /// Where the server is.
    #[arg(long, default_value = "http://127.0.0.1:4000")]
    url: String,
    /// A token of the role SERVICE.
    #[arg(long, env = "TALLY_TOKEN", hide_env_values = true, required_unless_present = "expected")]
    token: Option<String>,
    /// How many calls run at the same time.
    #[arg(long, default_value = "4")]
    concurrency: NonZero<usize>,
    /// Load the facts of the first students alone.
    #[arg(long)]
    limit_students: Option<usize>,
    /// Load nothing, and print what an export must print after a load: that of the profiles without their update times,
    /// or that of the weeks.
    #[arg(long, value_enum, num_args = 0..=1, default_missing_value = "profiles")]
    expected: Option<Export>,
}

/// What `tally-api export` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Export {
    Profiles,
    Weeks,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Cli::parse()).await {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "load-oulad: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> Result<ExitCode, Box<dyn Error>> {
    let mut out = std::io::stdout();
    if let Some(export) = cli.expected {
        let expected = expected(&cli.data, cli.limit_students)?;
        let text = if export == Export::Profiles { expected.profiles } else { expected.weeks };
        return match out.write_all(text.as_bytes()) {
            // That nobody reads on is no error.
            Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
            _ => Ok(ExitCode::SUCCESS),
        };
    }
    let begin = Instant::now();
    let load = Load {
        data: cli.data,
        limit_students: cli.limit_students,
        url: cli.url,
        token: cli.token.unwrap_or_default(),
        concurrency: cli.concurrency,
        page: MAX_PAGE,
        progress: Progress::Shown,
    };
    let totals = load.run().await?;
    writeln!(
        out,
        "facts sent  {}\ncreated     {}\nupdated     {}\nunchanged   {}\nrefused     {}\nseconds     {:.1}",
        totals.sent,
        totals.created,
        totals.updated,
        totals.unchanged,
        totals.refused,
        begin.elapsed().as_secs_f64(),
    )?;
    Ok(if totals.refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
