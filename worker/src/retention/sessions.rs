//! The end of the rows of sessions.

use chrono::{DateTime, Utc};
use entity::database::Database;
use entity::session::{Column, Entity};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter};

/// Deletes the sessions that have expired, which nobody can use any more. Returns how many there were.
///
/// # Errors
/// Whatever the database reports.
pub(super) async fn prune(db: &Database, now: DateTime<Utc>) -> Result<u64, DbErr> {
    let expired = Column::ExpiresAt.lte(now);
    // A look first: on SQLite even a deletion that finds nothing takes the write lock.
    if Entity::find().filter(expired.clone()).count(db.reader()).await? == 0 {
        return Ok(0);
    }
    Ok(Entity::delete_many().filter(expired).exec(db.writer()).await?.rows_affected)
}
