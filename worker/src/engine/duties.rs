//! What a worker does beside running jobs, from tasks of its own, so that no slow job can hold it up: heartbeats,
//! the upkeep of the queue, and the walk of backfills. Errors are absorbed: each duty comes round again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use entity::clock::SharedClock;
use entity::database::Database;
use entity::sea_orm::DbErr;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, timeout};
use tokio_util::sync::CancellationToken;

use super::registration;
use crate::attempt::Attempts;
use crate::backfill::Walker;
use crate::metrics::Metrics;
use crate::retention::{self, RetentionClock};
use crate::{Settings, audit, queue, rezoning};

/// Kinds of job that earlier versions ran and this one does not. Those that still wait are cancelled.
const RETIRED_KINDS: [&str; 0] = [];

/// What the duties work with.
pub(super) struct Duties {
    pub(super) db: Database,
    pub(super) clock: SharedClock,
    pub(super) worker: String,
    pub(super) attempts: Arc<Attempts>,
    pub(super) metrics: Metrics,
    pub(super) settings: Settings,
    pub(super) retention_clock: RetentionClock,
    /// Start of the worker, by the monotonic clock.
    pub(super) started: Instant,
    /// Says that there may be something new.
    pub(super) wake: watch::Receiver<u64>,
}

impl Duties {
    /// Does all duties until `end`.
    pub(super) async fn run(self, end: CancellationToken) {
        let settings = self.settings;
        let walker = Walker::new(self.db.clone(), self.clock.clone(), self.worker.clone(), settings.lease);
        let walk = walker.run(self.wake.clone(), settings.poll, end.clone());
        let duties = Arc::new(self);
        let heartbeat = every(settings.lease / 3, || soon(settings.lease, duties.clone().heartbeat()));
        let reclaim = every(settings.reclaim_every, || soon(settings.lease, duties.clone().reclaim()));
        let sweep = every(settings.sweep_every, || duties.clone().sweep());
        let audit = every(settings.audit.every, || duties.clone().audit());
        // Not at once: a worker that has just started has jobs to do first.
        let retention = async {
            tokio::time::sleep(settings.sweep_every).await;
            every(settings.sweep_every, || duties.clone().delete_old()).await;
        };
        let others = async {
            tokio::select! {
                () = end.cancelled() => {}
                ((), (), (), (), ()) = async { tokio::join!(heartbeat, reclaim, sweep, audit, retention) } => {}
            }
        };
        // The walk ends by itself, and hands over what it was at.
        tokio::join!(walk, others);
    }

    async fn heartbeat(self: Arc<Self>) -> Result<(), DbErr> {
        queue::extend(&self.db, &self.attempts.held_claims(), self.settings.lease).await?;
        registration::alive(&self.db, &self.worker, self.attempts.counters()).await
    }

    async fn reclaim(self: Arc<Self>) -> Result<(), DbErr> {
        let lost = queue::reclaim_lost(&self.db).await?;
        if lost > 0 {
            tracing::warn!(lost, "jobs taken back from workers that stopped reporting");
            self.db.wake().signal();
        }
        Ok(())
    }

    async fn sweep(self: Arc<Self>) -> Result<(), DbErr> {
        let swept = queue::sweep_stale(&self.db, &*self.clock).await?;
        if swept > 0 {
            tracing::warn!(swept, "stale students without a job were enqueued");
        }
        let due = rezoning::enqueue_due(&self.db, &*self.clock).await?;
        if due > 0 {
            tracing::info!(due, "students were enqueued to have their weeks computed anew");
        }
        queue::cancel_retired(&self.db, &RETIRED_KINDS).await?;
        Ok(())
    }

    async fn audit(self: Arc<Self>) -> Result<(), DbErr> {
        let Some(audited) = audit::step(&self.db, &*self.clock, self.settings.audit).await? else {
            return Ok(());
        };
        self.metrics.count_audited(audited.checked);
        for drift in audited.found {
            let fields: Vec<&str> =
                drift.differences.iter().map(|difference| difference.field.as_str()).collect();
            tracing::error!(student = %drift.student_id, ?fields, "stored aggregates are not what the facts say");
        }
        Ok(())
    }

    /// Apart from the sweep, which must not wait for the history of a whole school, or for a day of its access log.
    async fn delete_old(self: Arc<Self>) -> Result<(), DbErr> {
        let uptime = self.started.elapsed();
        retention::run(&self.db, &*self.clock, &self.retention_clock, uptime, &self.settings, &self.metrics)
            .await
    }
}

/// What `duty` comes to within `limit`: a connection that has died silently must not end it for ever.
async fn soon(limit: Duration, duty: impl Future<Output = Result<(), DbErr>>) -> Result<(), DbErr> {
    let too_late = |_| DbErr::Custom("the database has not answered for too long".to_owned());
    timeout(limit, duty).await.map_err(too_late)?
}

async fn every<F, D>(period: Duration, mut duty: F)
where
    F: FnMut() -> D,
    D: Future<Output = Result<(), DbErr>>,
{
    let mut ticks = tokio::time::interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = duty().await {
            tracing::warn!(%error, "a duty of the worker failed and will be done again");
        }
    }
}
