//! Connections to SQLite and PostgreSQL, and the transactions that write.

mod begin;
mod fault;
mod patience;
mod transaction;
mod turn;

use std::str::FromStr;
use std::time::Duration;

use sea_orm::{DatabaseConnection, DbBackend, DbErr, SqliteTransactionMode, TransactionOptions};
use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use crate::feed::Feed;
use crate::wake::Wake;
use fault::is_taken_key;
use patience::Patience;
use turn::Turns;

pub(crate) use begin::begin;
pub use fault::{Objection, is_conflict, is_held_up, is_transient, objection};
pub use transaction::{AsDbErr, UnitOfWork, WriteTransaction};
pub use turn::Turn;

/// How long a request waits for a connection before it is told that the database is not to be had.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a connection that could not be had is tried once more, to learn why.
const PROBE_TIMEOUT: Duration = Duration::from_secs(1);
/// How long a statement waits for another process to finish writing to the same SQLite file.
const SQLITE_BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// How much of an SQLite file each reader keeps: 1,000 KiB, as the pragma counts. Twice as much makes no reading faster.
const SQLITE_READER_CACHE: &str = "-1000";
/// For how long a connection to PostgreSQL that nobody uses is taken to be there without being asked.
const TRUSTED_FOR: Duration = Duration::from_secs(1);
/// How often a transaction is begun anew after the database chose it as the victim of a conflict.
const MAX_CONFLICT_RETRIES: u32 = 10;

/// Why a database could not be opened. The messages are for whoever configured it, and tell no password.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The URL is of neither database.
    #[error(
        "the database URL must begin with \"sqlite:\" or \"postgres://\", \
         as in sqlite:data/tally.db or postgres://user@host/tally"
    )]
    UnknownScheme,
    /// The URL cannot be read.
    #[error("the database URL cannot be read: {0}")]
    InvalidUrl(#[source] sqlx::Error),
    /// The URL names no file, where the data would be lost and each connection might see another database.
    #[error("the database URL must name a file, as in sqlite:data/tally.db")]
    NoFile,
    /// The database did not answer, or refused.
    #[error("cannot open the database {place}: {source}")]
    Unreachable {
        /// The file, or the host and the name of the database.
        place: String,
        /// What the driver said.
        #[source]
        source: sqlx::Error,
    },
}

/// One database, SQLite or PostgreSQL. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Database {
    backend: DbBackend,
    reader: DatabaseConnection,
    writer: DatabaseConnection,
    /// On SQLite, if there can be any.
    turns: Option<Turns>,
    wake: Wake,
    feed: Feed,
    url: String,
    patience: Patience,
}

impl Database {
    /// Opens the database at `url`, with at most `max_connections` connections beside SQLite's one writer.
    ///
    /// A missing SQLite file is created; missing tables are not.
    ///
    /// # Errors
    /// [`ConnectError`].
    pub async fn connect(url: &str, max_connections: u32) -> Result<Self, ConnectError> {
        if url.starts_with("sqlite:") {
            Self::connect_sqlite(url, max_connections).await
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Self::connect_postgres(url, max_connections, Patience::default()).await
        } else {
            Err(ConnectError::UnknownScheme)
        }
    }

