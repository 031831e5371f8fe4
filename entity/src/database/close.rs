//! The end of the connections, after which an SQLite file is a database by itself.

use std::time::Duration;

use sea_orm::{ConnectionTrait as _, DbBackend, DbErr, Statement};
use tokio::time::{sleep, timeout};

use super::Database;

/// Timeout of each step.
const PATIENCE: Duration = Duration::from_secs(5);
/// Number of attempts to checkpoint while others read the log.
const TRIES: u32 = 5;
/// The time between two tries.
const TRY_EVERY: Duration = Duration::from_millis(50);

impl Database {
    /// Closes all connections. On SQLite what was committed is first moved from the write-ahead log into the file, so that
    /// the file can be copied by itself; other processes that read it may keep that from happening.
    ///
    /// Statements of whoever else holds a copy of this fail from then on.
    pub async fn close(self) {
        if self.backend == DbBackend::Postgres {
            let _ = timeout(PATIENCE, self.writer.close_by_ref()).await;
            return;
        }
        let _ = timeout(PATIENCE, self.reader.close_by_ref()).await;
        match timeout(PATIENCE, self.truncate_wal()).await {
            Ok(Ok(true)) => {}
            Ok(Ok(false)) => tracing::info!(
                "the write-ahead log beside the database was kept, because other processes use it: \
                 copy both files, or use the backup command"
            ),
            Ok(Err(error)) => tracing::warn!(%error, "the write-ahead log was not moved into the database"),
            Err(_) => tracing::warn!("the write-ahead log was not moved into the database in time"),
        }
        let _ = timeout(PATIENCE, self.writer.close_by_ref()).await;
    }

    /// True if the whole log is in the file now.
    async fn truncate_wal(&self) -> Result<bool, DbErr> {
        // A checkpoint that waits for the readers of other processes keeps their writers waiting meanwhile.
        self.writer.execute_unprepared("PRAGMA busy_timeout = 0").await?;
        for _ in 0..TRIES {
            let checkpoint = Statement::from_string(self.backend, "PRAGMA wal_checkpoint(TRUNCATE)");
            let row = self.writer.query_one_raw(checkpoint).await?;
            let busy: Option<i32> = row.map(|row| row.try_get_by_index(0)).transpose()?;
            if busy == Some(0) {
                return Ok(true);
            }
            sleep(TRY_EVERY).await;
        }
        Ok(false)
    }
}
