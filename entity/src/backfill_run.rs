//! The runs of the backfill.

use sea_orm::entity::prelude::*;

use crate::id::{BackfillRunId, CourseId, StudentId};

/// Jobs of a backfill come after those of live changes unless it is told otherwise.
pub const PRIORITIES: std::ops::RangeInclusive<i16> = 0..=100;

/// Which students a run is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Scope {
    /// All of them, and those who are created while it goes on.
    #[sea_orm(string_value = "all")]
    All,
    /// Those who were named.
    #[sea_orm(string_value = "students")]
    Students,
    /// Those who have an enrolment in a course, whatever its status.
    #[sea_orm(string_value = "course")]
    Course,
    /// Those whose facts are newer than their aggregates.
    #[sea_orm(string_value = "stale")]
    Stale,
    /// Those whose recalculation failed in an earlier run.
    #[sea_orm(string_value = "failures")]
    Failures,
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum State {
    /// Going on: students are still to be enqueued, or their jobs to be done.
    #[sea_orm(string_value = "running")]
    Running,
    /// Called off; the jobs that wait for nobody else are being taken back.
    #[sea_orm(string_value = "cancelling")]
    Cancelling,
    /// Called off.
    #[sea_orm(string_value = "cancelled")]
    Cancelled,
    /// Every student is done, or has failed.
    #[sea_orm(string_value = "finished")]
    Finished,
}

impl State {
    /// Whether there is nothing left to do.
    pub const fn has_ended(self) -> bool {
        matches!(self, Self::Cancelled | Self::Finished)
    }
}

/// A run of the backfill: somebody's wish that the aggregates of some students be recomputed, or compared.
///
/// A worker walks its students in the order of their ids, under a lease. `cursor` is the last one it has come by.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "backfill_run")]
pub struct Model {
    /// The run's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: BackfillRunId,
    /// Which students.
    pub scope: Scope,
    /// The same for all runs over the same students: one of them goes at a time. None for students who were named.
    pub scope_key: Option<String>,
    /// The course, if it is about one.
    pub course_id: Option<CourseId>,
    /// The run whose failures this one retries.
    pub retry_of: Option<BackfillRunId>,
    /// Whether it only says what would change.
    pub dry_run: bool,
    /// The priority of its jobs: smaller is sooner.
    pub priority: i16,
    /// How many students it enqueues in a second at most.
    pub rate_per_second: Option<i32>,
    /// Where it stands.
    pub state: State,
    /// Who wished for it.
    pub requested_by: String,
    /// When it was wished for, by the database's clock.
    pub started_at: ChronoDateTimeUtc,
    /// When it ended, by the database's clock.
    pub finished_at: Option<ChronoDateTimeUtc>,
    /// The last student that was walked by.
    pub cursor: Option<StudentId>,
    /// Whether the walk has come to the end once.
    pub walked: bool,
    /// Not to be walked on before this time of the database's clock.
    pub due_at: ChronoDateTimeUtc,
    /// The worker that walks it.
    pub leased_by: Option<String>,
    /// Time of the newest renewal of the lease, by the database's clock.
    pub leased_at: Option<ChronoDateTimeUtc>,
    /// Until when the walk is that worker's alone, by the database's clock.
    pub lease_expires_at: Option<ChronoDateTimeUtc>,
    /// How many students it was about when it began.
    pub total: i64,
    /// How many students were walked by: a job was enqueued for each, or in a dry run, the aggregates compared.
    pub enqueued: i64,
    /// How many of them were no longer waited for when it was called off.
    pub called_off: i64,
    /// How many changed. Written at the end; until then the items are counted.
    pub changed: i64,
    /// How many failed. Written at the end; until then the items are counted.
    pub failed: i64,
}

/// Has no relation that is joined through the entity.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