    async fn connect_sqlite(url: &str, max_connections: u32) -> Result<Self, ConnectError> {
        if names_no_file(url) {
            return Err(ConnectError::NoFile);
        }
        let options = SqliteConnectOptions::from_str(url)
            .map_err(ConnectError::InvalidUrl)?
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // What was acknowledged survives a power cut.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(SQLITE_BUSY_TIMEOUT);
        let unreachable = |source| ConnectError::Unreachable {
            place: options.get_filename().display().to_string(),
            source,
        };
        // The writer comes first: it creates the file and sets the journal mode that the readers need.
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .test_before_acquire(false)
            .acquire_timeout(SQLITE_BUSY_TIMEOUT)
            .connect_with(options.clone())
            .await
            .map_err(unreachable)?;
        let reader = SqlitePoolOptions::new()
            .max_connections(max_connections)
            .test_before_acquire(false)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .connect_with(
                options
                    .clone()
                    .read_only(true)
                    .create_if_missing(false)
                    .pragma("cache_size", SQLITE_READER_CACHE),
            )
            .await
            .map_err(unreachable)?;
        let turns = Turns::at(options.get_filename())
            .inspect_err(|error| tracing::warn!(%error, "writers of this database take no turns"));
        Ok(Self {
            backend: DbBackend::Sqlite,
            reader: reader.into(),
            writer: writer.into(),
            turns: turns.ok(),
            wake: Wake::new(),
            feed: Feed::new(),
            url: url.to_owned(),
            patience: Patience::endless(),
        })
    }

    /// The same database, where no statement takes longer than `time` on PostgreSQL: its server goes on with one whose
    /// caller has left. No transaction waits for a lock for more than half of that, or takes more than six times that.
    /// SQLite knows no such time; there a statement takes as long as what it was asked for.
    ///
    /// # Errors
    /// [`ConnectError`].
    pub async fn within(self, time: Duration) -> Result<Self, ConnectError> {
        if self.backend == DbBackend::Sqlite {
            return Ok(self);
        }
        let connections = self.writer.get_postgres_connection_pool().options().get_max_connections();
        Self::connect_postgres(&self.url, connections, Patience::of_statements(time)).await
    }

