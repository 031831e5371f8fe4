//! The command line and the environment of `tally-worker`: the only place that reads either.

#![expect(clippy::doc_markdown, reason = "these comments are the help texts, which are read in a terminal")]

use std::net::SocketAddr;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Runs Tally's recalculation jobs, beside any number of other workers on the same database.
///
/// The database must have been brought up to date by tally-api, or by "tally-api migrate".
#[derive(Debug, Parser)]
#[command(name = "tally-worker", version)]
pub struct Cli {
    /// What to do instead of running jobs.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The database: sqlite:PATH, or postgres://USER:PASSWORD@HOST/NAME.
    #[arg(
        long,
        env = "DATABASE_URL",
        default_value = "sqlite:.tally/tally.db",
        hide_env_values = true,
        global = true
    )]
    pub database_url: String,
    /// The most connections that are opened to the database; on SQLite, beside the one that writes.
    #[arg(long, env = "TALLY_DATABASE_CONNECTIONS", default_value_t = 8, value_parser = clap::value_parser!(u32).range(2..=1000), global = true)]
    pub database_connections: u32,
    /// How to run jobs.
    #[command(flatten)]
    pub run: RunArgs,
    /// What to log, as a filter such as info or worker=debug,info.
    #[arg(
        long,
        env = "TALLY_LOG",
        default_value = "info,sqlx=warn,apalis=warn,apalis_core=warn",
        global = true
    )]
    pub log: String,
    /// How log lines are written to standard error.
    #[arg(long, env = "TALLY_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text, global = true)]
    pub log_format: LogFormat,
    /// Where a collector takes traces, by OTLP over HTTP: http://localhost:4318, say. Without it none are made.
    #[arg(long, value_name = "URL", env = "OTEL_EXPORTER_OTLP_ENDPOINT", global = true)]
    pub otlp_endpoint: Option<String>,
}

/// What to do instead of running jobs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show how the queue and its workers are doing.
    Status {
        /// Keep showing it, once a second, until interrupted.
        #[arg(long)]
        watch: bool,
    },
}

/// How to run jobs.
#[derive(Args, Debug)]
pub struct RunArgs {
    /// How many batches of jobs are worked on at once. Default: 4 on PostgreSQL, 1 on SQLite, which has one writer.
    #[arg(long, env = "TALLY_WORKER_CONCURRENCY", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub concurrency: Option<u16>,
    /// How many jobs make a batch at most.
    #[arg(long, env = "TALLY_WORKER_BATCH", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub batch: Option<u16>,
    /// For how many seconds a job stays with a worker that stopped reporting.
    #[arg(long, env = "TALLY_WORKER_LEASE", value_parser = clap::value_parser!(u16).range(3..=3600))]
    pub lease: Option<u16>,
    /// How many seconds the running jobs have to finish when the worker is asked to stop.
    #[arg(long, env = "TALLY_WORKER_SHUTDOWN", value_parser = clap::value_parser!(u16).range(0..=3600))]
    pub shutdown: Option<u16>,
    /// Serve /healthz, /readyz and /metrics on this address.
    #[arg(long, env = "TALLY_WORKER_LISTEN")]
    pub listen: Option<SocketAddr>,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl RunArgs {
    /// `defaults`, with what was set in their place.
    pub fn settings(&self, defaults: crate::Settings) -> crate::Settings {
        let seconds = |value: Option<u16>, default| {
            value.map_or(default, |seconds| std::time::Duration::from_secs(seconds.into()))
        };
        crate::Settings {
            concurrency: self.concurrency.map_or(defaults.concurrency, usize::from),
            batch: self.batch.map_or(defaults.batch, usize::from),
            lease: seconds(self.lease, defaults.lease),
            shutdown_deadline: seconds(self.shutdown, defaults.shutdown_deadline),
            ..defaults
        }
    }
}
