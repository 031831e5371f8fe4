//! Stored aggregates that the audit has found not to be what the facts say.

use entity::aggregate_drift::{Column, Entity, Model};
use entity::database::Database;
use entity::id::StudentId;
use entity::sea_orm::{ColumnTrait, DbErr, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

/// The open findings, in the order of the students' ids: up to `limit` after `after`.
///
/// # Errors
/// Whatever the database reports.
pub async fn open_unscoped(db: &Database, after: Option<StudentId>, limit: u64) -> Result<Vec<Model>, DbErr> {
    let mut open = Entity::open();
    if let Some(after) = after {
        open = open.filter(Column::StudentId.gt(after));
    }
    open.order_by_asc(Column::StudentId).limit(limit).all(db.reader()).await
}

/// How many open findings there are.
///
/// # Errors
/// Whatever the database reports.
pub async fn count_unscoped(db: &Database) -> Result<u64, DbErr> {
    Entity::open().count(db.reader()).await
}
