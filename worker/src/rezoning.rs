//! Has the weeks of all students computed anew when the school has moved to another time zone.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use entity::clock::Clock;
use entity::database::{Database, UnitOfWork, WriteTransaction};
use entity::id::StudentId;
use entity::{change, job, school, student_profile};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect};

/// Students per transaction, so that none is held for long.
const PAGE: u64 = 1000;

/// Enqueues a recalculation of every student whose weeks are due, behind the jobs of live changes. Returns how many.
///
/// Each page commits together with the mark of how far it went, so a worker that is killed leaves none out. A student who
/// is recalculated meanwhile, or comes later, has the weeks of the new zone already.
///
/// # Errors
/// Whatever the database reports.
pub async fn enqueue_due(db: &Database, clock: &dyn Clock) -> Result<usize, DbErr> {
    let mut enqueued = 0;
    // Looked at first without a lock: there is nothing to do but on the rarest of days.
    while school::Model::read(db.reader()).await?.weeks_due_after.is_some() {
        enqueued += db.write(&EnqueuePage { now: clock.now() }).await?;
    }
    Ok(enqueued)
}

struct EnqueuePage {
    now: DateTime<Utc>,
}

#[derive(FromQueryResult)]
struct Row {
    student_id: StudentId,
}

impl UnitOfWork for EnqueuePage {
    type Output = usize;
    type Error = DbErr;

    async fn run(&self, txn: &WriteTransaction) -> Result<usize, DbErr> {
        use student_profile::{Column, Entity};
        let Some(after) = school::Model::lock(txn).await?.weeks_due_after else { return Ok(0) };
        let rows = Entity::find()
            .select_only()
            .column(Column::StudentId)
            .filter(Column::StudentId.gt(after))
            .order_by_asc(Column::StudentId)
            .limit(PAGE)
            .into_model::<Row>()
            .all(&**txn)
            .await?;
        let students: BTreeSet<StudentId> = rows.into_iter().map(|row| row.student_id).collect();
        change::enqueue_recalculation(txn, &students, job::BACKFILL_PRIORITY, self.now).await?;
        school::weeks_seen_to(txn, students.last().copied()).await?;
        Ok(students.len())
    }
}
