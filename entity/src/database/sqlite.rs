//! Opening an SQLite file: one connection that writes, several that read.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use sea_orm::DatabaseConnection;
use sqlx::Connection as _;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};

use super::turn::Turns;
use super::{ACQUIRE_TIMEOUT, ConnectError};

/// SQLite's busy timeout: the wait of a statement for another process's write lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Wait of a transaction for the process's one writing connection.
const WRITER_ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
/// Page cache of each reader: 1,000 KiB, in the pragma's unit. A cache of twice the size made no read faster.
const READER_CACHE: &str = "-1000";

/// The connections to one file.
pub(super) struct Opened {
    pub(super) reader: DatabaseConnection,
    pub(super) writer: DatabaseConnection,
    pub(super) file: SqliteFile,
}

/// Lock files of the database file.
#[derive(Clone, Debug)]
pub(super) struct SqliteFile {
    /// The order of the processes that write, if the file system has locks.
    pub(super) turns: Option<Turns>,
    /// The WAL index, on which SQLite's locks lie.
    pub(super) wal_index: PathBuf,
}

/// Opens the file that `url` names, and creates it if it is missing.
pub(super) async fn open(url: &str, max_readers: u32) -> Result<Opened, ConnectError> {
    if names_no_file(url) {
        return Err(ConnectError::NoFile);
    }
    let options = SqliteConnectOptions::from_str(url)
        .map_err(ConnectError::InvalidUrl)?
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // Acknowledged commits survive a power cut.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT);
    let unreachable =
        |source| ConnectError::Unreachable { place: options.get_filename().display().to_string(), source };
    // The writer comes first: it creates the file and sets the journal mode that the readers need.
    let writer = pool(1, WRITER_ACQUIRE_TIMEOUT).connect_with(options.clone()).await.map_err(unreachable)?;
    let read_only =
        options.clone().read_only(true).create_if_missing(false).pragma("cache_size", READER_CACHE);
    let reader = pool(max_readers, ACQUIRE_TIMEOUT).connect_with(read_only).await.map_err(unreachable)?;
    let turns = Turns::at(options.get_filename())
        .inspect_err(|error| tracing::warn!(%error, "writers of this database take no turns"));
    let file = SqliteFile { turns: turns.ok(), wal_index: beside(options.get_filename(), "-shm") };
    Ok(Opened { reader: reader.into(), writer: writer.into(), file })
}

/// A pool that closes a connection which may be inside a transaction, instead of handing it out.
fn pool(max_connections: u32, acquire_timeout: Duration) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(max_connections)
        .test_before_acquire(false)
        .before_acquire(|connection, _| {
            let outside = is_outside_transaction(connection);
            Box::pin(async move { Ok(outside) })
        })
        .acquire_timeout(acquire_timeout)
}

/// True if the driver has seen the end of every transaction of the connection.
///
/// After some errors (`SQLITE_FULL`, `SQLITE_IOERR`, `SQLITE_NOMEM` and others) SQLite ends the transaction by itself, the
/// driver's ROLLBACK fails, and the driver goes on counting the transaction. Its next BEGIN would be a savepoint, and what
/// is written after a second failure would be in a transaction that nothing commits. The driver never counts too few:
/// it subtracts after a COMMIT or ROLLBACK has succeeded, and SQLite has ended the transaction then.
fn is_outside_transaction(connection: &SqliteConnection) -> bool {
    let outside = !connection.is_in_transaction();
    if !outside {
        tracing::warn!("a connection to SQLite is closed, because its last transaction did not end in order");
    }
    outside
}

/// The path of a file that SQLite keeps beside `database`.
fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut path = OsString::from(database);
    path.push(suffix);
    path.into()
}

/// True if an SQLite URL names a database in memory, or a temporary one.
fn names_no_file(url: &str) -> bool {
    let rest = url.trim_start_matches("sqlite:").trim_start_matches("//");
    let (path, parameters) = rest.split_once('?').unwrap_or((rest, ""));
    matches!(path, "" | ":memory:") || parameters.split('&').any(|parameter| parameter == "mode=memory")
}
