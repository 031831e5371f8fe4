//! How the queue and its workers are doing, for a terminal.

use std::fmt::{self, Write as _};
use std::time::Duration;

use entity::database::Database;
use entity::job::State;
use entity::queue_status::{QueueStatus, RECENT};
use entity::sea_orm::sea_query::{Expr, ExprTrait};
use entity::sea_orm::{ColumnTrait, DbErr, EntityTrait, Iterable, QueryFilter, QueryOrder};
use entity::{db_time, worker};

/// Workers that have neither stopped nor been silent for longer than this are shown.
const SILENT: Duration = Duration::from_mins(2);

/// The figures of the queue and of its workers, as text.
///
/// # Errors
/// Whatever the database reports.
pub async fn report(db: &Database) -> Result<String, DbErr> {
    let status = QueueStatus::read(db).await?;
    let workers = workers(db).await?;
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = write_report(&mut text, &status, &workers);
    Ok(text)
}

async fn workers(db: &Database) -> Result<Vec<worker::Model>, DbErr> {
    let silent_since = Expr::cust(db_time::before_sql(db.backend(), SILENT));
    worker::Entity::find()
        .filter(worker::Column::StoppedAt.is_null())
        .filter(Expr::col(worker::Column::LastHeartbeatAt).gt(silent_since))
        .order_by_asc(worker::Column::Name)
        .all(db.reader())
        .await
}

fn write_report(text: &mut String, status: &QueueStatus, workers: &[worker::Model]) -> fmt::Result {
    writeln!(text, "jobs")?;
    for state in State::iter() {
        writeln!(text, "  {:<12} {:>10}", state.as_str(), status.in_state(state))?;
    }
    let waiting = status.oldest_waiting.unwrap_or_default();
    writeln!(text, "oldest waiting     {:>9.3} s", waiting.as_secs_f64())?;
    let minutes = RECENT.as_secs() / 60;
    writeln!(text, "completed          {:>9} in {minutes} min", status.completed_recently)?;
    writeln!(text, "failed attempts    {:>9} in {minutes} min", status.failed_recently)?;
    writeln!(text, "stale profiles     {:>9}", status.stale_profiles)?;
    writeln!(text, "drifted profiles   {:>9}", status.drifted_profiles)?;
    for kind in &status.paused {
        writeln!(text, "paused             {kind:>9}")?;
    }
    writeln!(text, "workers")?;
    for worker in workers {
        writeln!(
            text,
            "  {}  {} running  {} done  {} failed  last heartbeat {}",
            worker.name,
            worker.running,
            worker.done,
            worker.failed,
            worker.last_heartbeat_at.format("%H:%M:%S"),
        )?;
    }
    if workers.is_empty() {
        writeln!(text, "  none")?;
    }
    Ok(())
}
