//! apalis: what it polls, the worker it drives, and how that starts and ends.

mod backend;
mod duties;
mod registration;
mod storage;

use std::io;
use std::sync::Arc;
use std::time::Instant;

use apalis::prelude::{BoxDynError, Data, Monitor, WorkerBuilder, WorkerBuilderExt};
use apalis_core::worker::ext::parallelize::ParallelizeExt;
use entity::clock::SharedClock;
use entity::database::Database;
use entity::wake::Wake;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::attempt::Attempts;
use crate::metrics::Metrics;
use crate::queue::{self, Claim};
use crate::retention::RetentionClock;
use crate::{Settings, wakeup};
use backend::JobBackend;
use duties::Duties;
use storage::JobStorage;

pub use registration::{host, is_alive, worker_name};

/// Why a worker could not go on. A job that fails and a database that goes away are no such reasons.
#[derive(Debug, thiserror::Error)]
#[error("the job engine stopped: {0}")]
pub struct EngineError(String);

/// A worker that is about to run.
#[derive(Debug)]
pub struct Worker {
    db: Database,
    clock: SharedClock,
    settings: Settings,
    metrics: Metrics,
    name: String,
}

impl Worker {
    /// A worker with a new name.
    pub fn new(db: Database, clock: SharedClock, settings: Settings, metrics: Metrics) -> Self {
        Self { db, clock, settings, metrics, name: worker_name() }
    }

    /// The name under which it claims jobs.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs jobs until `stop`, then finishes what is running within the deadline and hands back the rest.
    ///
    /// # Errors
    /// [`EngineError`], when apalis gives up.
    pub async fn run(self, stop: CancellationToken) -> Result<(), EngineError> {
        let Self { db, clock, settings, metrics, name } = self;
        let attempts = Arc::new(Attempts::new(db.clone(), clock.clone(), name.clone(), metrics.clone()));
        // Claims that are under way when the worker stops are waited for, so that none is left behind unseen.
        let claims = TaskTracker::new();
        let storage = JobStorage::new(db.clone(), name.clone(), settings, claims.clone());
        let end = CancellationToken::new();
        let wake = wakeup::listen(&db, end.clone());
        let duties = Duties {
            db: db.clone(),
            clock,
            worker: name.clone(),
            attempts: attempts.clone(),
            metrics,
            settings,
            retention_clock: RetentionClock::default(),
            started: Instant::now(),
            wake: wake.listen(),
        };
        let duties = tokio::spawn(duties.run(end.clone()));

        let ended = monitor(&name, storage, wake, attempts, settings)
            .run_with_signal(async move {
                stop.cancelled().await;
                Ok::<(), io::Error>(())
            })
            .await;

        claims.close();
        // What has not come back by then has a lease that will run out.
        let _ = tokio::time::timeout(settings.shutdown_deadline, claims.wait()).await;
        end.cancel();
        let _ = duties.await;
        hand_back(&db, &name).await;
        registration::stopped(&db, &name).await;
        ended.map_err(|error| EngineError(error.to_string()))
    }
}

/// apalis' own supervision: one worker, started again whenever it fails.
fn monitor(
    name: &str,
    storage: JobStorage,
    wake: Wake,
    attempts: Arc<Attempts>,
    settings: Settings,
) -> Monitor {
    let name = name.to_owned();
    Monitor::new()
        .register(move |restarts| {
            WorkerBuilder::new(format!("{name}-{restarts}"))
                .backend(JobBackend::new(storage.clone(), &wake, settings.poll))
                .data(attempts.clone())
                .concurrency(settings.concurrency)
                .parallelize(tokio::spawn)
                .build(handle)
        })
        .should_restart(|_, error| {
            tracing::error!(%error, "the job engine failed and is started again");
            true
        })
        .shutdown_timeout(settings.shutdown_deadline)
}

/// Hands back what the deadline cut off, and what was claimed but never begun.
async fn hand_back(db: &Database, name: &str) {
    match queue::release_all(db, name).await {
        Ok(0) => {}
        Ok(released) => tracing::info!(released, "jobs handed back"),
        Err(error) => tracing::warn!(%error, "jobs were not handed back, their leases will run out"),
    }
}

/// What apalis calls for each claim. It cannot fail: every job's outcome is written by the attempt itself.
async fn handle(claim: Claim, attempts: Data<Arc<Attempts>>) -> Result<(), BoxDynError> {
    attempts.run(claim).await;
    Ok(())
}
