//! What keeps the queue whole: the sweep for stale students, the end of retired kinds, the pruning of what is done.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, Utc};
use entity::clock::Clock;
use entity::database::{Database, UnitOfWork, WriteTransaction};
use entity::id::StudentId;
use entity::{backfill, change, db_time, job};
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Statement};

/// Rows per transaction, so that none is held for long.
const PAGE: u32 = 1000;

/// A student whose job was discarded is left alone by the sweep for this long: often enough to heal by itself once the
/// cause is gone, seldom enough to cost nothing until then.
const REST_AFTER_DISCARD: Duration = Duration::from_hours(1);

/// How long finished jobs are kept to be looked at.
#[derive(Clone, Copy, Debug)]
pub struct Retention {
    /// For completed jobs.
    pub completed: Duration,
    /// For discarded and cancelled jobs.
    pub failed: Duration,
    /// For backfills, and what became of their students.
    pub backfills: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            completed: Duration::from_hours(24),
            failed: Duration::from_hours(7 * 24),
            backfills: Duration::from_hours(30 * 24),
        }
    }
}

#[derive(FromQueryResult)]
struct Row {
    student_id: StudentId,
}

/// Enqueues a recalculation of every student who is stale and has no job that will see to it. Returns how many.
///
/// A fact and its job commit together, so this mends only what was done by hand, what a restored backup left behind, and
/// jobs that were cancelled; and it tries again, once an hour, students whose job was discarded.
///
/// # Errors
/// Whatever the database reports.
pub async fn sweep_stale(db: &Database, clock: &dyn Clock) -> Result<usize, DbErr> {
    let mut swept = 0;
    loop {
        let students = stale_without_job(db).await?;
        if students.is_empty() {
            return Ok(swept);
        }
        swept += students.len();
        db.write(&Enqueue { students, now: clock.now() }).await?;
    }
}

struct Enqueue {
    students: BTreeSet<StudentId>,
    now: DateTime<Utc>,
}

impl UnitOfWork for Enqueue {
    type Output = ();
    type Error = DbErr;

    async fn run(&self, txn: &WriteTransaction) -> Result<(), DbErr> {
        change::enqueue_recalculation(txn, &self.students, job::LIVE_PRIORITY, self.now).await
    }
}

async fn stale_without_job(db: &Database) -> Result<BTreeSet<StudentId>, DbErr> {
    // The OFFSET keeps PostgreSQL from making a join of this. While many facts arrive at once its statistics are behind,
    // and it would compare every stale student with every job, instead of looking up the student's jobs by their key.
    let sql = format!(
        "SELECT student_id FROM student_profile AS stale \
         WHERE facts_revision <> aggregated_revision AND NOT EXISTS ( \
           SELECT 1 FROM job WHERE job.student_id = stale.student_id AND job.kind = '{kind}' \
             AND (state IN ('available', 'scheduled', 'running', 'retryable') \
               OR (state = 'discarded' AND finished_at > {rested} AND NOT {set_back})) \
           LIMIT 1 OFFSET 0) \
         LIMIT {PAGE}",
        kind = job::RECALCULATE,
        rested = db_time::before_sql(db.backend(), REST_AFTER_DISCARD),
        set_back = db_time::ahead_sql(db.backend(), "finished_at"),
    );
    let rows = Row::find_by_statement(Statement::from_string(db.backend(), sql)).all(db.reader()).await?;
    Ok(rows.into_iter().map(|row| row.student_id).collect())
}

/// Cancels the waiting jobs of kinds that no version runs any more. Returns how many.
///
/// # Errors
/// Whatever the database reports.
pub async fn cancel_retired(db: &Database, retired: &[&str]) -> Result<u64, DbErr> {
    let mut cancelled = 0;
    for kind in retired {
        let sql = format!(
            "UPDATE job SET state = 'cancelled', finished_at = {}, last_error = 'this kind of job is retired' \
             WHERE kind = $1 AND state IN ('available', 'scheduled', 'retryable')",
            db_time::now_sql(db.backend()),
        );
        let statement = Statement::from_sql_and_values(db.backend(), sql, [(*kind).into()]);
        cancelled += db.writer().execute_raw(statement).await?.rows_affected();
    }
    Ok(cancelled)
}

/// Deletes finished jobs that are older at `now` than the retention says, with their failures, and workers that have been
/// silent for as long; and backfills that ended longer ago than it says. Returns how many jobs there were.
///
/// # Errors
/// Whatever the database reports.
pub async fn prune(db: &Database, retention: Retention, now: DateTime<Utc>) -> Result<u64, DbErr> {
    let (completed, failed) = (now - retention.completed, now - retention.failed);
    let of_completed = format!("{ENDED} AND state = 'completed' AND finished_at < $1");
    let of_failed = format!("{ENDED} AND state <> 'completed' AND finished_at < $1");
    let pruned = delete_pages(db, "job", &of_completed, completed).await?
        + delete_pages(db, "job", &of_failed, failed).await?;
    if pruned > 0 {
        let orphans = "DELETE FROM job_failure WHERE NOT EXISTS (SELECT 1 FROM job \
                       WHERE job.student_id = job_failure.student_id AND job.id = job_failure.job_id)";
        db.writer().execute_unprepared(orphans).await?;
    }
    delete_pages(db, "worker", "last_heartbeat_at < $1", failed).await?;
    backfill::cancel::prune(db, now - retention.backfills).await?;
    Ok(pruned)
}

/// The condition of the index of finished jobs.
const ENDED: &str = "state IN ('completed', 'discarded', 'cancelled')";

/// Deletes the rows that meet `condition`, in which `$1` is `before`, page by page, after a look whether there are any: on
/// SQLite even a deletion that finds nothing takes the write lock.
async fn delete_pages(
    db: &Database,
    table: &str,
    condition: &str,
    before: DateTime<Utc>,
) -> Result<u64, DbErr> {
    let key = if table == "job" { "student_id, id" } else { "name" };
    let any = format!("SELECT 1 FROM {table} WHERE {condition} LIMIT 1");
    let page = format!(
        "DELETE FROM {table} WHERE ({key}) IN (SELECT {key} FROM {table} WHERE {condition} LIMIT {PAGE})"
    );
    let mut deleted = 0;
    let bound = |sql: &str| Statement::from_sql_and_values(db.backend(), sql, [before.into()]);
    while db.reader().query_one_raw(bound(&any)).await?.is_some() {
        let rows = db.writer().execute_raw(bound(&page)).await?.rows_affected();
        if rows == 0 {
            break;
        }
        deleted += rows;
    }
    Ok(deleted)
}
