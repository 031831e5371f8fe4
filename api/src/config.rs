//! The settings, from the command line and the environment: nothing else reads the environment.

#![expect(clippy::doc_markdown, reason = "these comments are the help texts, which are read in a terminal")]

mod limits;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{BoolishValueParser, Resettable};
use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};

use entity::calendar::TimeZone;

pub use limits::{BrowserArgs, Introspection, LimitArgs, PerSecond, PerSecondError};

use crate::auth::{JwksSource, Role, TokenRules};
use crate::session::PublicUrl;

/// Tally keeps each student's totals and averages right and fresh, so that a parent dashboard can show them at once.
///
/// Without a command it serves the GraphQL API. Without any setting it keeps its data on SQLite in the folder .tally of
/// the current folder, and runs the worker, which computes the numbers, in the same process. To try it out, run
/// "tally-api --demo" and follow what it prints.
#[derive(Debug, Parser)]
#[command(name = "tally-api", version, after_help = AFTER_HELP)]
pub struct Cli {
    /// What to do instead of serving.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Which database.
    #[command(flatten, next_help_heading = "Database")]
    pub database: DatabaseArgs,
    /// What holds for the whole school.
    #[command(flatten, next_help_heading = "School")]
    pub school: SchoolArgs,
    /// How to serve.
    #[command(flatten, next_help_heading = "Serving")]
    pub serve: ServeArgs,
    /// What requests may cost.
    #[command(flatten, next_help_heading = "Limits")]
    pub limits: LimitArgs,
    /// What browsers are told.
    #[command(flatten, next_help_heading = "Browsers")]
    pub browsers: BrowserArgs,
    /// Whose tokens are trusted.
    #[command(flatten, next_help_heading = "Tokens")]
    pub auth: AuthArgs,
    /// What is logged and traced.
    #[command(flatten, next_help_heading = "Log")]
    pub log: LogArgs,
}

const AFTER_HELP: &str = "A setting is taken from its option, or else from its environment variable, where an empty one \
     counts as not set. What goes wrong is said on standard error, with the name of the setting at fault.";

impl Cli {
    /// Reads the command line and the environment. Ends the process with a message when they cannot be understood.
    pub fn read() -> Self {
        let matches = Self::ignoring_empty_variables().get_matches();
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }

    /// Container and service managers pass on a variable that nobody has set as an empty one.
    fn ignoring_empty_variables() -> clap::Command {
        Self::command().mut_args(|arg| {
            let value = arg.get_env().and_then(std::env::var_os);
            if value.is_some_and(|value| value.is_empty()) { arg.env(Resettable::Reset) } else { arg }
        })
    }
}

/// What to do instead of serving.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print a token for trying things out, signed with the secret that a server started in this folder uses.
    Token(TokenArgs),
    /// Write data out as CSV.
    Export {
        /// What to write.
        #[command(subcommand)]
        what: Export,
    },
    /// Bring the tables of the database up to date, and end.
    ///
    /// Serving does the same when it starts. Safe when several processes do it at once.
    Migrate,
    /// Copy an SQLite database into a new file while everything runs, and check the copy.
    ///
    /// The copy is the state of one moment, however much is written meanwhile. PostgreSQL is backed up with pg_dump.
    Backup {
        /// The file to make. It must not exist; its folder must, with room for the whole database.
        file: PathBuf,
    },
    /// Decide again, after a backup was restored, what was revoked since the backup.
    ///
    /// Stop all processes first. It says what it would do; with --apply it does it: all sessions end, and the guardianships,
    /// tokens and students are revoked, ended and erased again that the revocation journal names and the database lacks.
    AfterRestore(AfterRestoreArgs),
    /// Print the GraphQL schema, and end.
    Schema,
}

/// Options of the command that follows a restore.
#[derive(Args, Debug)]
pub struct AfterRestoreArgs {
    /// Do it, instead of only saying what would be done.
    #[arg(long)]
    pub apply: bool,
    /// Refuse every bearer token that was issued before now, besides those that were revoked. Everybody needs a new one.
    #[arg(long)]
    pub refuse_earlier_tokens: bool,
}

/// What can be written out.
#[derive(Debug, Subcommand)]
pub enum Export {
    /// Write the totals and averages of all students to standard output.
    ///
    /// One line for each student: sourced_id, and the six fields of the profile as they are stored.
    Profiles {
        /// Leave out last_performance_update, which differs between databases that hold the same facts.
        #[arg(long)]
        without_update_time: bool,
    },
    /// Write what counts week by week to standard output.
    ///
    /// One line for each week of a student's course in which anything counts.
    Weeks,
}

