//! How the queue is doing, in figures: what admins, terminals and metrics show alike.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, Statement,
};

use crate::database::Database;
use crate::{aggregate_drift, db_time, job, paused_kind, student_profile};

/// The time over which throughput and failures are counted.
pub const RECENT: Duration = Duration::from_mins(5);

/// The figures of the queue at one moment.
#[derive(Clone, Debug)]
pub struct QueueStatus {
    /// How many jobs of each kind are in each state; those that have none are left out.
    pub counts: Vec<Count>,
    /// For how long the job that has been due longest has waited to be started.
    pub oldest_waiting: Option<Duration>,
    /// How many jobs were completed within the last [`RECENT`].
    pub completed_recently: u64,
    /// How many attempts failed within the last [`RECENT`].
    pub failed_recently: u64,
    /// How many profiles are stale.
    pub stale_profiles: u64,
    /// How many profiles were found not to be what the facts say, and have not been written since.
    pub drifted_profiles: u64,
    /// The kinds that are paused.
    pub paused: Vec<String>,
}

/// How many jobs of a kind are in a state.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Count {
    /// The kind.
    pub kind: String,
    /// The state.
    pub state: job::State,
    /// How many.
    pub count: i64,
}

#[derive(FromQueryResult)]
struct Moments {
    now: DateTime<Utc>,
    oldest: Option<DateTime<Utc>>,
    completed: i64,
    failed: i64,
}

impl QueueStatus {
    /// Reads the figures.
    ///
    /// # Errors
    /// Whatever the database reports.
    pub async fn read(db: &Database) -> Result<Self, DbErr> {
        let counts = job::Entity::find()
            .select_only()
            .column(job::Column::Kind)
            .column(job::Column::State)
            .column_as(job::Column::Id.count(), "count")
            .group_by(job::Column::Kind)
            .group_by(job::Column::State)
            .order_by_asc(job::Column::Kind)
            .order_by_asc(job::Column::State)
            .into_model::<Count>()
            .all(db.reader())
            .await?;
        let moments = Self::moments(db).await?;
        let waited = moments.oldest.map(|oldest| (moments.now - oldest).to_std().unwrap_or_default());
        let paused =
            paused_kind::Entity::find().order_by_asc(paused_kind::Column::Kind).all(db.reader()).await?;
        Ok(Self {
            counts,
            oldest_waiting: waited,
            completed_recently: moments.completed.unsigned_abs(),
            failed_recently: moments.failed.unsigned_abs(),
            stale_profiles: stale_profiles(db).await?,
            drifted_profiles: aggregate_drift::Entity::open().count(db.reader()).await?,
            paused: paused.into_iter().map(|paused| paused.kind).collect(),
        })
    }

    async fn moments(db: &Database) -> Result<Moments, DbErr> {
        let now = db_time::now_sql(db.backend());
        let due = job::due_sql(db.backend());
        let recently = db_time::before_sql(db.backend(), RECENT);
        let sql = format!(
            "SELECT {now} AS now, \
             (SELECT MIN(run_at) FROM job WHERE {due}) AS oldest, \
             (SELECT COUNT(*) FROM job WHERE state IN ('completed', 'discarded', 'cancelled') \
               AND state = 'completed' AND finished_at > {recently}) AS completed, \
             (SELECT COUNT(*) FROM job_failure WHERE failed_at > {recently}) AS failed",
        );
        let statement = Statement::from_string(db.backend(), sql);
        let row = db.reader().query_one_raw(statement).await?;
        let row = row.ok_or_else(|| DbErr::RecordNotFound("the figures of the queue".to_owned()))?;
        Moments::from_query_result(&row, "")
    }

    /// How many jobs of all kinds are in `state`.
    pub fn in_state(&self, state: job::State) -> i64 {
        self.counts.iter().filter(|count| count.state == state).map(|count| count.count).sum()
    }
}

async fn stale_profiles(db: &Database) -> Result<u64, DbErr> {
    student_profile::Entity::find().filter(student_profile::Entity::stale()).count(db.reader()).await
}
