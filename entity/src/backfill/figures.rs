//! What a run has come to.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, QueryResult, Statement, Value};

use crate::backfill_run;
use crate::database::Database;
use crate::db_time;
use crate::id::BackfillRunId;

/// A run and its figures at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The run as it is stored.
    pub row: backfill_run::Model,
    /// How many students have a job that is to be done.
    pub pending: i64,
    /// How many have changed; in a dry run, would change.
    pub changed: i64,
    /// How many have failed.
    pub failed: i64,
    /// The moment, by the database's clock.
    pub now: DateTime<Utc>,
}

impl Run {
    /// The run with this id.
    ///
    /// # Errors
    /// Whatever the database reports.
    pub async fn read(db: &Database, id: BackfillRunId) -> Result<Option<Self>, DbErr> {
        Ok(query(db, "WHERE run.id = $1", vec![id.into()]).await?.into_iter().next())
    }

    /// A page of runs, the newest first: up to `limit` runs that are older than `before`.
    ///
    /// # Errors
    /// Whatever the database reports.
    pub async fn list(db: &Database, before: Option<BackfillRunId>, limit: u64) -> Result<Vec<Self>, DbErr> {
        let order = format!("ORDER BY run.id DESC LIMIT {limit}");
        match before {
            Some(before) => query(db, &format!("WHERE run.id < $1 {order}"), vec![before.into()]).await,
            None => query(db, &order, vec![]).await,
        }
    }

    /// How many students it is about, as far as is known: more may be created while it goes on.
    pub fn total(&self) -> i64 {
        self.row.total.max(self.row.enqueued)
    }

    /// How many students have come to an end, this way or that.
    pub const fn done(&self) -> i64 {
        self.row.enqueued - self.pending - self.row.called_off
    }

    /// How many were right all along, or are no more.
    pub const fn unchanged(&self) -> i64 {
        self.done() - self.changed - self.failed
    }

    /// How long it has been going, or went.
    pub fn elapsed(&self) -> Duration {
        (self.row.finished_at.unwrap_or(self.now) - self.row.started_at).to_std().unwrap_or_default()
    }

    /// How many students come to an end in a second; none before the first.
    pub fn per_second(&self) -> Option<f64> {
        let elapsed = self.elapsed().as_secs_f64();
        (self.done() > 0 && elapsed > 0.0).then(|| float(self.done()) / elapsed)
    }

    /// How long it will take at that rate; none before the first student, and when it has ended.
    pub fn time_left(&self) -> Option<Duration> {
        let left = float(self.total() - self.done());
        let rate = self.per_second().filter(|_| !self.row.state.has_ended())?;
        Duration::try_from_secs_f64(left / rate).ok()
    }
}

/// Exact up to many more students than there are.
#[expect(clippy::cast_precision_loss, reason = "a rate is an estimate")]
const fn float(count: i64) -> f64 {
    count as f64
}

/// All figures come from one statement, and so from one moment.
async fn query(db: &Database, condition: &str, values: Vec<Value>) -> Result<Vec<Run>, DbErr> {
    let now = db_time::now_sql(db.backend());
    let sql = format!(
        "SELECT run.*, {now} AS read_at, {pending} AS pending_now, {changed} AS changed_now, {failed} AS failed_now \
         FROM backfill_run AS run {condition}",
        pending = count("pending", "0"),
        changed = count("changed", "run.changed"),
        failed = count("failed", "run.failed"),
    );
    let statement = Statement::from_sql_and_values(db.backend(), sql, values);
    db.reader().query_all_raw(statement).await?.iter().map(read).collect()
}

/// How many items have an outcome: counted while the run goes on, and what was written at its end thereafter.
fn count(outcome: &str, at_the_end: &str) -> String {
    format!(
        "CASE WHEN run.state IN ('running', 'cancelling') THEN (SELECT COUNT(*) FROM backfill_item AS item \
         WHERE item.run_id = run.id AND item.outcome = '{outcome}') ELSE {at_the_end} END"
    )
}

fn read(row: &QueryResult) -> Result<Run, DbErr> {
    Ok(Run {
        row: backfill_run::Model::from_query_result(row, "")?,
        pending: row.try_get("", "pending_now")?,
        changed: row.try_get("", "changed_now")?,
        failed: row.try_get("", "failed_now")?,
        now: row.try_get("", "read_at")?,
    })
}
