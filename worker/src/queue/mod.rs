//! The life of a job after it was enqueued: claimed under a lease, then completed, failed or handed back.
//!
//! Whatever ends an attempt names the claim it acts for. A worker that has lost its lease finds no row of that claim, and
//! so writes nothing. All times are the database's.

mod claim;
mod finish;
mod lease;
mod maintenance;

use entity::id::{JobId, StudentId};
use entity::job::Column;
use sea_orm::sea_query::{Expr, ExprTrait, SimpleExpr};
use uuid::Uuid;

pub use claim::claim;
pub use finish::{complete, fail, release, release_all};
pub use lease::{extend, reclaim_lost};
pub use maintenance::{Retention, cancel_retired, prune, sweep_stale};

/// Jobs that one worker claimed in one statement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claim {
    /// Identifies the claim; new for each.
    pub id: Uuid,
    /// The jobs.
    pub jobs: Vec<ClaimedJob>,
}

/// A job that a worker holds under a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimedJob {
    /// The student whom the job is about.
    pub student_id: StudentId,
    /// The job.
    pub id: JobId,
    /// The number of this attempt, from 1.
    pub attempt: i32,
    /// The number of the last attempt that the job has.
    pub max_attempts: i32,
    /// The trace that the job belongs to, if it is recorded.
    pub trace_parent: Option<String>,
}

impl Claim {
    /// The jobs of this claim one by one, for when the whole failed.
    pub fn into_singles(self) -> impl Iterator<Item = Self> {
        self.jobs.into_iter().map(move |job| Self { id: self.id, jobs: vec![job] })
    }

    /// The condition "is a job of this claim, and the claim still holds".
    fn still_holds(&self) -> SimpleExpr {
        Expr::col(Column::Id)
            .is_in(self.jobs.iter().map(|job| job.id))
            .and(Expr::col(Column::ClaimId).eq(self.id))
            .and(Expr::cust("state = 'running'"))
    }
}