/// Which database.
#[derive(Args, Clone, Debug)]
pub struct DatabaseArgs {
    /// The database: sqlite:FILE, which is created if need be, or postgres://USER:PASSWORD@HOST/NAME.
    #[arg(
        long,
        value_name = "URL",
        env = "DATABASE_URL",
        default_value = "sqlite:.tally/tally.db",
        hide_env_values = true,
        global = true
    )]
    pub database_url: String,
    /// The most connections that are opened to the database; on SQLite, beside the one that writes.
    #[arg(long, value_name = "COUNT", env = "TALLY_DATABASE_CONNECTIONS", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=1000), global = true)]
    pub database_connections: u32,
    /// The file to which revocations are written beside the database, for "tally-api after-restore". Best on another disk.
    /// Without this it is the SQLite file's name followed by -revocations.jsonl; on PostgreSQL there is none.
    #[arg(long, value_name = "FILE", env = "TALLY_REVOCATION_JOURNAL", global = true)]
    pub revocation_journal: Option<PathBuf>,
}

impl DatabaseArgs {
    /// The file of an SQLite database.
    pub fn sqlite_file(&self) -> Option<PathBuf> {
        let path = self.database_url.strip_prefix("sqlite:")?.trim_start_matches("//");
        Some(path.split('?').next().unwrap_or_default().into())
    }

    /// Path of the revocation journal; `None` without a journal.
    pub fn journal_file(&self) -> Option<PathBuf> {
        self.revocation_journal.clone().or_else(|| {
            let mut path = self.sqlite_file()?.into_os_string();
            path.push("-revocations.jsonl");
            Some(path.into())
        })
    }
}

/// What holds for the whole school.
#[derive(Args, Clone, Debug)]
pub struct SchoolArgs {
    /// The time zone in which days and weeks begin, by its IANA name, as in Europe/Lisbon. It is kept in the database, for
    /// all processes; a change of it has the weeks of all students computed anew. UTC until it is set.
    #[arg(long, value_name = "NAME", env = "TALLY_TIME_ZONE", global = true)]
    pub time_zone: Option<TimeZone>,
}

/// How to serve.
#[derive(Args, Clone, Debug)]
pub struct ServeArgs {
    /// The address to listen on. One that other machines can reach needs --jwt-secret-file or --jwks.
    #[arg(long, value_name = "ADDRESS:PORT", env = "TALLY_LISTEN", default_value = "127.0.0.1:4000", value_parser = listen_address)]
    pub listen: SocketAddr,
    /// The https URL, without a path, by which browsers reach the server when a proxy stands before it. Pages of
    /// this origin alone may use a browser's session, and its cookie is sent over https alone. Without this, a server
    /// that only this machine can reach prints links that sign in once, each within the hour; with it, it does not.
    #[arg(long, value_name = "URL", env = "TALLY_PUBLIC_URL")]
    pub public_url: Option<PublicUrl>,
    /// Leave the worker out of this process: tally-worker, started beside it, computes the numbers.
    #[arg(long, env = "TALLY_NO_WORKER", value_parser = BoolishValueParser::new())]
    pub no_worker: bool,
    /// For how many seconds a job stays with a worker that stopped reporting.
    #[arg(long, env = "TALLY_WORKER_LEASE", default_value_t = 30, value_parser = clap::value_parser!(u64).range(3..=3600))]
    pub worker_lease: u64,
    /// For how many days every change of a student's numbers is kept.
    #[arg(long, value_name = "COUNT", env = "TALLY_HISTORY_EVENTS", default_value_t = 90, value_parser = clap::value_parser!(u16).range(2..=10_000))]
    pub history_events: u16,
    /// For how many days the last change of each day is kept; after that the last of each week and month, for ever.
    #[arg(long, value_name = "COUNT", env = "TALLY_HISTORY_DAYS", default_value_t = 400, value_parser = clap::value_parser!(u16).range(32..=10_000))]
    pub history_days: u16,
    /// Serve single profiles from memory to admins and services, for up to 2 seconds after they were read. What this server
    /// writes and computes is seen at once; what other processes do, when it is heard of or after that time.
    #[arg(long, env = "TALLY_CACHE", value_parser = BoolishValueParser::new())]
    pub cache: bool,
    /// For how many days it is kept who read or changed which student's record; with 0 it is not noted. Whoever runs the
    /// worker says for how long.
    #[arg(long, value_name = "DAYS", env = "TALLY_ACCESS_LOG_DAYS", default_value_t = 400, value_parser = clap::value_parser!(u32).range(0..=36_500))]
    pub access_log_days: u32,
    /// Fill an empty database with a small invented school, and print how to look at it. Changes nothing when the school
    /// is there already.
    #[arg(long, env = "TALLY_DEMO", value_parser = BoolishValueParser::new())]
    pub demo: bool,
}

