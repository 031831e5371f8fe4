//! The end of a run: called off, or everything done.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveEnum as _, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, Statement};

use super::items;
use crate::backfill_item::{self, Outcome};
use crate::backfill_run::{Column, Entity, State};
use crate::database::{Database, UnitOfWork, WriteTransaction};
use crate::id::{BackfillRunId, JobId, StudentId};
use crate::key_list::is_one_of;
use crate::{db_time, job};

/// Students per transaction, below both databases' limits on parameters.
const PAGE: u64 = 500;

/// What is recorded for a job that nobody but a cancelled run had asked for.
const CALLED_OFF: &str = "its backfill was cancelled";

/// Whether a run could be called off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancelled {
    /// It is called off.
    Now,
    /// It had ended before, or there is no such run.
    TooLate,
}

/// Calls off a run: no student is enqueued any more, and the jobs that wait for this run alone are cancelled.
///
/// # Errors
/// Whatever the database reports. If the run was marked by then, a worker does the rest.
pub async fn cancel(db: &Database, run: BackfillRunId) -> Result<Cancelled, DbErr> {
    let marked = Entity::update_many()
        .col_expr(Column::State, Expr::value(State::Cancelling))
        .filter(Column::Id.eq(run))
        .filter(Column::State.is_in([State::Running, State::Cancelling]))
        .exec(db.writer())
        .await?;
    if marked.rows_affected == 0 {
        return Ok(Cancelled::TooLate);
    }
    take_back(db, run).await?;
    Ok(Cancelled::Now)
}

/// Does what is left to do of a run that is being called off.
///
/// # Errors
/// Whatever the database reports.
pub async fn take_back(db: &Database, run: BackfillRunId) -> Result<(), DbErr> {
    for outcome in [Outcome::Pending, Outcome::Listed] {
        loop {
            let page = items::page(db, run, outcome, None, PAGE).await?;
            if page.is_empty() {
                break;
            }
            db.write(&TakeBack { db, run, outcome, page }).await?;
        }
    }
    end(db, run, State::Cancelling, State::Cancelled).await?;
    Ok(())
}

struct TakeBack<'a> {
    db: &'a Database,
    run: BackfillRunId,
    outcome: Outcome,
    page: Vec<backfill_item::Model>,
}

impl UnitOfWork for TakeBack<'_> {
    type Output = ();
    type Error = DbErr;

    async fn run(&self, txn: &WriteTransaction) -> Result<(), DbErr> {
        let jobs = self.page.iter().filter_map(|item| Some((item.student_id, item.job_id?)));
        cancel_jobs(txn, self.db, jobs).await?;
        let taken_back = backfill_item::Entity::delete_many()
            .filter(backfill_item::Column::StudentId.is_in(self.page.iter().map(|item| item.student_id)))
            .filter(backfill_item::Column::RunId.eq(self.run))
            .filter(backfill_item::Column::Outcome.eq(self.outcome))
            .exec(&**txn)
            .await?;
        if self.outcome == Outcome::Pending {
            let taken_back = i64::try_from(taken_back.rows_affected).unwrap_or(i64::MAX);
            Entity::update_many()
                .col_expr(Column::CalledOff, Expr::col(Column::CalledOff).add(taken_back))
                .filter(Column::Id.eq(self.run))
                .exec(&**txn)
                .await?;
        }
        Ok(())
    }
}

/// Cancels those of `jobs` that have not been started and that nobody else has asked for: a live change, another run and
/// an admin's wish would have been taken on by the waiting job, and counted.
async fn cancel_jobs(
    txn: &WriteTransaction,
    db: &Database,
    jobs: impl Iterator<Item = (StudentId, JobId)>,
) -> Result<(), DbErr> {
    job::Entity::update_many()
        .col_expr(job::Column::State, Expr::value(job::State::Cancelled))
        .col_expr(job::Column::FinishedAt, db_time::now(db.backend()))
        .col_expr(job::Column::LastError, Expr::value(CALLED_OFF))
        .filter(is_one_of([job::Column::StudentId, job::Column::Id], jobs))
        .filter(job::Column::State.is_in([
            job::State::Available,
            job::State::Scheduled,
            job::State::Retryable,
        ]))
        .filter(job::Column::Coalesced.eq(0))
        .exec(&**txn)
        .await?;
    Ok(())
}

/// Ends a run of which nothing is left to do, and writes down what it came to. Returns whether it did.
///
/// # Errors
/// Whatever the database reports.
pub async fn end(db: &Database, run: BackfillRunId, from: State, to: State) -> Result<bool, DbErr> {
    let count = |outcome: Outcome| {
        let outcome = outcome.to_value();
        Expr::cust(format!(
            "(SELECT COUNT(*) FROM backfill_item WHERE run_id = backfill_run.id AND outcome = '{outcome}')"
        ))
    };
    let update = Entity::update_many()
        .col_expr(Column::State, Expr::value(to))
        .col_expr(Column::FinishedAt, db_time::now(db.backend()))
        .col_expr(Column::Changed, count(Outcome::Changed))
        .col_expr(Column::Failed, count(Outcome::Failed))
        .col_expr(Column::LeasedBy, Expr::value(None::<String>))
        .col_expr(Column::LeaseExpiresAt, Expr::value(None::<DateTime<Utc>>));
    let ended = update.filter(Column::Id.eq(run)).filter(Column::State.eq(from)).exec(db.writer()).await?;
    Ok(ended.rows_affected == 1)
}

/// Deletes the runs that ended before `before`, with their items, page by page. Returns how many there were.
///
/// # Errors
/// Whatever the database reports.
pub async fn prune(db: &Database, before: DateTime<Utc>) -> Result<u64, DbErr> {
    let old = "state IN ('cancelled', 'finished') AND finished_at < $1";
    let bound = |sql: String| Statement::from_sql_and_values(db.backend(), sql, [before.into()]);
    // A look before the leap: on SQLite even a deletion that finds nothing takes the write lock.
    let any = bound(format!("SELECT 1 FROM backfill_run WHERE {old} LIMIT 1"));
    if db.reader().query_one_raw(any).await?.is_none() {
        return Ok(0);
    }
    let items = bound(format!(
        "DELETE FROM backfill_item WHERE (student_id, run_id) IN (SELECT student_id, run_id FROM backfill_item \
         WHERE run_id IN (SELECT id FROM backfill_run WHERE {old}) LIMIT {PAGE})"
    ));
    while db.writer().execute_raw(items.clone()).await?.rows_affected() > 0 {}
    let runs = bound(format!("DELETE FROM backfill_run WHERE {old}"));
    Ok(db.writer().execute_raw(runs).await?.rows_affected())
}