    async fn connect_postgres(
        url: &str,
        max_connections: u32,
        patience: Patience,
    ) -> Result<Self, ConnectError> {
        let options = PgConnectOptions::from_str(url)
            .map_err(ConnectError::InvalidUrl)?
            .application_name("tally")
            .options(patience.settings());
        let opened = PgPoolOptions::new()
            .max_connections(max_connections)
            .test_before_acquire(false)
            .before_acquire(|connection, meta| {
                Box::pin(async move {
                    // One that was just used is there; one that rested may have been lost, and is asked first.
                    if meta.idle_for > TRUSTED_FOR {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .connect_with(options.clone())
            .await;
        let pool: DatabaseConnection = match opened {
            Ok(pool) => pool.into(),
            Err(error) => {
                let name = options.get_database().unwrap_or("of the same name as the user");
                let place = format!("{name} on {}:{}", options.get_host(), options.get_port());
                return Err(ConnectError::Unreachable { place, source: cause(error, &options).await });
            }
        };
        Ok(Self {
            backend: DbBackend::Postgres,
            reader: pool.clone(),
            writer: pool,
            turns: None,
            wake: Wake::new(),
            feed: Feed::new(),
            url: url.to_owned(),
            patience,
        })
    }

    /// Which of the two databases it is.
    pub const fn backend(&self) -> DbBackend {
        self.backend
    }

    /// The URL that it was opened with. It may hold a password: never log it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// For reading. On SQLite these connections cannot write.
    pub const fn reader(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// For single statements that write. A transaction that writes is begun with [`Self::begin_write`].
    pub const fn writer(&self) -> &DatabaseConnection {
        &self.writer
    }

    /// The same database, which calls `observe` with the text of every statement after it was executed. What begins and
    /// ends a transaction is none.
    #[must_use]
    pub fn observed(mut self, observe: impl Fn(&str) + Clone + Send + Sync + 'static) -> Self {
        for connection in [&mut self.reader, &mut self.writer] {
            let observe = observe.clone();
            connection.set_metric_callback(move |info| observe(&info.statement.sql));
        }
        self
    }

    /// How the connections are used.
    pub fn pools(&self) -> Vec<Pool> {
        let pool = |name, size: u32, idle: usize| Pool {
            name,
            idle,
            used: usize::try_from(size).unwrap_or(usize::MAX).saturating_sub(idle),
        };
        if self.backend == DbBackend::Postgres {
            let postgres = self.writer.get_postgres_connection_pool();
            return vec![pool("postgres", postgres.size(), postgres.num_idle())];
        }
        let (reader, writer) =
            (self.reader.get_sqlite_connection_pool(), self.writer.get_sqlite_connection_pool());
        vec![
            pool("reader", reader.size(), reader.num_idle()),
            pool("writer", writer.size(), writer.num_idle()),
        ]
    }

    /// What workers of this process listen to.
    pub const fn wake(&self) -> &Wake {
        &self.wake
    }

    /// What readers of this process listen to.
    pub const fn feed(&self) -> &Feed {
        &self.feed
    }

    /// Begins a transaction that writes.
    ///
    /// On SQLite it takes the write lock at once: one that reads first and asks for the lock later fails as soon as
    /// somebody else has committed in between.
    ///
    /// # Errors
    /// Whatever the database reports.
    pub async fn begin_write(&self) -> Result<WriteTransaction, DbErr> {
        let options = TransactionOptions {
            sqlite_transaction_mode: (self.backend == DbBackend::Sqlite)
                .then_some(SqliteTransactionMode::Immediate),
            ..Default::default()
        };
        let turn = self.turn().await;
        let txn = begin(&self.writer, options).await?;
        Ok(WriteTransaction::new(txn, turn, self.wake.clone(), self.feed.clone()))
    }

    /// Waits for the turn to write to an SQLite file, among all processes that have it open; the turn ends when it is
    /// dropped. Without one a single statement that writes is as safe, but may wait longer. Transactions have theirs.
    pub async fn turn(&self) -> Option<Turn> {
        match &self.turns {
            Some(turns) => turns.take().await,
            None => None,
        }
    }

    /// Runs `work` in a transaction and commits it; begins anew when the database chose it as the victim of a conflict, or
    /// when somebody else inserted the same row first.
    ///
    /// # Errors
    /// What `work` returned, after a rollback; or whatever the database reports.
    pub async fn write<W: UnitOfWork>(&self, work: &W) -> Result<W::Output, W::Error> {
        let mut retries = 0;
        loop {
            match self.patience.with(Box::pin(self.try_write(work))).await {
                Err(error)
                    if retries < MAX_CONFLICT_RETRIES
                        && error
                            .as_db_err()
                            .is_some_and(|error| is_conflict(error) || is_taken_key(error)) =>
                {
                    retries += 1;
                    tracing::debug!(retries, "transaction conflict, beginning anew");
                }
                outcome => return outcome,
            }
        }
    }

    async fn try_write<W: UnitOfWork>(&self, work: &W) -> Result<W::Output, W::Error> {
        let txn = self.begin_write().await?;
        let output = work.run(&txn).await?;
        txn.commit().await?;
        Ok(output)
    }
}

/// How the connections of a pool are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Which pool.
    pub name: &'static str,
    /// Open connections that nobody uses.
    pub idle: usize,
    /// Connections that somebody uses.
    pub used: usize,
}

/// Whether an SQLite URL is of a database in memory, or a temporary one.
fn names_no_file(url: &str) -> bool {
    let rest = url.trim_start_matches("sqlite:").trim_start_matches("//");
    let (path, parameters) = rest.split_once('?').unwrap_or((rest, ""));
    matches!(path, "" | ":memory:") || parameters.split('&').any(|parameter| parameter == "mode=memory")
}

/// Why no connection could be had. A pool that has waited in vain for a server to come up only says that it has waited.
async fn cause(error: sqlx::Error, options: &PgConnectOptions) -> sqlx::Error {
    if !matches!(error, sqlx::Error::PoolTimedOut) {
        return error;
    }
    match tokio::time::timeout(PROBE_TIMEOUT, PgConnection::connect_with(options)).await {
        Ok(Err(cause)) => cause,
        _ => error,
    }
}
