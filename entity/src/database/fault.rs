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
/// deadlock on PostgreSQL; a busy or locked file, or an outdated snapshot, on SQLite.
pub fn is_conflict(error: &DbErr) -> bool {
    error_code(error)
        .is_some_and(|code| matches!(code.as_str(), "40001" | "40P01" | "5" | "6" | "261" | "517"))
}

/// Whether a unique key of PostgreSQL was taken by somebody else since the transaction looked. Begun anew, it finds the
/// row that is there now. On SQLite nobody writes in between.
pub(super) fn is_taken_key(error: &DbErr) -> bool {
    error_code(error).is_some_and(|code| code == "23505")
}

/// Whether the fault lies with the connection or the server's state, not with what was asked: trying again later is
/// likely to help.
pub fn is_transient(error: &DbErr) -> bool {
    match error {
        _ if is_conflict(error) => true,
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
