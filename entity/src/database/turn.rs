//! Whose turn it is to write to an SQLite file, among all who have it open.
//!
//! SQLite has whoever finds the file locked sleep, longer each time, up to a tenth of a second, and whoever happens to ask
//! in between goes first. With an API and a worker that both write, either could wait for seconds. A lock of the operating
//! system wakes the next one as soon as it is free. It only keeps the order: SQLite's own lock protects the data, and who
//! does not know of turns, or has waited too long for one, is as safe as ever.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// How long a turn is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// The turns at one database file. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Turns(Arc<Mutex<File>>);

/// A turn. It ends when this is dropped.
#[derive(Debug)]
pub struct Turn(OwnedMutexGuard<File>);

impl Turns {
    /// The turns at `database`, kept by a file of its own beside it.
    pub(super) fn at(database: &Path) -> io::Result<Self> {
        let mut path = database.as_os_str().to_owned();
        path.push("-turn");
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
        Ok(Self(Arc::new(Mutex::new(file))))
    }

    /// Waits for a turn; none comes when it takes too long.
    pub(super) async fn take(&self) -> Option<Turn> {
        timeout(PATIENCE, self.wait()).await.ok().flatten()
    }

    async fn wait(&self) -> Option<Turn> {
        let turn = Turn(self.0.clone().lock_owned().await);
        if turn.0.try_lock().is_ok() {
            return Some(turn);
        }
        // The thread has the turn with it: one that comes when nobody waits any more ends at once.
        spawn_blocking(|| turn.0.lock().is_ok().then_some(turn)).await.ok().flatten()
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Err(error) = self.0.unlock() {
            tracing::warn!(%error, "a turn at the database file could not be given back");
        }
    }
}
