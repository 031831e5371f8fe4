//! What admins see of the queue, and what they can do to it.

use chrono::{DateTime, Utc};
use entity::backfill::ending;
use entity::database::{Database, UnitOfWork, WriteTransaction};
use entity::id::{JobId, StudentId};
use entity::job::{Column, Entity, MAX_ATTEMPTS, Model, State};
use entity::sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use entity::sea_orm::{
    ActiveModelTrait, ColumnTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};
use entity::{db_time, job_failure, paused_kind, worker};

use crate::error::{ApiError, UserError};

/// Which jobs are listed.
#[derive(Clone, Debug, Default)]
pub struct JobFilter {
    /// Only those in this state.
    pub state: Option<State>,
    /// Only those of this kind.
    pub kind: Option<String>,
    /// Only those about this student.
    pub student: Option<StudentId>,
}

/// A page of jobs, the newest first: up to `limit` jobs that are older than `before`.
///
/// # Errors
/// Whatever the database reports.
pub async fn jobs(
    db: &Database,
    filter: &JobFilter,
    before: Option<JobId>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let mut jobs = Entity::find().order_by_desc(Column::Id).limit(limit);
    if let Some(state) = filter.state {
        jobs = jobs.filter(Column::State.eq(state));
    }
    if let Some(kind) = &filter.kind {
        jobs = jobs.filter(Column::Kind.eq(kind));
    }
    if let Some(student) = filter.student {
        jobs = jobs.filter(Column::StudentId.eq(student));
    }
    if let Some(before) = before {
        jobs = jobs.filter(Column::Id.lt(before));
    }
    jobs.all(db.reader()).await
}

/// The job with this id.
///
/// # Errors
/// Whatever the database reports.
pub async fn job(db: &Database, id: JobId) -> Result<Option<Model>, DbErr> {
    Entity::find().filter(Column::Id.eq(id)).one(db.reader()).await
}

/// The failed attempts of a job, in their order.
///
/// # Errors
/// Whatever the database reports.
pub async fn failures(db: &Database, job: &Model) -> Result<Vec<job_failure::Model>, DbErr> {
    job_failure::Entity::find()
        .filter(job_failure::Column::StudentId.eq(job.student_id))
        .filter(job_failure::Column::JobId.eq(job.id))
        .order_by_asc(job_failure::Column::Attempt)
        .all(db.reader())
        .await
}

/// The workers that are known, the newest first.
///
/// # Errors
/// Whatever the database reports.
pub async fn workers(db: &Database) -> Result<Vec<worker::Model>, DbErr> {
    worker::Entity::find().order_by_desc(worker::Column::StartedAt).all(db.reader()).await
}

/// Has a job tried again at once, with as many attempts as a new one.
///
/// # Errors
/// When there is no such job, or it is neither waiting to be retried nor ended without success.
pub async fn retry(db: &Database, id: JobId) -> Result<Model, ApiError> {
    let updated = Entity::update_many()
        // Not available: the one available job of its student may be there already.
        .col_expr(Column::State, Expr::value(State::Retryable))
        .col_expr(Column::RunAt, db_time::now(db.backend()))
        .col_expr(Column::MaxAttempts, Expr::col(Column::Attempt).add(MAX_ATTEMPTS))
        .col_expr(Column::FinishedAt, Expr::value(None::<DateTime<Utc>>))
        .filter(Column::Id.eq(id))
        .filter(Column::State.is_in([State::Discarded, State::Cancelled, State::Retryable]))
        .exec_with_returning(db.writer())
        .await?;
    db.wake().signal();
    changed(db, id, updated, "is neither discarded nor cancelled nor waiting to be retried").await
}

/// Calls off a job that has not been started. If its student is stale, the next sweep enqueues a new one.
///
/// # Errors
/// When there is no such job, or it is running or has ended.
pub async fn cancel(db: &Database, id: JobId) -> Result<Model, ApiError> {
    let updated = db.write(&Cancel { db, id }).await?;
    changed(db, id, updated, "is running or has ended").await
}

struct Cancel<'a> {
    db: &'a Database,
    id: JobId,
}

impl UnitOfWork for Cancel<'_> {
    type Output = Vec<Model>;
    type Error = DbErr;

    async fn run(&self, txn: &WriteTransaction) -> Result<Vec<Model>, DbErr> {
        let updated = Entity::update_many()
            .col_expr(Column::State, Expr::value(State::Cancelled))
            .col_expr(Column::FinishedAt, db_time::now(self.db.backend()))
            .filter(Column::Id.eq(self.id))
            .filter(Column::State.is_in([State::Available, State::Scheduled, State::Retryable]))
            .exec_with_returning(&**txn)
            .await?;
        for job in updated.iter().filter(|job| job.backfill) {
            ending::fail(txn, (job.student_id, job.id), job.attempt, "the job was cancelled").await?;
        }
        Ok(updated)
    }
}

/// The job that was changed, or why none was.
async fn changed(db: &Database, id: JobId, updated: Vec<Model>, otherwise: &str) -> Result<Model, ApiError> {
    match updated.into_iter().next() {
        Some(job) => Ok(job),
        None if job(db, id).await?.is_some() => Err(UserError::conflict("id", otherwise).into()),
        None => Err(UserError::not_found("id").into()),
    }
}

/// Keeps workers from claiming jobs of a kind, until [`resume`].
///
/// # Errors
/// Whatever the database reports.
pub async fn pause(db: &Database, kind: &str, by: &str, now: DateTime<Utc>) -> Result<(), DbErr> {
    let paused = paused_kind::Model { kind: kind.to_owned(), paused_at: now, paused_by: by.to_owned() };
    let again = OnConflict::column(paused_kind::Column::Kind)
        .update_columns([paused_kind::Column::PausedAt, paused_kind::Column::PausedBy])
        .to_owned();
    paused_kind::Entity::insert(paused.into_active_model().reset_all())
        .on_conflict(again)
        .exec_without_returning(db.writer())
        .await?;
    Ok(())
}

/// Lets workers claim jobs of a kind again.
///
/// # Errors
/// Whatever the database reports.
pub async fn resume(db: &Database, kind: &str) -> Result<(), DbErr> {
    paused_kind::Entity::delete_by_id(kind).exec(db.writer()).await?;
    db.wake().signal();
    Ok(())
}
