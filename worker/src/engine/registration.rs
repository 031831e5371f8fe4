//! How a worker makes itself known.

use entity::database::Database;
use entity::sea_orm::sea_query::{Expr, ExprTrait};
use entity::sea_orm::{ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, QueryFilter};
use entity::{db_time, worker};
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use crate::attempt::Counters;

/// A name that no other worker has or had: host, process, and something random for each start.
pub fn worker_name() -> String {
    format!("{}-{}-{:08x}", host(), std::process::id(), rand::random::<u32>())
}

/// The name of this machine.
pub fn host() -> String {
    hostname::get().map_or_else(|_| "unknown".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// Writes the worker down.
pub(super) async fn started(db: &Database, name: &str) -> Result<(), DbErr> {
    let row = worker::ActiveModel {
        name: Set(name.to_owned()),
        host: Set(host()),
        pid: Set(i64::from(std::process::id())),
        version: Set(env!("CARGO_PKG_VERSION").to_owned()),
        ..Default::default()
    };
    worker::Entity::insert(row).on_conflict_do_nothing_on([worker::Column::Name]).exec(db.writer()).await?;
    Ok(())
}

/// Writes down that the worker is alive, and what it has done.
pub(super) async fn alive(db: &Database, name: &str, counters: &Counters) -> Result<(), DbErr> {
    worker::Entity::update_many()
        .col_expr(worker::Column::LastHeartbeatAt, db_time::now(db.backend()))
        .col_expr(worker::Column::Running, Expr::value(counters.running.load(Relaxed)))
        .col_expr(worker::Column::Done, Expr::value(counters.done.load(Relaxed)))
        .col_expr(worker::Column::Failed, Expr::value(counters.failed.load(Relaxed)))
        .filter(worker::Column::Name.eq(name))
        .exec(db.writer())
        .await?;
    Ok(())
}

/// Writes down that the worker has stopped of its own accord.
pub(super) async fn stopped(db: &Database, name: &str) {
    let update = worker::Entity::update_many()
        .col_expr(worker::Column::StoppedAt, db_time::now(db.backend()))
        .col_expr(worker::Column::Running, Expr::value(0_i64))
        .filter(worker::Column::Name.eq(name))
        .exec(db.writer())
        .await;
    if let Err(error) = update {
        tracing::warn!(%error, "the end of the worker was not written down");
    }
}

/// Whether the worker has reported within `period`, by the database's clock, and has not stopped.
///
/// # Errors
/// Whatever the database reports.
pub async fn is_alive(db: &Database, name: &str, period: Duration) -> Result<bool, DbErr> {
    let alive = worker::Entity::find_by_id(name)
        .filter(worker::Column::StoppedAt.is_null())
        .filter(
            Expr::col(worker::Column::LastHeartbeatAt)
                .gt(Expr::cust(db_time::before_sql(db.backend(), period))),
        )
        // A report from before the clock was set back says nothing about now.
        .filter(Expr::cust(format!("NOT {}", db_time::ahead_sql(db.backend(), "last_heartbeat_at"))))
        .one(db.reader())
        .await?;
    Ok(alive.is_some())
}
