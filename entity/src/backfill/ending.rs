//! How the items of a run end: with their jobs, in the same transactions.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, Iterable,
    QueryFilter, QueryOrder, QuerySelect, Select, Statement,
};

use crate::backfill_item::{Change, Column, Entity, Outcome};
use crate::database::{Database, WriteTransaction};
use crate::id::{BackfillRunId, JobId, StudentId};

/// What is recorded for a job that was given up by a version that knows no backfill, and left no error.
const UNKNOWN: &str = "the job was given up";

/// Ends what waits for `jobs`, which are completed. Whoever has no part in `changes` was right all along, or is no more.
///
/// # Errors
/// Whatever the database reports.
pub async fn complete(
    txn: &WriteTransaction,
    jobs: &[(StudentId, JobId)],
    changes: &[Change],
    stamped: DateTime<Utc>,
) -> Result<(), DbErr> {
    if jobs.is_empty() {
        return Ok(());
    }
    let changes: HashMap<StudentId, &Change> =
        changes.iter().map(|change| (change.before.student_id, change)).collect();
    if !changes.is_empty() {
        let ended: Vec<_> = waiting_for(jobs)
            .filter(Column::StudentId.is_in(changes.keys().copied()))
            .order_by_asc(Column::StudentId)
            .order_by_asc(Column::RunId)
            .lock_exclusive()
            .all(&**txn)
            .await?
            .into_iter()
            .filter_map(|item| Some((changes.get(&item.student_id)?, item)))
            .map(|(change, item)| item.with_change(change, Some(stamped)).into_active_model().reset_all())
            .collect();
        let all_but_the_key = OnConflict::columns([Column::StudentId, Column::RunId])
            .update_columns(Column::iter().filter(|it| !matches!(it, Column::StudentId | Column::RunId)))
            .to_owned();
        Entity::insert_many(ended).on_conflict(all_but_the_key).exec_without_returning(&**txn).await?;
    }
    let unchanged = Entity::delete_many()
        .filter(Column::StudentId.is_in(jobs.iter().map(|(student, _)| *student)))
        .filter(Column::JobId.is_in(jobs.iter().map(|(_, job)| *job)))
        .filter(Column::Outcome.eq(Outcome::Pending));
    unchanged.exec(&**txn).await?;
    Ok(())
}

/// Ends what waits for a job that was given up after `attempts`, or called off by hand.
///
/// # Errors
/// Whatever the database reports.
pub async fn fail(
    txn: &WriteTransaction,
    (student, job): (StudentId, JobId),
    attempts: i32,
    error: &str,
) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::Outcome, Expr::value(Outcome::Failed))
        .col_expr(Column::Error, Expr::value(error))
        .col_expr(Column::Attempts, Expr::value(attempts))
        .filter(Column::StudentId.eq(student))
        .filter(Column::JobId.eq(job))
        .filter(Column::Outcome.eq(Outcome::Pending))
        .exec(&**txn)
        .await?;
    Ok(())
}

/// Removes everything of a student who is about to be deleted: an item may hold the student's numbers.
///
/// # Errors
/// Whatever the database reports.
pub async fn forget(txn: &WriteTransaction, student: StudentId) -> Result<(), DbErr> {
    Entity::delete_many().filter(Column::StudentId.eq(student)).exec(&**txn).await?;
    Ok(())
}

/// Ends what waits for jobs that have ended without a word: run by workers of a version that knows no backfill, or
/// deleted by hand. Without this, a run would wait for them for ever.
///
/// # Errors
/// Whatever the database reports.
pub async fn end_orphans(db: &Database, run: BackfillRunId) -> Result<(), DbErr> {
    let orphans = "run_id = $1 AND outcome = 'pending' AND NOT EXISTS (SELECT 1 FROM job \
         WHERE job.student_id = backfill_item.student_id AND job.id = backfill_item.job_id \
         AND job.state IN ('available', 'scheduled', 'running', 'retryable'))";
    let job = "FROM job WHERE job.student_id = backfill_item.student_id AND job.id = backfill_item.job_id";
    let any = format!("SELECT 1 FROM backfill_item WHERE {orphans} LIMIT 1");
    let statement = |sql: String| Statement::from_sql_and_values(db.backend(), sql, [run.into()]);
    if db.reader().query_one_raw(statement(any)).await?.is_none() {
        return Ok(());
    }
    let given_up = format!(
        "UPDATE backfill_item SET outcome = 'failed', attempts = (SELECT attempt {job}), \
         error = COALESCE((SELECT last_error {job}), '{UNKNOWN}') \
         WHERE {orphans} AND EXISTS (SELECT 1 {job} AND job.state IN ('discarded', 'cancelled'))"
    );
    db.writer().execute_raw(statement(given_up)).await?;
    db.writer().execute_raw(statement(format!("DELETE FROM backfill_item WHERE {orphans}"))).await?;
    Ok(())
}

fn waiting_for(jobs: &[(StudentId, JobId)]) -> Select<Entity> {
    Entity::find()
        .filter(Column::JobId.is_in(jobs.iter().map(|(_, job)| *job)))
        .filter(Column::Outcome.eq(Outcome::Pending))
}
