//! The end of the access log's retention.

use chrono::{DateTime, TimeDelta, Utc};
use entity::access_log::{Column, Entity};
use entity::database::Database;
use entity::id::AccessId;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};

/// For how long it is kept who read or changed which student's record, unless told otherwise.
pub const KEPT_FOR: TimeDelta = TimeDelta::days(400);

/// Rows per statement, so that none takes long.
const PAGE: u64 = 1000;

/// Deletes the entries of the access log that began earlier than `kept_for` before `now`, as their ids say. Returns how many
/// there were.
///
/// # Errors
/// Whatever the database reports.
pub async fn prune(db: &Database, now: DateTime<Utc>, kept_for: TimeDelta) -> Result<u64, DbErr> {
    let kept = AccessId::bound(now - kept_for);
    let mut deleted = 0;
    // A look first: on SQLite even a deletion that finds nothing takes the write lock.
    while oldest(db).await?.is_some_and(|oldest| oldest < kept) {
        let page = Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(Column::Id.lt(kept))
            .limit(PAGE)
            .into_query();
        let page = Entity::delete_many().filter(Column::Id.in_subquery(page));
        deleted += page.exec(db.writer()).await?.rows_affected;
    }
    Ok(deleted)
}

async fn oldest(db: &Database) -> Result<Option<AccessId>, DbErr> {
    let oldest = Entity::find().order_by_asc(Column::Id).one(db.reader()).await?;
    Ok(oldest.map(|entry| entry.id))
}
