//! Taking the next jobs.

use std::time::Duration;

use entity::database::Database;
use entity::db_time;
use entity::job::{self, RECALCULATE};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};
use uuid::Uuid;

use super::{Claim, ClaimedJob};

/// Claims up to `limit` due jobs for `worker`: the most urgent first, the oldest first among equals.
///
/// Each gets a lease that ends `lease` from now, and one attempt counted. PostgreSQL's workers pass over the rows that
/// others are claiming at the same moment; SQLite has one writer. Kinds that are paused, or that this version does not
/// know, are left alone.
///
/// # Errors
/// Whatever the database reports; nothing is claimed then.
pub async fn claim(db: &Database, worker: &str, limit: usize, lease: Duration) -> Result<Claim, DbErr> {
    let backend = db.backend();
    let now = db_time::now_sql(backend);
    let due = job::due_sql(backend);
    let lease_end = db_time::after_sql(backend, lease);
    let skip_locked = if backend == DbBackend::Postgres { "FOR UPDATE SKIP LOCKED" } else { "" };
    // Materialized, or PostgreSQL may pick jobs again for each row it compares them with, and claim more than the limit.
    // Whether the kind is paused is asked once and not of each job: joined with the jobs, it makes PostgreSQL expect one
    // row, and sort all that wait instead of reading the first few from the index.
    let sql = format!(
        "WITH next AS MATERIALIZED ( \
           SELECT student_id AS next_student_id, id AS next_id FROM job \
           WHERE {due} AND kind = '{RECALCULATE}' \
             AND NOT EXISTS (SELECT 1 FROM paused_kind WHERE kind = '{RECALCULATE}') \
           ORDER BY priority, run_at LIMIT {limit} {skip_locked}) \
         UPDATE job SET state = 'running', attempt = attempt + 1, claimed_by = $1, claim_id = $2, \
           lease_expires_at = {lease_end}, started_at = {now} \
         FROM next WHERE student_id = next_student_id AND id = next_id \
         RETURNING student_id, id, attempt, max_attempts, backfill, trace_parent",
    );
    let id = new_claim_id();
    let statement = Statement::from_sql_and_values(backend, sql, [worker.into(), id.into()]);
    let turn = db.turn().await;
    let rows = db.writer().query_all_raw(statement).await?;
    drop(turn);
    let jobs = rows
        .iter()
        .map(|row| {
            Ok(ClaimedJob {
                student_id: row.try_get_by("student_id")?,
                id: row.try_get_by("id")?,
                attempt: row.try_get_by("attempt")?,
                max_attempts: row.try_get_by("max_attempts")?,
                backfill: row.try_get_by("backfill")?,
                trace_parent: row.try_get_by("trace_parent")?,
            })
        })
        .collect::<Result<_, DbErr>>()?;
    Ok(Claim { id, jobs })
}

/// Claims need no order, only to differ.
fn new_claim_id() -> Uuid {
    Uuid::from_u128(rand::random())
}
