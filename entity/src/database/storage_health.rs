//! State of the storage below the database, as failed writes have shown it.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sea_orm::DbErr;

use super::fault::{self, StorageError};

/// Reason for rejected writes. Reads may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StorageFault {
    /// The disk has no room for the write.
    DiskFull,
    /// The disk, the file system or memory failed in another way.
    Failed,
    /// Another process holds SQLite's write lock for longer than a write waits.
    Locked {
        /// The process that holds it, if the operating system tells.
        holder: Option<u32>,
        /// True if that process is stopped, as by SIGSTOP or a debugger, and so cannot go on by itself.
        stopped: bool,
    },
}

impl fmt::Display for StorageFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::DiskFull => f.write_str("the database cannot store anything: its disk is full"),
            Self::Failed => f.write_str("the database cannot store anything: its disk or file system fails"),
            Self::Locked { holder: Some(pid), stopped: true } => write!(
                f,
                "the database cannot be written: process {pid} holds the write lock and is stopped; \
                 continue it (kill -CONT {pid}) or end it (kill -KILL {pid})"
            ),
            Self::Locked { holder: Some(pid), stopped: false } => {
                write!(
                    f,
                    "the database cannot be written: process {pid} has held the write lock for too long"
                )
            }
            Self::Locked { holder: None, .. } => f.write_str(
                "the database cannot be written: another process has held the write lock for too long",
            ),
        }
    }
}

/// The newest fault that a write met, until a probe has succeeded. Small writes may succeed on a full disk, and so prove
/// nothing. Cheap to clone; the copies share it.
#[derive(Clone, Debug, Default)]
pub(super) struct StorageHealth(Arc<Mutex<Option<StorageFault>>>);

impl StorageHealth {
    /// The newest fault, if it is not known to be over.
    pub(super) fn fault(&self) -> Option<StorageFault> {
        *self.lock()
    }

    /// Notes that a probe was stored.
    pub(super) fn recovered(&self) {
        if let Some(fault) = self.lock().take() {
            tracing::info!(%fault, "the database stores again");
        }
    }

    /// Notes what `error` says of the storage, if it says anything.
    pub(super) fn failed(&self, error: &DbErr) {
        match fault::storage_error(error) {
            Some(StorageError::Full) => self.faulty(StorageFault::DiskFull),
            Some(StorageError::Failed) => self.faulty(StorageFault::Failed),
            None => {}
        }
    }

    /// Notes that nothing can be stored because of `fault`.
    pub(super) fn faulty(&self, fault: StorageFault) {
        let before = self.lock().replace(fault);
        if before != Some(fault) {
            tracing::error!(%fault, "a write was not stored");
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<StorageFault>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
