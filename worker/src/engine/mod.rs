//! apalis: what it polls, the worker it drives, and how that starts and ends.

mod backend;
mod duties;
mod registration;
mod storage;

use std::io;
use std::sync::Arc;

use apalis::prelude::{BoxDynError, Data, Monitor, WorkerBuilder, WorkerBuilderExt};
use apalis_core::worker::ext::parallelize::ParallelizeExt;
use entity::clock::SharedClock;
use entity::database::Database;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::attempt::Attempts;
use crate::queue::{self, Claim};
use crate::{Settings, wakeup};
use backend::JobBackend;
use duties::Duties;
use storage::JobStorage;

pub use registration::worker_name;

/// Why a worker could not go on. A job that fails and a database that goes away are no such reasons.
#[derive(Debug, thiserror::Error)]
#[error("the job engine stopped: {0}")]
pub struct EngineError(String);

/// Runs jobs until `stop`, then finishes what is running within the deadline and hands back the rest.
///
/// # Errors
/// [`EngineError`], when apalis gives up.
pub async fn run(
    db: Database,
    clock: SharedClock,
    settings: Settings,
    stop: CancellationToken,
) -> Result<(), EngineError> {
    let worker = worker_name();
    let attempts = Arc::new(Attempts::new(db.clone(), clock.clone(), worker.clone()));
    // Claims that are under way when the worker stops are waited for, so that none is left behind unseen.
    let claims = TaskTracker::new();
    let storage = JobStorage::new(db.clone(), worker.clone(), settings, claims.clone());
    let duties_end = CancellationToken::new();
    let duties =
        Duties { db: db.clone(), clock, worker: worker.clone(), attempts: attempts.clone(), settings };
    let duties = tokio::spawn(duties.run(duties_end.clone()));
    let wake = wakeup::listen(&db, duties_end.clone());

    let monitor = Monitor::new()
        .register({
            let (worker, attempts) = (worker.clone(), attempts.clone());
            move |restarts| {
                WorkerBuilder::new(format!("{worker}-{restarts}"))
                    .backend(JobBackend::new(storage.clone(), &wake, settings.poll))
                    .data(attempts.clone())
                    .concurrency(settings.concurrency)
                    .parallelize(tokio::spawn)
                    .build(handle)
            }
        })
        .should_restart(|_, error| {
            tracing::error!(%error, "the job engine failed and is started again");
            true
        })
        .shutdown_timeout(settings.shutdown_deadline);
    let ended = monitor
        .run_with_signal(async move {
            stop.cancelled().await;
            Ok::<(), io::Error>(())
        })
        .await;

    claims.close();
    claims.wait().await;
    duties_end.cancel();
    let _ = duties.await;
    match queue::release_all(&db, &worker).await {
        Ok(0) => {}
        Ok(released) => tracing::info!(released, "jobs handed back"),
        Err(error) => tracing::warn!(%error, "jobs were not handed back, their leases will run out"),
    }
    registration::stopped(&db, &worker).await;
    ended.map_err(|error| EngineError(error.to_string()))
}

/// What apalis calls for each claim. It cannot fail: every job's outcome is written by the attempt itself.
async fn handle(claim: Claim, attempts: Data<Arc<Attempts>>) -> Result<(), BoxDynError> {
    attempts.run(claim).await;
    Ok(())
}
