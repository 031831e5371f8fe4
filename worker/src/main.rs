//! `tally-worker`: runs recalculation jobs.

use std::error::Error;
use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use entity::clock::SystemClock;
use entity::database::Database;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use worker::backfill::command::{self, Ended};
use worker::backfill::request;
use worker::config::{BackfillArgs, Cli, Command, LogFormat};
use worker::telemetry::{Exporting, Telemetry};
use worker::{Metrics, Ops, Settings, Worker, audit, signals, status};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

const WATCH_EVERY: Duration = Duration::from_secs(1);
/// Moves the cursor to the top left and clears the screen.
const CLEAR: &str = "\x1b[H\x1b[2J";

#[tokio::main]
async fn main() -> ExitCode {
    match run(Cli::parse()).await {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "tally-worker: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> Outcome<ExitCode> {
    let _exporting = start_telemetry(&cli)?;
    let db = open(&cli).await?;
    let ended = command(cli, &db).await;
    db.close().await;
    ended
}

async fn command(cli: Cli, db: &Database) -> Outcome<ExitCode> {
    match &cli.command {
        Some(Command::Status { watch }) => show_status(db, *watch).await?,
        Some(Command::Verify) => {
            let right = audit::verify_all(db, cli.database_connections, say).await?;
            return Ok(if right { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        Some(Command::Backfill(args)) => return backfill(&cli, args, db).await,
        None => work(cli, db.clone()).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn backfill(cli: &Cli, args: &BackfillArgs, db: &Database) -> Outcome<ExitCode> {
    let request = request::read(db, args).await?;
    let settings = cli.run.settings(Settings::for_backend(db.backend()));
    let report = command::run(db, Arc::new(SystemClock), settings, &request).await?;
    say(&report.text)?;
    Ok(match report.ended {
        Ended::Done => ExitCode::SUCCESS,
        Ended::SomeFailed => ExitCode::FAILURE,
        Ended::Interrupted => ExitCode::from(signals::INTERRUPTED),
    })
}

async fn open(cli: &Cli) -> Outcome<Database> {
    let db = Database::connect(&cli.database_url, cli.database_connections)
        .await
        .map_err(|error| format!("--database-url (DATABASE_URL): {error}"))?;
    let pending = migration::pending(db.reader()).await?;
    if pending.is_empty() {
        return Ok(db);
    }
    Err("the database is not up to date: start tally-api on it first, or run \"tally-api migrate\"".into())
}

async fn work(cli: Cli, db: Database) -> Outcome {
    let settings = cli.run.settings(Settings::for_backend(db.backend()));
    let metrics = Metrics::new();
    let worker = Worker::new(db.clone(), Arc::new(SystemClock), settings, metrics.clone());
    let stop = signals::stop()?;
    if let Some(listen) = cli.run.listen {
        let listener = TcpListener::bind(listen)
            .await
            .map_err(|error| format!("--listen (TALLY_WORKER_LISTEN) {listen}: {error}"))?;
        let ops = Ops {
            db: db.clone(),
            pending: |db| Box::pin(migration::pending(db)),
            metrics,
            worker: Some((worker.name().to_owned(), settings.lease)),
        };
        tokio::spawn(serve(listener, ops, stop.clone()));
    }
    say(&format!(
        "Worker {} is running jobs. Ctrl-C lets them finish, a second one ends at once.\n",
        worker.name()
    ))?;
    let announced = tokio::spawn(entity::feed::announce(db, stop.clone()));
    let ended = worker.run(stop).await;
    announced.abort();
    ended.map_err(Into::into)
}

async fn serve(listener: TcpListener, ops: Ops, stop: CancellationToken) {
    let served = axum::serve(listener, ops.router())
        .with_graceful_shutdown(async move { stop.cancelled().await })
        .await;
    if let Err(error) = served {
        tracing::error!(%error, "health and metrics are no longer served");
    }
}

async fn show_status(db: &Database, watch: bool) -> Outcome {
    if !watch {
        return say(&status::report(db).await?);
    }
    let stop = signals::stop()?;
    let mut ticks = tokio::time::interval(WATCH_EVERY);
    loop {
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            _ = ticks.tick() => {}
        }
        let clear = if std::io::stdout().is_terminal() { CLEAR } else { "" };
        say(&format!("{clear}{}\n", status::report(db).await?))?;
    }
}

fn start_telemetry(cli: &Cli) -> Outcome<Exporting> {
    let telemetry = Telemetry {
        service: "tally-worker",
        log: &cli.log,
        json: cli.log_format == LogFormat::Json,
        otlp_endpoint: cli.otlp_endpoint.as_deref(),
    };
    Ok(telemetry.start()?)
}

/// Writes to standard output. That nobody reads it any more is no error.
fn say(text: &str) -> Outcome {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
