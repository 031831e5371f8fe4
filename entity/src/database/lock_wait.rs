//! Bounded wait for the write lock of an SQLite file.
//!
//! No server ends the transaction of a process that hangs. A waiter can only give up; it gives up early when the operating
//! system says that the holder is stopped, because that one does not go on by itself.

use std::io;
use std::path::Path;
use std::pin::pin;
use std::time::Duration;

use sea_orm::{DbErr, RuntimeErr};
use tokio::time::timeout;

use super::fault::is_busy;
use super::lock_holder;
use super::storage_health::{StorageFault, StorageHealth};

/// Interval at which the holder of the lock is examined.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Number of intervals before a transaction gives up: ten seconds, not counting time in which this process was
/// stopped itself.
const LOOKS: u32 = 10;

/// The result of `begin`, unless the lock on `wal_index` is not to be had within [`LOOKS`].
///
/// # Errors
/// As `begin`; a transient error when the wait was in vain. `health` is told of a process that holds the lock too long.
pub(super) async fn bounded<T>(
    begin: impl Future<Output = Result<T, DbErr>>,
    wal_index: &Path,
    health: &StorageHealth,
) -> Result<T, DbErr> {
    let mut begin = pin!(begin);
    for look in 1..=LOOKS {
        let busy = match timeout(LOOK_EVERY, &mut begin).await {
            Ok(Err(error)) if is_busy(&error) => true,
            Ok(result) => return result,
            Err(_) => false,
        };
        let holder = lock_holder::find(wal_index);
        let stopped = holder.is_some_and(lock_holder::is_stopped);
        if busy || stopped || look == LOOKS {
            // Without a holder elsewhere the transactions of this process have waited for each other.
            if busy || holder.is_some() {
                health.faulty(StorageFault::Locked { holder, stopped });
            }
            break;
        }
    }
    Err(waited_in_vain())
}

fn waited_in_vain() -> DbErr {
    let error =
        io::Error::new(io::ErrorKind::TimedOut, "the write lock of the database file was not to be had");
    DbErr::Conn(RuntimeErr::SqlxError(sqlx::Error::Io(error).into()))
}
