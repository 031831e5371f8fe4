//! Erasing a student, for good and on the record.
//!
//! Deleting ([`delete_student`](super::delete_student)) is the learning system's word that a student is gone: what was
//! computed and told goes, and who saw it before is still known. Erasing is a person's right, and an admin's act: nothing
//! is left that tells who the student was. Jobs and their errors, what backfills found, and sessions go too; the access log keeps that somebody was
//! seen, but not who; and the erasure itself is kept, with its reason, under an id that stands for nothing any more.
//! The guardians stay: they are people of their own, and may have other children.

use entity::access_log::{self, ERASED};
use entity::backfill::ending;
use entity::clock::Clock;
use entity::database::{Database, UnitOfWork, WriteTransaction};
use entity::feed::Change;
use entity::id::StudentId;
use entity::sea_orm::sea_query::Expr;
use entity::sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseConnection, DbErr, EntityTrait, IntoActiveModel, QueryFilter,
};
use entity::{job, job_failure, revoked_subject, session, student, student_erasure};

use super::reference::Reference;
use super::student::LockedStudents;
use crate::auth::Role;
use crate::error::ApiError;
use crate::service::access::AccessLog;
use crate::service::revocation_journal::{self, RevocationJournal};
use crate::viewer::Viewer;

/// Erases a student, as `by` asks for `reason`.
///
/// # Errors
/// When there is no such student; whatever the database reports.
pub async fn erase_student(
    db: &Database,
    clock: &dyn Clock,
    log: &AccessLog,
    journal: &RevocationJournal,
    by: &Viewer,
    student: Reference,
    reason: String,
) -> Result<student_erasure::Model, ApiError> {
    // What other processes hold is redacted when they write it.
    log.flush().await?;
    let erased = db.write(&EraseStudent { clock, by, student, reason }).await?;
    log.forget(erased.erasure.student_id);
    journal.append([revocation_journal::of_erasure(erased.erasure.clone())]).await;
    journal.forget(Role::Student.as_str(), &erased.sourced_id).await;
    Ok(erased.erasure)
}

/// The erasure of the student who had this id, if there was one.
///
/// # Errors
/// Whatever the database reports.
pub async fn erasure(
    db: &DatabaseConnection,
    student: StudentId,
) -> Result<Option<student_erasure::Model>, DbErr> {
    student_erasure::Entity::find_by_id(student).one(db).await
}

/// A student who was erased.
struct Erased {
    erasure: student_erasure::Model,
    /// The id by which the learning system knew the student: for taking out what is kept elsewhere.
    sourced_id: String,
}

struct EraseStudent<'a> {
    clock: &'a dyn Clock,
    by: &'a Viewer,
    student: Reference,
    reason: String,
}

impl UnitOfWork for EraseStudent<'_> {
    type Output = Erased;
    type Error = ApiError;

    async fn run(&self, txn: &WriteTransaction) -> Result<Erased, ApiError> {
        let students = LockedStudents::lock(txn, std::iter::once(&self.student)).await?;
        let student = students.find("student", &self.student)?;
        let erasure = student_erasure::Model {
            student_id: student,
            erased_at: self.clock.now(),
            role: self.by.role().as_str().to_owned(),
            subject: self.by.subject().to_owned(),
            reason: self.reason.clone(),
        };
        // First of all: whoever writes the access log waits from here on, and then knows.
        student_erasure::Entity::insert(erasure.clone().into_active_model().reset_all())
            .exec_without_returning(&**txn)
            .await?;
        redact(txn, student).await?;
        let sourced_id = forget_signing_in(txn, student).await?;
        ending::forget(txn, student).await?;
        // All tables of facts and aggregates follow the student's row.
        student::Entity::delete_by_id(student).exec(&**txn).await?;
        job_failure::Entity::delete_many()
            .filter(job_failure::Column::StudentId.eq(student))
            .exec(&**txn)
            .await?;
        job::Entity::delete_many().filter(job::Column::StudentId.eq(student)).exec(&**txn).await?;
        txn.tell_on_commit([Change::Profile(student)]);
        Ok(Erased { erasure, sourced_id })
    }
}

async fn redact(txn: &WriteTransaction, student: StudentId) -> Result<(), DbErr> {
    access_log::Entity::update_many()
        .col_expr(access_log::Column::StudentId, Expr::value(ERASED))
        .filter(access_log::Column::StudentId.eq(student))
        .exec(&**txn)
        .await?;
    Ok(())
}

/// Deletes what is kept of the student's signing in, and returns the student's own id. A token that is still good shows
/// nothing any more.
async fn forget_signing_in(txn: &WriteTransaction, student: StudentId) -> Result<String, DbErr> {
    let row = student::Entity::find_by_id(student).one(&**txn).await?;
    let row = row.ok_or_else(|| DbErr::RecordNotFound("the student to be erased".to_owned()))?;
    let role = Role::Student.as_str();
    session::Entity::delete_many()
        .filter(session::Column::Role.eq(role))
        .filter(session::Column::Subject.eq(&row.sourced_id))
        .exec(&**txn)
        .await?;
    revoked_subject::Entity::delete_many()
        .filter(revoked_subject::Column::Role.eq(role))
        .filter(revoked_subject::Column::Subject.eq(&row.sourced_id))
        .exec(&**txn)
        .await?;
    Ok(row.sourced_id)
}
