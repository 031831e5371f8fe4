//! Recalculating some students at once, without a run.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use entity::clock::Clock;
use entity::database::{Database, UnitOfWork, WriteTransaction};
use entity::id::StudentId;
use entity::sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};
use entity::{change, job, student_profile};

use super::MAX_STUDENTS;
use crate::error::{ApiError, UserError};

/// Enqueues a recalculation of each of `students`, as urgent as after a live change. All or nothing. Returns how many
/// students there were, each counted once.
///
/// # Errors
/// [`UserError`] that names the place of a student who does not exist; whatever the database reports.
pub async fn recalculate(
    db: &Database,
    clock: &dyn Clock,
    students: &[StudentId],
) -> Result<usize, ApiError> {
    if students.len() > MAX_STUDENTS {
        return Err(UserError::limit("ids", format!("may hold at most {MAX_STUDENTS} students")).into());
    }
    let there = student_profile::Entity::find()
        .filter(student_profile::Column::StudentId.is_in(students.iter().copied()))
        .all(db.reader())
        .await?;
    let there: BTreeSet<StudentId> = there.into_iter().map(|profile| profile.student_id).collect();
    if let Some(at) = students.iter().position(|student| !there.contains(student)) {
        return Err(UserError::not_found(&format!("ids[{at}]")).into());
    }
    db.write(&Enqueue { students: &there, now: clock.now() }).await?;
    Ok(there.len())
}

struct Enqueue<'a> {
    students: &'a BTreeSet<StudentId>,
    now: DateTime<Utc>,
}

impl UnitOfWork for Enqueue<'_> {
    type Output = ();
    type Error = DbErr;

    async fn run(&self, txn: &WriteTransaction) -> Result<(), DbErr> {
        change::enqueue_recalculation(txn, self.students, job::LIVE_PRIORITY, self.now).await
    }
}
