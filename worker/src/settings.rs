//! What can be set about a worker.

use std::time::Duration;

use chrono::TimeDelta;
use entity::sea_orm::DbBackend;

use crate::audit::Pace;
use crate::queue::Retention;
use crate::{accesses, history};

/// The settings of one worker.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How many claims are worked on at once.
    pub concurrency: usize,
    /// How many jobs are claimed, and recomputed in one set of statements, at most.
    pub batch: usize,
    /// How long a claim holds without a heartbeat. Heartbeats come three times as often.
    pub lease: Duration,
    /// How often the table is looked at without a wake-up.
    pub poll: Duration,
    /// How often lost leases are looked for.
    pub reclaim_every: Duration,
    /// How often stale students without a job, retired kinds, finished jobs, old history and old accesses are looked for.
    pub sweep_every: Duration,
    /// How fast the stored aggregates are checked against the facts.
    pub audit: Pace,
    /// How long finished jobs are kept.
    pub retention: Retention,
    /// For how long how much of the history is kept.
    pub history: history::Retention,
    /// For how long it is kept who read or changed which student's record.
    pub accesses: TimeDelta,
    /// How long the running jobs may take to finish when the worker is asked to stop.
    pub shutdown_deadline: Duration,
}

impl Settings {
    /// What suits the database: SQLite has one writer, so that one claim at a time is all there is to gain.
    pub fn for_backend(backend: DbBackend) -> Self {
        Self {
            concurrency: if backend == DbBackend::Sqlite { 1 } else { 4 },
            batch: 100,
            lease: Duration::from_secs(30),
            poll: Duration::from_secs(1),
            reclaim_every: Duration::from_secs(1),
            sweep_every: Duration::from_secs(10),
            audit: Pace::default(),
            retention: Retention::default(),
            history: history::Retention::default(),
            accesses: accesses::KEPT_FOR,
            shutdown_deadline: Duration::from_secs(20),
        }
    }
}