/// Whose tokens are trusted.
#[derive(Args, Clone, Debug)]
pub struct AuthArgs {
    /// A file with the secret that tokens are signed with (HS256), at least 32 bytes, readable by its owner alone. It is
    /// made if it is not there. Without this and --jwks it is .tally/jwt-secret.
    #[arg(long, value_name = "FILE", env = "TALLY_JWT_SECRET_FILE", conflicts_with = "jwks", global = true)]
    pub jwt_secret_file: Option<PathBuf>,
    /// A file or an https URL with the public keys (JWKS) of whoever signs the tokens (RS256 or ES256).
    #[arg(long, value_name = "FILE|URL", env = "TALLY_JWKS", global = true)]
    pub jwks: Option<String>,
    /// The issuer (iss) that tokens must have; any will do unless this is set.
    #[arg(long, value_name = "TEXT", env = "TALLY_JWT_ISSUER", global = true)]
    pub jwt_issuer: Option<String>,
    /// The audience (aud) that tokens must have; any will do unless this is set.
    #[arg(long, value_name = "TEXT", env = "TALLY_JWT_AUDIENCE", global = true)]
    pub jwt_audience: Option<String>,
    /// The claim of a token that holds the role: ADMIN, SERVICE, GUARDIAN or STUDENT.
    #[arg(long, value_name = "NAME", env = "TALLY_JWT_ROLE_CLAIM", default_value = "role", global = true)]
    pub jwt_role_claim: String,
    /// By how many seconds the clock of a token's issuer may differ from ours.
    #[arg(long, value_name = "SECONDS", env = "TALLY_JWT_LEEWAY", default_value_t = 30, value_parser = clap::value_parser!(u64).range(0..=600), global = true)]
    pub jwt_leeway: u64,
}

/// What is logged and traced.
#[derive(Args, Clone, Debug)]
pub struct LogArgs {
    /// What to log: off, error, warn, info, debug or trace; or by module, as in worker=debug,info.
    #[arg(
        long,
        value_name = "FILTER",
        env = "TALLY_LOG",
        default_value = "info,sqlx=warn,apalis=warn,apalis_core=warn,sea_orm_migration=warn",
        global = true
    )]
    pub log: String,
    /// How log lines are written to standard error.
    #[arg(long, value_name = "FORMAT", env = "TALLY_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text, global = true)]
    pub log_format: LogFormat,
    /// Where a collector takes traces, by OTLP over HTTP: http://localhost:4318, say. Without it none are made.
    #[arg(long, value_name = "URL", env = "OTEL_EXPORTER_OTLP_ENDPOINT", global = true)]
    pub otlp_endpoint: Option<String>,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// What a development token says.
#[derive(Args, Debug)]
pub struct TokenArgs {
    /// The role: admin (sees and does everything), service (the learning system, which writes), guardian (reads the own
    /// children) or student (reads the own record).
    #[arg(long)]
    pub role: Role,
    /// Whose token it is: a guardian's or student's sourcedId, which is the id that the learning system knows the person
    /// by; or any name for an admin or a service.
    #[arg(long)]
    pub subject: String,
    /// For how many hours it is valid.
    #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=8760))]
    pub hours: u32,
}

/// Reads the address to listen on.
fn listen_address(text: &str) -> Result<SocketAddr, &'static str> {
    // A name may have several addresses, and this one is what people mean by it.
    let address = text.strip_prefix("localhost:").map(|port| format!("127.0.0.1:{port}"));
    let address = address.as_deref().unwrap_or(text);
    address.parse().map_err(|_| "must be an IP address and a port, as in 127.0.0.1:4000 or [::1]:4000")
}

impl AuthArgs {
    /// Whether a key was configured, rather than left to be made.
    pub const fn is_configured(&self) -> bool {
        self.jwt_secret_file.is_some() || self.jwks.is_some()
    }

    /// What tokens must fulfil.
    pub fn rules(&self) -> TokenRules {
        TokenRules {
            issuer: self.jwt_issuer.clone(),
            audience: self.jwt_audience.clone(),
            role_claim: self.jwt_role_claim.clone(),
            leeway: Duration::from_secs(self.jwt_leeway),
        }
    }

    /// Where the public keys are, if tokens are signed by somebody else.
    pub fn jwks_source(&self) -> Option<JwksSource> {
        self.jwks.as_ref().map(|source| match url::Url::parse(source) {
            Ok(url) if matches!(url.scheme(), "https" | "http") => JwksSource::Url(url),
            _ => JwksSource::File(source.into()),
        })
    }

    /// Where the secret is, if tokens are signed with one.
    pub fn secret_file(&self) -> PathBuf {
        self.jwt_secret_file.clone().unwrap_or_else(|| PathBuf::from(".tally/jwt-secret"))
    }
}
