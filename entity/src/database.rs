//! Connections to SQLite and PostgreSQL, and the transactions that write.

pub mod backup;
mod begin;
mod checked_transaction;
mod close;
mod fault;
mod lock_holder;
mod lock_wait;
mod patience;
mod postgres;
mod sqlite;
mod storage_health;
mod transaction;
mod turn;
mod write_connection;

use std::time::Duration;

use sea_orm::{
    ConnectionTrait as _, DatabaseConnection, DbBackend, DbErr, SqliteTransactionMode, TransactionOptions,
};

use crate::db_time;
use crate::feed::Feed;
use crate::wake::Wake;
use fault::is_taken_key;
use patience::Patience;
use sqlite::SqliteFile;
use storage_health::StorageHealth;

pub(crate) use begin::begin;
pub use checked_transaction::CheckedTransaction;
pub use fault::{Objection, StorageError, is_conflict, is_held_up, is_transient, objection, storage_error};
pub use storage_health::StorageFault;
pub use transaction::{AsDbErr, UnitOfWork, WriteTransaction};
pub use turn::Turn;
pub use write_connection::WriteConnection;

/// How long a request waits for a connection before it is told that the database is not to be had.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// The kind of job of the row that [`Database::probe_storage`] stores. There are no such jobs.
const PROBED_KIND: &str = "storage probe";
/// The size of that row: many pages, because a full disk may have room for one.
const PROBE_BYTES: u32 = 64 * 1024;
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
    writer: WriteConnection,
    health: StorageHealth,
    sqlite: Option<SqliteFile>,
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
        let sqlite::Opened { reader, writer, file } = sqlite::open(url, max_connections).await?;
        let health = StorageHealth::default();
        Ok(Self {
            backend: DbBackend::Sqlite,
            reader,
            writer: WriteConnection::new(writer, health.clone()),
            health,
            sqlite: Some(file),
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
        let pool = postgres::open(url, max_connections, patience).await?;
        let health = StorageHealth::default();
        Ok(Self {
            backend: DbBackend::Postgres,
            reader: pool.clone(),
            writer: WriteConnection::new(pool, health.clone()),
            health,
            sqlite: None,
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
    pub const fn writer(&self) -> &WriteConnection {
        &self.writer
    }

    /// The same database, which calls `observe` with the text of every statement after it was executed. What begins and
    /// ends a transaction is none.
    #[must_use]
    pub fn observed(mut self, observe: impl Fn(&str) + Clone + Send + Sync + 'static) -> Self {
        for connection in [&mut self.reader, &mut *self.writer] {
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
    /// somebody else has committed in between. It waits ten seconds for that lock at most, and less for a process that is
    /// stopped.
    ///
    /// # Errors
    /// Whatever the database reports.
    pub async fn begin_write(&self) -> Result<WriteTransaction, DbErr> {
        match &self.sqlite {
            Some(file) => lock_wait::bounded(self.begin_when_unlocked(), &file.wal_index, &self.health).await,
            None => self.begin_when_unlocked().await,
        }
    }

    async fn begin_when_unlocked(&self) -> Result<WriteTransaction, DbErr> {
        let options = TransactionOptions {
            sqlite_transaction_mode: (self.backend == DbBackend::Sqlite)
                .then_some(SqliteTransactionMode::Immediate),
            ..Default::default()
        };
        let turn = self.turn().await;
        let txn = CheckedTransaction::new(begin(&self.writer, options).await?, self.health.clone());
        Ok(WriteTransaction::new(txn, turn, self.wake.clone(), self.feed.clone()))
    }

    /// Waits for the turn to write to an SQLite file, among all processes that have it open; the turn ends when it is
    /// dropped. Without one a single statement that writes is as safe, but may wait longer. Transactions have theirs.
    pub async fn turn(&self) -> Option<Turn> {
        let turns = self.sqlite.as_ref().and_then(|file| file.turns.as_ref())?;
        turns.take().await
    }

    /// Newest fault of the storage that a write met, until [`Self::probe_storage`] succeeds.
    pub fn storage_fault(&self) -> Option<StorageFault> {
        self.health.fault()
    }

    /// Stores a row of 64 KiB and takes it back, to learn whether a fault of the storage is over.
    ///
    /// # Errors
    /// Whatever the database reports.
    pub async fn probe_storage(&self) -> Result<(), DbErr> {
        // Random, because PostgreSQL compresses long values.
        let text = match self.backend {
            DbBackend::Sqlite => format!("hex(randomblob({PROBE_BYTES} / 2))"),
            _ => format!(
                "(SELECT string_agg(md5(random()::text), '') FROM generate_series(1, {PROBE_BYTES} / 32))"
            ),
        };
        let now = db_time::now_sql(self.backend);
        let txn = self.begin_write().await?;
        let insert = format!(
            "INSERT INTO paused_kind (kind, paused_at, paused_by) VALUES ('{PROBED_KIND}', {now}, {text})"
        );
        txn.execute_unprepared(&insert).await?;
        txn.execute_unprepared(&format!("DELETE FROM paused_kind WHERE kind = '{PROBED_KIND}'")).await?;
        txn.commit().await?;
        self.health.recovered();
        Ok(())
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
