//! Deleting a student, and merging two records of one person.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use entity::backfill::ending;
use entity::change;
use entity::clock::Clock;
use entity::database::{Database, UnitOfWork, WriteTransaction};
use entity::feed::Change;
use entity::id::StudentId;
use entity::sea_orm::sea_query::Expr;
use entity::sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, Statement};
use entity::{guardianship, student};

use super::reference::Reference;
use super::student::LockedStudents;
use crate::error::{ApiError, UserError};

/// Deletes a student with all facts and aggregates. Returns the id that the student had.
///
/// # Errors
/// When there is no such student; whatever the database reports.
pub async fn delete_student(db: &Database, student: Reference) -> Result<StudentId, ApiError> {
    db.write(&DeleteStudent(student)).await
}

struct DeleteStudent(Reference);

impl UnitOfWork for DeleteStudent {
    type Output = StudentId;
    type Error = ApiError;

    async fn run(&self, txn: &WriteTransaction) -> Result<StudentId, ApiError> {
        let students = LockedStudents::lock(txn, std::iter::once(&self.0)).await?;
        let student = students.find("student", &self.0)?;
        ending::forget(txn, student).await?;
        // Everything of the student's goes with the row; a job that is left finds nobody and succeeds.
        student::Entity::delete_by_id(student).exec(&**txn).await?;
        txn.tell_on_commit([Change::Profile(student)]);
        Ok(student)
    }
}

/// What became of two students who were merged.
#[derive(Clone, Debug)]
pub struct Merged {
    /// The student who is no more.
    pub from: StudentId,
    /// The student who was kept.
    pub kept: student::Model,
}

/// Moves all facts of the student `from` to the student `into`, and deletes the student `from`.
///
/// Where both have the same thing (an enrolment in one course, an item or an enrolment of one `sourcedId`, a guardian),
/// that of `into` is kept. What was deleted under `into` does not count as there. A guardian whose right was revoked under
/// either has none, nor has one whose right under `from` has ended.
///
/// # Errors
/// When one of them does not exist, or both are the same; whatever the database reports.
pub async fn merge_students(
    db: &Database,
    clock: &dyn Clock,
    from: Reference,
    into: Reference,
) -> Result<Merged, ApiError> {
    db.write(&MergeStudents { clock, from, into }).await
}

struct MergeStudents<'a> {
    clock: &'a dyn Clock,
    from: Reference,
    into: Reference,
}

/// For each table that moves: its name; what must not yet be there under the other student for a row to move; and which
/// rows are there as tombstones only.
const MOVES: [(&str, &str, &str); 5] = [
    ("quiz_attempt", "kept.sourced_id = moved.sourced_id", "standing = 'deleted'"),
    ("assignment_submission", "kept.sourced_id = moved.sourced_id", "standing = 'deleted'"),
    (
        "enrollment",
        "(kept.sourced_id = moved.sourced_id OR (kept.course_id = moved.course_id \
          AND kept.deleted_at IS NULL AND moved.deleted_at IS NULL))",
        "deleted_at IS NOT NULL",
    ),
    // Whose right is over is not to come back by way of the other record.
    ("guardianship", "kept.guardian_id = moved.guardian_id", "FALSE"),
    // Who saw the one record has seen what is now part of the other.
    ("access_log", "kept.id = moved.id", "FALSE"),
];

impl UnitOfWork for MergeStudents<'_> {
    type Output = Merged;
    type Error = ApiError;

    async fn run(&self, txn: &WriteTransaction) -> Result<Merged, ApiError> {
        let students = LockedStudents::lock(txn, [&self.from, &self.into].into_iter()).await?;
        let from = students.find("from", &self.from)?;
        let into = students.find("into", &self.into)?;
        if from == into {
            return Err(UserError::input("into", "must be another student than from").into());
        }
        merge_guardians(txn, self.clock.now(), from, into).await?;
        for (table, same, tombstone) in MOVES {
            // Where both have tombstones, that of `from` takes the place of the other, which is the same.
            let sql = format!(
                "DELETE FROM {table} AS kept WHERE student_id = $1 AND {tombstone} \
                 AND EXISTS (SELECT 1 FROM {table} AS moved WHERE moved.student_id = $2 AND {same})"
            );
            let values = [into.into(), from.into()];
            txn.execute_raw(Statement::from_sql_and_values(txn.get_database_backend(), sql, values)).await?;
            let sql = format!(
                "UPDATE {table} AS moved SET student_id = $1 WHERE student_id = $2 \
                 AND NOT EXISTS (SELECT 1 FROM {table} AS kept WHERE kept.student_id = $1 AND {same})"
            );
            let values = [into.into(), from.into()];
            txn.execute_raw(Statement::from_sql_and_values(txn.get_database_backend(), sql, values)).await?;
        }
        ending::forget(txn, from).await?;
        student::Entity::delete_by_id(from).exec(&**txn).await?;
        txn.tell_on_commit([Change::Profile(from)]);
        change::record(txn, &BTreeSet::from([into]), self.clock.now()).await?;
        let kept = student::Entity::find_by_id(into).one(&**txn).await?;
        let kept = kept.ok_or_else(|| UserError::not_found("into"))?;
        Ok(Merged { from, kept })
    }
}

/// Revokes under `into` what was revoked under `from` or has ended there, and lets all their guardians know that they may
/// see other children.
async fn merge_guardians(
    txn: &WriteTransaction,
    now: DateTime<Utc>,
    from: StudentId,
    into: StudentId,
) -> Result<(), DbErr> {
    use guardianship::{Column, Entity};
    let guardianships = Entity::find().filter(Column::StudentId.is_in([from, into])).all(&**txn).await?;
    txn.tell_on_commit(guardianships.iter().map(|row| Change::Children(row.guardian_id)));
    for row in guardianships.iter().filter(|row| row.student_id == from) {
        let ended = row.valid_until.filter(|until| *until <= now);
        let Some(over) = row.revoked_at.or(ended) else { continue };
        Entity::update_many()
            .col_expr(Column::RevokedAt, Expr::value(over))
            .filter(Column::StudentId.eq(into))
            .filter(Column::GuardianId.eq(row.guardian_id))
            .filter(Column::RevokedAt.is_null())
            .exec(&**txn)
            .await?;
    }
    Ok(())
}
