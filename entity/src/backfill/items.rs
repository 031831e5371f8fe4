//! The items of a run, page by page in the order of their students.

use sea_orm::{
    ColumnTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};

use crate::backfill_item::{Column, Entity, Model, Outcome};
use crate::database::Database;
use crate::id::{BackfillRunId, StudentId};

/// Up to `limit` items of a run that have `outcome`, after the student `after`.
///
/// # Errors
/// Whatever the database reports.
pub async fn page(
    db: &Database,
    run: BackfillRunId,
    outcome: Outcome,
    after: Option<StudentId>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let mut items = with_outcome(run, outcome).order_by_asc(Column::StudentId).limit(limit);
    if let Some(after) = after {
        items = items.filter(Column::StudentId.gt(after));
    }
    items.all(db.reader()).await
}

/// How many items of a run have `outcome`.
///
/// # Errors
/// Whatever the database reports.
pub async fn count(db: &Database, run: BackfillRunId, outcome: Outcome) -> Result<u64, DbErr> {
    with_outcome(run, outcome).count(db.reader()).await
}

fn with_outcome(run: BackfillRunId, outcome: Outcome) -> Select<Entity> {
    Entity::find().filter(Column::RunId.eq(run)).filter(Column::Outcome.eq(outcome))
}
