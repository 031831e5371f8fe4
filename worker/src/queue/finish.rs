//! The end of an attempt: completed, failed, or handed back.

use std::time::Duration;

use entity::backfill::ending;
use entity::database::{Database, UnitOfWork, WriteTransaction};
use entity::id::JobId;
use entity::job::{self, Column, State};
use entity::{db_time, job_failure};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, QueryFilter, UpdateMany};

use super::Claim;
use crate::backoff;

/// Completes the jobs of `claim` that are still held, in the transaction that wrote their results, and returns them.
///
/// The jobs that are missing from the answer have lost their lease: their results must not be written.
///
/// # Errors
/// Whatever the database reports.
pub async fn complete(txn: &WriteTransaction, claim: &Claim, db: &Database) -> Result<Vec<JobId>, DbErr> {
    let completed = end(State::Completed, db)
        .col_expr(Column::LastError, Expr::value(None::<String>))
        .filter(claim.still_holds())
        .exec_with_returning(&**txn)
        .await?;
    Ok(completed.into_iter().map(|job| job.id).collect())
}

/// Records that the attempt of each job of `claim` failed with `error`.
///
/// The job is tried again after a delay that grows with the attempts; after the last one it is discarded.
///
/// # Errors
/// Whatever the database reports.
pub async fn fail(db: &Database, worker: &str, claim: &Claim, error: &str) -> Result<(), DbErr> {
    db.write(&Fail { db, worker, claim, error }).await
}

struct Fail<'a> {
    db: &'a Database,
    worker: &'a str,
    claim: &'a Claim,
    error: &'a str,
}

impl UnitOfWork for Fail<'_> {
    type Output = ();
    type Error = DbErr;

    async fn run(&self, txn: &WriteTransaction) -> Result<(), DbErr> {
        for single in self.claim.clone().into_singles() {
            fail_one(txn, self.db, self.worker, &single, self.error).await?;
        }
        Ok(())
    }
}

async fn fail_one(
    txn: &WriteTransaction,
    db: &Database,
    worker: &str,
    claim: &Claim,
    error: &str,
) -> Result<(), DbErr> {
    let Some(job) = claim.jobs.first() else { return Ok(()) };
    let given_up = job.attempt >= job.max_attempts;
    let update = if given_up {
        end(State::Discarded, db)
    } else {
        let delay = backoff::delay(job.attempt, rand::random());
        wait_again().col_expr(Column::RunAt, db_time::after(db.backend(), delay))
    };
    let updated = update
        .col_expr(Column::LastError, Expr::value(error))
        .filter(claim.still_holds())
        .exec(&**txn)
        .await?;
    if updated.rows_affected == 0 {
        return Ok(());
    }
    if given_up && job.backfill {
        ending::fail(txn, (job.student_id, job.id), job.attempt, error).await?;
    }
    job_failure::Entity::insert(job_failure::ActiveModel {
        student_id: Set(job.student_id),
        job_id: Set(job.id),
        attempt: Set(job.attempt),
        worker: Set(worker.to_owned()),
        error: Set(error.to_owned()),
        ..Default::default()
    })
    .exec_without_returning(&**txn)
    .await?;
    Ok(())
}

/// Hands the jobs of `claim` back, as if this attempt had not been, but for the error that it met with, if any. They are
/// not started again before `pause` has passed.
///
/// # Errors
/// Whatever the database reports.
pub async fn release(
    db: &Database,
    claim: &Claim,
    pause: Duration,
    error: Option<&str>,
) -> Result<(), DbErr> {
    let mut update = hand_back(db, pause);
    if let Some(error) = error {
        update = update.col_expr(Column::LastError, Expr::value(error));
    }
    update.filter(claim.still_holds()).exec(db.writer()).await?;
    Ok(())
}

/// Hands back whatever `worker` still holds, when it stops.
///
/// # Errors
/// Whatever the database reports.
pub async fn release_all(db: &Database, worker: &str) -> Result<u64, DbErr> {
    let released = hand_back(db, Duration::ZERO)
        .filter(Column::ClaimedBy.eq(worker))
        .filter(Expr::cust("state = 'running'"))
        .exec(db.writer())
        .await?;
    Ok(released.rows_affected)
}

fn hand_back(db: &Database, pause: Duration) -> UpdateMany<job::Entity> {
    wait_again()
        .col_expr(Column::Attempt, Expr::col(Column::Attempt).sub(1))
        .col_expr(Column::RunAt, db_time::after(db.backend(), pause))
}

/// A job that waits again does so as retryable, never as available: the one available job of its student may be there
/// already.
fn wait_again() -> UpdateMany<job::Entity> {
    job::Entity::update_many()
        .col_expr(Column::State, Expr::value(State::Retryable))
        .col_expr(Column::LeaseExpiresAt, Expr::value(None::<sea_orm::entity::prelude::ChronoDateTimeUtc>))
}

fn end(state: State, db: &Database) -> UpdateMany<job::Entity> {
    job::Entity::update_many()
        .col_expr(Column::State, Expr::value(state))
        .col_expr(Column::FinishedAt, db_time::now(db.backend()))
        .col_expr(Column::LeaseExpiresAt, Expr::value(None::<sea_orm::entity::prelude::ChronoDateTimeUtc>))
}
