//! The command line and the environment of `tally-worker`: the only place that reads either.

#![expect(clippy::doc_markdown, reason = "these comments are the help texts, which are read in a terminal")]

use std::net::SocketAddr;

use chrono::TimeDelta;
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
    /// Check the stored numbers of all students against the facts, and say which differ and how.
    ///
    /// Reads only, and may be run while everything else runs: students whose facts have just changed are left out. The
    /// exit code is 0 when nothing differs, and 1 when something does.
    Verify,
    /// Recalculate the aggregates of all students, or of some, and show how far it is.
    ///
    /// Without any of --student-id, --course and --stale, it is about all students. It works on the run itself, beside
    /// the other workers; when it is killed, any worker goes on with the run. The exit code is 1 when a student failed.
    /// Ctrl-C cancels the run; a second one within two seconds leaves it to the other workers.
    Backfill(BackfillArgs),
}

/// What is to be recalculated.
#[derive(Args, Debug)]
pub struct BackfillArgs {
    /// Only say how many students would change, and write nothing to them.
    #[arg(long)]
    pub dry_run: bool,
    /// Only this student: an id such as student:0193..., or a sourcedId. May be given again.
    #[arg(long, value_name = "ID", group = "students")]
    pub student_id: Vec<String>,
    /// Only students with an enrolment in this course: an id such as course:0193..., or a sourcedId.
    #[arg(long, value_name = "ID", group = "students")]
    pub course: Option<String>,
    /// Only students whose facts are newer than their aggregates.
    #[arg(long, group = "students")]
    pub stale: bool,
    /// The priority of the jobs, 0 to 100: smaller is sooner, and that of a live change is 0.
    #[arg(long, default_value_t = entity::job::BACKFILL_PRIORITY, value_parser = clap::value_parser!(i16).range(0..=100))]
    pub priority: i16,
    /// How many students a second at most. Default: as many as the workers can do.
    #[arg(long, value_name = "PER_SECOND", value_parser = clap::value_parser!(i32).range(1..=100_000))]
    pub rate: Option<i32>,
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
    /// How many students are checked against the facts every ten seconds, by all workers together; 0 for none.
    #[arg(long, env = "TALLY_WORKER_AUDIT", value_parser = clap::value_parser!(u16).range(0..=1000))]
    pub audit: Option<u16>,
    /// For how many days every change of a student's numbers is kept. Default: 90.
    #[arg(long, env = "TALLY_HISTORY_EVENTS", value_parser = clap::value_parser!(u16).range(2..=10_000))]
    pub history_events: Option<u16>,
    /// For how many days the last change of each day is kept; after that the last of each week and month, for ever.
    /// Default: 400.
    #[arg(long, env = "TALLY_HISTORY_DAYS", value_parser = clap::value_parser!(u16).range(32..=10_000))]
    pub history_days: Option<u16>,
    /// For how many days it is kept who read or changed which student's record. Default: 400.
    #[arg(long, env = "TALLY_ACCESS_LOG_DAYS", value_parser = clap::value_parser!(u32).range(0..=36_500))]
    pub access_log_days: Option<u32>,
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
            audit: crate::audit::Pace {
                students: self.audit.unwrap_or(defaults.audit.students),
                ..defaults.audit
            },
            shutdown_deadline: seconds(self.shutdown, defaults.shutdown_deadline),
            history: crate::history::Retention {
                events: self.history_events.unwrap_or(defaults.history.events),
                days: self.history_days.unwrap_or(defaults.history.days),
            },
            accesses: self.access_log_days.map_or(defaults.accesses, |days| TimeDelta::days(days.into())),
            ..defaults
        }
    }
}
