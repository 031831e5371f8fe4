//! The queue's rows.
//!
//! A job carries ids only. It is enqueued by [`crate::change`] in the transaction of the fact that needs it; how it is
//! claimed, run and finished is the worker's business.

use sea_orm::DbBackend;
use sea_orm::entity::prelude::*;

use crate::db_time;
use crate::id::{JobId, StudentId};

/// The kind of job that recomputes one student's aggregates from the facts.
pub const RECALCULATE: &str = "recalculate";

/// Jobs of a live change come first: the smaller number is taken first.
pub const LIVE_PRIORITY: i16 = 0;

/// Jobs of a backfill give way to live ones.
pub const BACKFILL_PRIORITY: i16 = 10;

/// How often a job is tried before it is discarded.
pub const MAX_ATTEMPTS: i32 = 20;

/// How often a job that nobody but a backfill has asked for is tried: few times, so that the run comes to its end, and
/// the error is seen by whoever started it.
pub const BACKFILL_MAX_ATTEMPTS: i32 = 5;

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum State {
    /// Waiting to be claimed. At most one recalculation of a student is in this state.
    #[sea_orm(string_value = "available")]
    Available,
    /// Waiting for its time.
    #[sea_orm(string_value = "scheduled")]
    Scheduled,
    /// Claimed by a worker, under a lease.
    #[sea_orm(string_value = "running")]
    Running,
    /// Failed, lost its worker or was handed back; waiting to be tried again.
    #[sea_orm(string_value = "retryable")]
    Retryable,
    /// Done.
    #[sea_orm(string_value = "completed")]
    Completed,
    /// Given up after its last attempt; its error is kept.
    #[sea_orm(string_value = "discarded")]
    Discarded,
    /// Called off.
    #[sea_orm(string_value = "cancelled")]
    Cancelled,
}

impl State {
    /// The state as it is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Scheduled => "scheduled",
            Self::Running => "running",
            Self::Retryable => "retryable",
            Self::Completed => "completed",
            Self::Discarded => "discarded",
            Self::Cancelled => "cancelled",
        }
    }
}

/// The condition under which a job that waits is to be started, as SQL text.
///
/// An available job is due whatever its `run_at` says, and so is one whose newest attempt began in the future: the clock
/// was set back since, and its delay was reckoned by the former time.
pub fn due_sql(backend: DbBackend) -> String {
    let (now, set_back) = (db_time::now_sql(backend), db_time::ahead_sql(backend, "started_at"));
    format!(
        "state IN ('available', 'scheduled', 'retryable') \
         AND (state = 'available' OR run_at <= {now} OR {set_back})"
    )
}

/// A job of the queue.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "job")]
pub struct Model {
    /// The student whom the job is about.
    #[sea_orm(primary_key, auto_increment = false)]
    pub student_id: StudentId,
    /// The job's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: JobId,
    /// What is to be done: a constant text, never the path of a Rust type.
    pub kind: String,
    /// Where the job stands.
    pub state: State,
    /// Smaller is sooner.
    pub priority: i16,
    /// How often it has been started.
    pub attempt: i32,
    /// How often it may be started.
    pub max_attempts: i32,
    /// How many further requests this job has taken upon itself while it was waiting.
    pub coalesced: i64,
    /// Not to be started again before this time of the database's clock. Of an available job: since when it is due.
    pub run_at: ChronoDateTimeUtc,
    /// When it was enqueued, by the database's clock.
    pub enqueued_at: ChronoDateTimeUtc,
    /// The worker that holds it, or held it last.
    pub claimed_by: Option<String>,
    /// The claim under which it runs, or ran last: new for every claim, so that one that was lost is not taken for it.
    pub claim_id: Option<Uuid>,
    /// Until when the worker's claim holds, by the database's clock.
    pub lease_expires_at: Option<ChronoDateTimeUtc>,
    /// When the newest attempt began, by the database's clock.
    pub started_at: Option<ChronoDateTimeUtc>,
    /// When it was completed, discarded or cancelled, by the database's clock.
    pub finished_at: Option<ChronoDateTimeUtc>,
    /// What went wrong in the newest failed attempt.
    pub last_error: Option<String>,
    /// Whether a backfill waits for it: its end must then be told to [`crate::backfill_item`]. Others need not look.
    pub backfill: bool,
    /// The trace of the newest request that enqueued it, as [`crate::trace`] carries it.
    pub trace_parent: Option<String>,
}

/// Has no relation that is joined through the entity.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
