//! The queue, as admins see it.

use async_graphql::{Context, Description, Enum, ID, Object, Result};
use chrono::{DateTime, Utc};
use entity::queue_status::{self, RECENT};
use entity::{job, job_failure, worker};

use super::{Student, student};
use crate::error::database_error;
use crate::schema::context::Resolving;
use crate::service::queue;

/// Where a job stands.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "job::State")]
pub enum JobState {
    /// Waiting to be claimed. At most one recalculation of a student is in this state.
    Available,
    /// Waiting for its time.
    Scheduled,
    /// Claimed by a worker, under a lease.
    Running,
    /// Failed, lost its worker or was handed back; waiting to be tried again.
    Retryable,
    /// Done.
    Completed,
    /// Given up after its last attempt; its errors are kept.
    Discarded,
    /// Called off.
    Cancelled,
}

/// The kinds of jobs.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobKind {
    /// Recomputes one student's aggregates from the facts.
    Recalculate,
}

impl JobKind {
    /// The kind as it is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Recalculate => job::RECALCULATE,
        }
    }
}

/// The figures of the queue at one moment.
#[derive(Clone, Debug, Description)]
pub struct QueueStatus(pub queue_status::QueueStatus);

impl QueueStatus {
    /// The figures now.
    pub(in crate::schema) async fn read(ctx: &Context<'_>) -> Result<Self> {
        let status = queue_status::QueueStatus::read(&ctx.services()?.db).await;
        Ok(Self(status.map_err(|error| database_error(&error))?))
    }
}

#[Object(use_type_description)]
impl QueueStatus {
    /// How many jobs of each kind are in each state; those that have none are left out.
    async fn counts(&self) -> Vec<JobCount> {
        self.0.counts.iter().cloned().map(JobCount).collect()
    }

    /// For how many seconds the job that has been due longest has waited to be started; null when none is due.
    async fn oldest_waiting_seconds(&self) -> Option<f64> {
        self.0.oldest_waiting.map(|waited| waited.as_secs_f64())
    }

    /// The time over which the next two are counted, in seconds.
    async fn recent_seconds(&self) -> u64 {
        RECENT.as_secs()
    }

    /// How many jobs were completed recently.
    async fn completed_recently(&self) -> u64 {
        self.0.completed_recently
    }

    /// How many attempts failed recently.
    async fn failed_recently(&self) -> u64 {
        self.0.failed_recently
    }

    /// How many profiles have facts newer than their aggregates.
    async fn stale_profiles(&self) -> u64 {
        self.0.stale_profiles
    }

    /// The kinds that no worker may claim for now.
    async fn paused_kinds(&self) -> &[String] {
        &self.0.paused
    }
}

/// How many jobs of a kind are in a state.
#[derive(Clone, Debug, Description)]
pub struct JobCount(queue_status::Count);

#[Object(use_type_description)]
impl JobCount {
    /// The kind.
    async fn kind(&self) -> &str {
        &self.0.kind
    }

    /// The state.
    async fn state(&self) -> JobState {
        self.0.state.into()
    }

    /// How many.
    async fn count(&self) -> i64 {
        self.0.count
    }
}

/// A job of the queue.
#[derive(Clone, Debug, Description)]
pub struct Job(pub job::Model);

#[Object(use_type_description)]
impl Job {
    /// The id, such as `job:0193…`.
    async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// What is to be done.
    async fn kind(&self) -> &str {
        &self.0.kind
    }

    /// Where it stands.
    async fn state(&self) -> JobState {
        self.0.state.into()
    }

    /// The student whom it is about; null when the student is no more.
    async fn student(&self, ctx: &Context<'_>) -> Result<Option<Student>> {
        student(ctx, self.0.student_id).await
    }

    /// Smaller is sooner: 0 for a live change, 10 for a backfill.
    async fn priority(&self) -> i16 {
        self.0.priority
    }

    /// How often it has been started.
    async fn attempt(&self) -> i32 {
        self.0.attempt
    }

    /// How often it may be started.
    async fn max_attempts(&self) -> i32 {
        self.0.max_attempts
    }

    /// How many further requests it has taken upon itself while it was waiting.
    async fn coalesced(&self) -> i64 {
        self.0.coalesced
    }

    /// Not to be started before this time.
    async fn run_at(&self) -> DateTime<Utc> {
        self.0.run_at
    }

    /// When it was enqueued.
    async fn enqueued_at(&self) -> DateTime<Utc> {
        self.0.enqueued_at
    }

    /// When the newest attempt began.
    async fn started_at(&self) -> Option<DateTime<Utc>> {
        self.0.started_at
    }

    /// When it was completed, discarded or cancelled.
    async fn finished_at(&self) -> Option<DateTime<Utc>> {
        self.0.finished_at
    }

    /// The worker that holds it, or held it last.
    async fn worker(&self) -> Option<&str> {
        self.0.claimed_by.as_deref()
    }

    /// Until when the worker's claim holds, unless it is extended.
    async fn lease_expires_at(&self) -> Option<DateTime<Utc>> {
        self.0.lease_expires_at
    }

    /// What went wrong in the newest failed attempt; null when the newest attempt succeeded.
    async fn last_error(&self) -> Option<&str> {
        self.0.last_error.as_deref()
    }

    /// All failed attempts, in their order.
    async fn failures(&self, ctx: &Context<'_>) -> Result<Vec<JobFailure>> {
        let rows = queue::failures(&ctx.services()?.db, &self.0).await;
        Ok(rows.map_err(|error| database_error(&error))?.into_iter().map(JobFailure).collect())
    }
}

/// One failed attempt of a job.
#[derive(Clone, Debug, Description)]
pub struct JobFailure(job_failure::Model);

#[Object(use_type_description)]
impl JobFailure {
    /// The number of the attempt, from 1.
    async fn attempt(&self) -> i32 {
        self.0.attempt
    }

    /// The worker that ran it.
    async fn worker(&self) -> &str {
        &self.0.worker
    }

    /// When it failed.
    async fn failed_at(&self) -> DateTime<Utc> {
        self.0.failed_at
    }

    /// What went wrong.
    async fn error(&self) -> &str {
        &self.0.error
    }
}

/// A worker: one start of the job engine in one process.
#[derive(Clone, Debug, Description)]
pub struct Worker(pub worker::Model);

#[Object(use_type_description)]
impl Worker {
    /// The name: host, process, and something random.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The machine.
    async fn host(&self) -> &str {
        &self.0.host
    }

    /// The process.
    async fn pid(&self) -> i64 {
        self.0.pid
    }

    /// The version of Tally.
    async fn version(&self) -> &str {
        &self.0.version
    }

    /// When it started.
    async fn started_at(&self) -> DateTime<Utc> {
        self.0.started_at
    }

    /// When it last reported.
    async fn last_heartbeat_at(&self) -> DateTime<Utc> {
        self.0.last_heartbeat_at
    }

    /// When it stopped of its own accord; null while it runs, and when it was killed.
    async fn stopped_at(&self) -> Option<DateTime<Utc>> {
        self.0.stopped_at
    }

    /// How many jobs it was running when it last reported.
    async fn running(&self) -> i64 {
        self.0.running
    }

    /// How many jobs it had completed when it last reported.
    async fn done(&self) -> i64 {
        self.0.done
    }

    /// How many attempts had failed when it last reported.
    async fn failed(&self) -> i64 {
        self.0.failed
    }
}
