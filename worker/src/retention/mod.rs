//! Deletes what is older than its retention, judged by a clock that is not believed blindly.

mod clock;
mod sessions;

use std::time::Duration;

use entity::clock::Clock;
use entity::database::Database;
use sea_orm::DbErr;

use crate::metrics::Metrics;
use crate::{Settings, accesses, history, queue};

pub use clock::{RetentionClock, TOLERANCE};

/// Deletes old jobs, sessions, history and entries of the access log, unless a clock is in doubt.
///
/// `uptime` is the process's running time by the monotonic clock.
///
/// # Errors
/// Whatever the database reports; what was not deleted is deleted next time.
pub async fn run(
    db: &Database,
    clock: &dyn Clock,
    retention_clock: &RetentionClock,
    uptime: Duration,
    settings: &Settings,
    metrics: &Metrics,
) -> Result<(), DbErr> {
    let trusted = retention_clock.now(db, clock, uptime).await?;
    metrics.set_retention_suspended(trusted.is_none());
    let Some(now) = trusted else { return Ok(()) };
    let jobs = queue::prune(db, settings.retention, now).await?;
    let sessions = sessions::prune(db, now).await?;
    let snapshots = history::thin(db, now, settings.history).await?;
    let accesses = accesses::prune(db, now, settings.accesses).await?;
    if jobs + sessions + snapshots + accesses > 0 {
        tracing::debug!(jobs, sessions, snapshots, accesses, "old rows were deleted");
    }
    Ok(())
}
