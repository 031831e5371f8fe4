//! What an error of the database means to whoever met it.

use sea_orm::{DbErr, RuntimeErr};

/// The code that the database gave for an error: an SQLSTATE, or SQLite's extended result code.
fn error_code(error: &DbErr) -> Option<String> {
    let (DbErr::Conn(RuntimeErr::SqlxError(error))
    | DbErr::Exec(RuntimeErr::SqlxError(error))
    | DbErr::Query(RuntimeErr::SqlxError(error))) = error
    else {
        return None;
    };
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).map(std::borrow::Cow::into_owned)
}

/// Whether the database gave up a transaction that may well succeed when it is begun anew: a serialization failure or a
/// deadlock on PostgreSQL; a locked table or an outdated snapshot on SQLite. A busy SQLite file is none: the statement has
/// waited for it already.
pub fn is_conflict(error: &DbErr) -> bool {
    error_code(error).is_some_and(|code| matches!(code.as_str(), "40001" | "40P01" | "6" | "517"))
}

/// True if another process kept SQLite's file locked for longer than a statement waits.
pub(super) fn is_busy(error: &DbErr) -> bool {
    // SQLITE_BUSY, SQLITE_BUSY_RECOVERY, SQLITE_BUSY_TIMEOUT.
    error_code(error).is_some_and(|code| matches!(code.as_str(), "5" | "261" | "773"))
}

/// Failure of the storage below the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StorageError {
    /// There is no room on the disk.
    Full,
    /// The disk, the file system or memory failed in another way.
    Failed,
}

/// Classifies errors of the storage below the database. The request is not at fault then, and may succeed later.
pub fn storage_error(error: &DbErr) -> Option<StorageError> {
    let code = error_code(error)?;
    if code.len() == 5 {
        return match code.as_str() {
            // disk_full
            "53100" => Some(StorageError::Full),
            // Class 58, system_error and io_error among them.
            _ if code.starts_with("58") => Some(StorageError::Failed),
            _ => None,
        };
    }
    // The low byte of SQLite's extended result code is the primary one.
    match code.parse::<u32>().ok()? & 0xff {
        SQLITE_FULL => Some(StorageError::Full),
        SQLITE_NOMEM | SQLITE_IOERR | SQLITE_CANTOPEN => Some(StorageError::Failed),
        _ => None,
    }
}

const SQLITE_NOMEM: u32 = 7;
const SQLITE_IOERR: u32 = 10;
const SQLITE_FULL: u32 = 13;
const SQLITE_CANTOPEN: u32 = 14;

/// Whether a unique key of PostgreSQL was taken by somebody else since the transaction looked. Begun anew, it finds the
/// row that is there now. On SQLite nobody writes in between.
pub(super) fn is_taken_key(error: &DbErr) -> bool {
    error_code(error).is_some_and(|code| code == "23505")
}

/// What the database had against what was to be written. What is asked is checked before; between the two somebody else
/// may have written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Objection {
    /// It contradicts what is stored: a key is taken, or a check fails.
    Contradiction,
    /// It names a row that is not there.
    Missing,
    /// It holds a value that the database does not know.
    Unknown,
}

/// What the database objected to, if that is the error.
pub fn objection(error: &DbErr) -> Option<Objection> {
    let code = error_code(error)?;
    match code.as_str() {
        // SQLSTATE, and SQLite's extended result code.
        "23503" | "787" => Some(Objection::Missing),
        // SQLITE_CONSTRAINT_CHECK, _NOTNULL, _PRIMARYKEY, _UNIQUE.
        "275" | "1299" | "1555" | "2067" => Some(Objection::Contradiction),
        // SQLITE_TOOBIG, SQLITE_MISMATCH.
        "18" | "20" => Some(Objection::Unknown),
        _ if code.starts_with("23") && code.len() == 5 => Some(Objection::Contradiction),
        _ if code.starts_with("22") && code.len() == 5 => Some(Objection::Unknown),
        _ => None,
    }
}

/// Whether a statement of PostgreSQL was given up because it waited, or took, too long. Of several units of work in its
/// transaction one may be to blame, and the others not.
pub fn is_held_up(error: &DbErr) -> bool {
    error_code(error).is_some_and(|code| matches!(code.as_str(), "55P03" | "57014"))
}

/// Whether the fault lies with the connection or the server's state, not with what was asked: trying again later is
/// likely to help.
pub fn is_transient(error: &DbErr) -> bool {
    match error {
        _ if is_conflict(error) || is_held_up(error) || is_busy(error) => true,
        _ if storage_error(error).is_some() => true,
        DbErr::ConnectionAcquire(_) | DbErr::Conn(RuntimeErr::SqlxError(_)) => true,
        DbErr::Exec(RuntimeErr::SqlxError(inner)) | DbErr::Query(RuntimeErr::SqlxError(inner)) => {
            match error_code(error) {
                // Connection exceptions, resources, operator intervention (shutting down, starting up).
                Some(code) => ["08", "53", "57P"].iter().any(|class| code.starts_with(class)),
                None => matches!(
                    **inner,
                    sqlx::Error::Io(_)
                        | sqlx::Error::Tls(_)
                        | sqlx::Error::Protocol(_)
                        | sqlx::Error::PoolTimedOut
                        | sqlx::Error::PoolClosed
                        | sqlx::Error::WorkerCrashed
                ),
            }
        }
        _ => false,
    }
}
