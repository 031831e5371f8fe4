//! The command line and the environment: the only place that reads either.

#![expect(clippy::doc_markdown, reason = "these comments are the help texts, which are read in a terminal")]

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::auth::{JwksSource, Role, TokenRules};

/// Tally keeps each student's performance aggregates right, fresh and fast for parent dashboards.
///
/// Without a command it serves the API. Without any setting it keeps its data in the folder .tally, on SQLite, with the
/// worker in the same process.
#[derive(Debug, Parser)]
#[command(name = "tally-api", version, args_conflicts_with_subcommands = false)]
pub struct Cli {
    /// What to do instead of serving.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Which database.
    #[command(flatten)]
    pub database: DatabaseArgs,
    /// How to serve.
    #[command(flatten)]
    pub serve: ServeArgs,
    /// Whose tokens are trusted.
    #[command(flatten)]
    pub auth: AuthArgs,
    /// What is logged.
    #[command(flatten)]
    pub log: LogArgs,
}

/// What to do instead of serving.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Sign a token for development, with the secret that the server uses.
    Token(TokenArgs),
    /// Write data out.
    Export {
        /// What to write.
        #[command(subcommand)]
        what: Export,
    },
    /// Bring the database's schema up to date, and end. Safe when several processes do it at once.
    Migrate,
    /// Print the GraphQL schema, and end.
    Schema,
}

/// What can be written out.
#[derive(Debug, Subcommand)]
pub enum Export {
    /// All students' profiles as CSV on standard output: sourced_id and the six fields, as they are stored.
    Profiles {
        /// Leave out last_performance_update, which differs between databases that hold the same facts.
        #[arg(long)]
        without_update_time: bool,
    },
}

/// Which database.
#[derive(Args, Clone, Debug)]
pub struct DatabaseArgs {
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
    #[arg(long, env = "TALLY_DATABASE_CONNECTIONS", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=1000), global = true)]
    pub database_connections: u32,
}

/// How to serve.
#[derive(Args, Clone, Debug)]
pub struct ServeArgs {
    /// The address to listen on. Anything but loopback needs a configured key.
    #[arg(long, env = "TALLY_LISTEN", default_value = "127.0.0.1:4000")]
    pub listen: SocketAddr,
    /// Leave the worker out of this process; run tally-worker beside it.
    #[arg(long, env = "TALLY_NO_WORKER")]
    pub no_worker: bool,
    /// For how many seconds a job stays with a worker that stopped reporting.
    #[arg(long, env = "TALLY_WORKER_LEASE", default_value_t = 30, value_parser = clap::value_parser!(u64).range(3..=3600))]
    pub worker_lease: u64,
    /// Fill an empty database with a small invented school.
    #[arg(long, env = "TALLY_DEMO")]
    pub demo: bool,
}

/// Whose tokens are trusted.
#[derive(Args, Clone, Debug)]
pub struct AuthArgs {
    /// A file with the secret of HS256 tokens, at least 32 bytes, readable by its owner alone. Without this and
    /// --jwks, one is made at .tally/jwt-secret.
    #[arg(long, env = "TALLY_JWT_SECRET_FILE", conflicts_with = "jwks", global = true)]
    pub jwt_secret_file: Option<PathBuf>,
    /// A file or an https URL with the public keys (JWKS) of RS256 or ES256 tokens.
    #[arg(long, env = "TALLY_JWKS", global = true)]
    pub jwks: Option<String>,
    /// The issuer (iss) that tokens must have.
    #[arg(long, env = "TALLY_JWT_ISSUER", global = true)]
    pub jwt_issuer: Option<String>,
    /// The audience (aud) that tokens must have.
    #[arg(long, env = "TALLY_JWT_AUDIENCE", global = true)]
    pub jwt_audience: Option<String>,
    /// The claim that holds the role: ADMIN, SERVICE, GUARDIAN or STUDENT.
    #[arg(long, env = "TALLY_JWT_ROLE_CLAIM", default_value = "role", global = true)]
    pub jwt_role_claim: String,
    /// By how many seconds the clock of a token's issuer may differ from ours.
    #[arg(long, env = "TALLY_JWT_LEEWAY", default_value_t = 30, value_parser = clap::value_parser!(u64).range(0..=600), global = true)]
    pub jwt_leeway: u64,
}

/// What is logged.
#[derive(Args, Clone, Debug)]
pub struct LogArgs {
    /// What to log, as a filter such as info or worker=debug,info.
    #[arg(
        long,
        env = "TALLY_LOG",
        default_value = "info,sqlx=warn,apalis=warn,apalis_core=warn,sea_orm_migration=warn",
        global = true
    )]
    pub log: String,
    /// How log lines are written to standard error.
    #[arg(long, env = "TALLY_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text, global = true)]
    pub log_format: LogFormat,
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
    /// The role: admin, service, guardian or student.
    #[arg(long)]
    pub role: Role,
    /// Whose token it is: the sourcedId of the guardian or student, or any name of an admin or a learning system.
    #[arg(long)]
    pub subject: String,
    /// For how many hours it is valid.
    #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=8760))]
    pub hours: u32,
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
