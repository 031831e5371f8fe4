//! One try at a claim: whatever goes wrong, every job of it gets an outcome of its own.

use std::any::Any;
use std::collections::HashSet;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use entity::clock::SharedClock;
use entity::database::{Database, is_held_up, is_transient};
use entity::sea_orm::DbErr;
use entity::trace;
use futures::FutureExt;
use tracing::Span;
use uuid::Uuid;

use crate::backoff;
use crate::metrics::{Metrics, Outcome};
use crate::queue::{self, Claim, ClaimedJob};
use crate::recalculation::{self, Recalculated};

/// How long to wait before an outcome that could not be written is written again.
const OUTCOME_RETRY: Duration = Duration::from_millis(500);
/// The attempt after whose delay a student is tried again whom somebody else kept locked: a few seconds.
const HELD_UP: i32 = 4;
/// An outcome that cannot be written for this many tries is left to the lease: it runs out, and the job runs again.
const OUTCOME_TRIES: u32 = 120;

/// Tries claims on behalf of one worker.
#[derive(Debug)]
pub struct Attempts {
    db: Database,
    clock: SharedClock,
    worker: String,
    metrics: Metrics,
    counters: Counters,
    held: Mutex<HashSet<Uuid>>,
}

/// What a worker has done since it started.
#[derive(Debug, Default)]
pub struct Counters {
    /// Jobs under way.
    pub running: AtomicI64,
    /// Jobs completed.
    pub done: AtomicI64,
    /// Attempts that failed.
    pub failed: AtomicI64,
}

enum Failure {
    /// The database is not to be had, or gave up this transaction: not the job's fault.
    Transient(DbErr),
    /// The job itself cannot be done.
    Job(String),
}

impl Failure {
    /// Whether it may be about one of several students only.
    fn may_be_of_one(&self) -> bool {
        match self {
            Self::Transient(error) => is_held_up(error),
            Self::Job(_) => true,
        }
    }
}

impl Attempts {
    /// Tries on behalf of `worker`.
    pub fn new(db: Database, clock: SharedClock, worker: String, metrics: Metrics) -> Self {
        Self { db, clock, worker, metrics, counters: Counters::default(), held: Mutex::default() }
    }

    /// What has been done so far.
    pub const fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Recalculates the students of `claim`. Never fails and never panics: each job is completed, failed, or handed back.
    pub async fn run(&self, claim: Claim) {
        let running = i64::try_from(claim.jobs.len()).unwrap_or(i64::MAX);
        self.counters.running.fetch_add(running, Ordering::Relaxed);
        let began = Instant::now();
        let id = claim.id;
        self.held().insert(id);
        self.run_together(claim).await;
        self.held().remove(&id);
        self.metrics.observe_batch(began.elapsed());
        self.counters.running.fetch_sub(running, Ordering::Relaxed);
    }

    /// The claims that are being worked on: those whose leases are to be extended.
    pub fn held_claims(&self) -> Vec<Uuid> {
        self.held().iter().copied().collect()
    }

    fn held(&self) -> MutexGuard<'_, HashSet<Uuid>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn run_together(&self, claim: Claim) {
        let together = claim.jobs.len() > 1;
        match self.recalculate(&claim).await {
            Ok(()) => {}
            // One poisoned student fails alone, and one whom somebody keeps locked waits alone.
            Err(failure) if together && failure.may_be_of_one() => {
                for single in claim.into_singles() {
                    self.run_alone(single).await;
                }
            }
            Err(failure) => self.settle(claim, failure).await,
        }
    }

    async fn run_alone(&self, claim: Claim) {
        if let Err(failure) = self.recalculate(&claim).await {
            self.settle(claim, failure).await;
        }
    }

    async fn recalculate(&self, claim: &Claim) -> Result<(), Failure> {
        // Each is open while the work goes on, and so lasts as long as the job did.
        let _spans: Vec<Span> = claim.jobs.iter().filter_map(span_in_trace).collect();
        let work = recalculation::recalculate(&self.db, &*self.clock, claim);
        match AssertUnwindSafe(work).catch_unwind().await {
            Ok(Ok(recalculated)) => {
                self.note(claim, &recalculated);
                Ok(())
            }
            Ok(Err(error)) if is_transient(&error) => Err(Failure::Transient(error)),
            Ok(Err(error)) => Err(Failure::Job(error.to_string())),
            Err(panic) => Err(Failure::Job(panic_message(&*panic))),
        }
    }

    fn note(&self, claim: &Claim, recalculated: &Recalculated) {
        let completed = recalculated.completed;
        self.counters.done.fetch_add(i64::try_from(completed).unwrap_or(i64::MAX), Ordering::Relaxed);
        self.metrics.count(Outcome::Completed, completed);
        self.metrics.count(Outcome::Lost, claim.jobs.len().saturating_sub(completed));
        for stale_since in &recalculated.stale_since {
            let stale_for = recalculated.stamped_at - *stale_since;
            self.metrics.observe_freshness(stale_for.to_std().unwrap_or_default());
        }
    }

    /// Writes down what became of the jobs of `claim`, again and again if the database is not to be had.
    async fn settle(&self, claim: Claim, failure: Failure) {
        let jobs: Vec<String> = claim.jobs.iter().map(|job| job.id.to_string()).collect();
        match &failure {
            Failure::Transient(error) => {
                self.metrics.count(Outcome::Released, jobs.len());
                tracing::warn!(?jobs, %error, "jobs handed back");
            }
            Failure::Job(error) => {
                self.metrics.count(Outcome::Failed, jobs.len());
                self.counters.failed.fetch_add(1, Ordering::Relaxed);
                tracing::error!(?jobs, error, "attempt failed");
            }
        }
        for _ in 0..OUTCOME_TRIES {
            let written = match &failure {
                Failure::Transient(error) => {
                    let delay = backoff::delay(if is_held_up(error) { HELD_UP } else { 1 }, rand::random());
                    queue::release(&self.db, &claim, delay, Some(&error.to_string())).await
                }
                Failure::Job(error) => queue::fail(&self.db, &self.worker, &claim, error).await,
            };
            let Err(error) = written else { return };
            tracing::warn!(?jobs, %error, "the outcome of jobs could not be written, trying again");
            tokio::time::sleep(OUTCOME_RETRY).await;
        }
    }
}

/// The part that an attempt at `job` has in the trace of the request that enqueued it.
fn span_in_trace(job: &ClaimedJob) -> Option<Span> {
    let parent = job.trace_parent.as_deref()?;
    let span = tracing::info_span!("recalculate", job = %job.id, student = %job.student_id, job.attempt);
    trace::follow(&span, parent);
    Some(span)
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panicked: {}", text.unwrap_or("without a message"))
}

/// Runs every job that is due, one batch after another, until none is left. Returns how many were claimed.
///
/// For tools and tests that want to see the end of the work; a worker is [`crate::Worker`].
///
/// # Errors
/// Whatever the database reports when jobs are claimed.
pub async fn drain(db: &Database, clock: &SharedClock) -> Result<usize, DbErr> {
    let settings = crate::Settings::for_backend(db.backend());
    let worker = crate::engine::worker_name();
    let attempts = Attempts::new(db.clone(), clock.clone(), worker.clone(), Metrics::new());
    let mut claimed = 0;
    loop {
        let claim = queue::claim(db, &worker, settings.batch, settings.lease).await?;
        if claim.jobs.is_empty() {
            return Ok(claimed);
        }
        claimed += claim.jobs.len();
        attempts.run(claim).await;
    }
}
