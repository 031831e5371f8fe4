//! Leases: kept up by a heartbeat, and taken back when it stops.

use std::time::Duration;

use entity::backfill::ending;
use entity::database::{Database, UnitOfWork, WriteTransaction};
use entity::job::{self, Column, State};
use entity::{db_time, job_failure};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter, Statement,
};
use uuid::Uuid;

/// Jobs per transaction, below both databases' limits on parameters.
const PAGE: u32 = 1000;

/// What is recorded for an attempt whose worker stopped reporting.
const LOST_LEASE: &str = "the worker stopped reporting before the job was done";

/// Extends the leases of `claims` to `lease` from now.
///
/// Only of claims that are being worked on: one that reached the database and not its worker must run out.
///
/// # Errors
/// Whatever the database reports.
pub async fn extend(db: &Database, claims: &[Uuid], lease: Duration) -> Result<(), DbErr> {
    if claims.is_empty() {
        return Ok(());
    }
    job::Entity::update_many()
        .col_expr(Column::LeaseExpiresAt, db_time::after(db.backend(), lease))
        .filter(Column::ClaimId.is_in(claims.iter().copied()))
        .filter(Expr::cust("state = 'running'"))
        .exec(db.writer())
        .await?;
    Ok(())
}

/// Takes back the jobs whose lease has run out, and returns how many there were.
///
/// The attempt was counted when it began, so a job that kills its worker each time ends discarded.
///
/// # Errors
/// Whatever the database reports.
pub async fn reclaim_lost(db: &Database) -> Result<usize, DbErr> {
    let mut reclaimed = 0;
    while any_lost(db).await? {
        let page = db.write(&ReclaimLost(db)).await?;
        if page == 0 {
            break;
        }
        reclaimed += page;
    }
    Ok(reclaimed)
}

struct ReclaimLost<'a>(&'a Database);

impl UnitOfWork for ReclaimLost<'_> {
    type Output = usize;
    type Error = DbErr;

    async fn run(&self, txn: &WriteTransaction) -> Result<usize, DbErr> {
        let backend = self.0.backend();
        let now = db_time::now_sql(backend);
        // What a worker that has vanished still holds does not keep the others' jobs waiting.
        let skip_locked = if backend == DbBackend::Postgres { "FOR UPDATE SKIP LOCKED" } else { "" };
        let sql = format!(
            "UPDATE job SET run_at = {now}, lease_expires_at = NULL, last_error = $1, \
             state = CASE WHEN attempt >= max_attempts THEN 'discarded' ELSE 'retryable' END, \
             finished_at = CASE WHEN attempt >= max_attempts THEN {now} ELSE NULL END \
             WHERE (student_id, id) IN (SELECT student_id, id FROM job WHERE {lost} LIMIT {PAGE} {skip_locked}) \
             AND {lost} RETURNING *",
            lost = lost_sql(self.0),
        );
        let statement = Statement::from_sql_and_values(backend, sql, [LOST_LEASE.into()]);
        let lost = job::Entity::find().from_raw_sql(statement).all(&**txn).await?;
        let failures = lost.iter().map(|job| job_failure::ActiveModel {
            student_id: Set(job.student_id),
            job_id: Set(job.id),
            attempt: Set(job.attempt),
            worker: Set(job.claimed_by.clone().unwrap_or_default()),
            error: Set(LOST_LEASE.to_owned()),
            ..Default::default()
        });
        if !lost.is_empty() {
            job_failure::Entity::insert_many(failures).exec_without_returning(&**txn).await?;
        }
        for job in lost.iter().filter(|job| job.backfill && job.state == State::Discarded) {
            ending::fail(txn, (job.student_id, job.id), job.attempt, LOST_LEASE).await?;
        }
        Ok(lost.len())
    }
}

/// A look before the leap: on SQLite even an update that finds nothing takes the write lock.
async fn any_lost(db: &Database) -> Result<bool, DbErr> {
    let sql = format!("SELECT 1 FROM job WHERE {} LIMIT 1", lost_sql(db));
    let found = db.reader().query_one_raw(Statement::from_string(db.backend(), sql)).await?;
    Ok(found.is_some())
}

/// A claim that was made in the future was made before the clock was set back, and its lease was reckoned by the former
/// time. If its worker is alive, the job runs once more than it had to, and the first run writes nothing.
fn lost_sql(db: &Database) -> String {
    let (now, set_back) = (db_time::now_sql(db.backend()), db_time::ahead_sql(db.backend(), "started_at"));
    format!("state = 'running' AND (lease_expires_at < {now} OR {set_back})")
}
