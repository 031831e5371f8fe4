//! apalis' storage: our job table.

use std::time::Duration;

use apalis_core::backend::persistence::{Persistence, TaskEvent};
use apalis_core::task::Task;
use apalis_core::worker::context::WorkerContext;
use entity::database::Database;
use entity::sea_orm::DbErr;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

use super::registration;
use crate::Settings;
use crate::queue::{self, Claim};

/// How long to wait after an error of the database before it is asked again.
const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(500);

/// Claims jobs from the job table. A task of apalis is a claim: one job when little is going on, a batch when many wait.
///
/// Errors of the database are absorbed here, because apalis would end the worker and drop what it runs.
#[derive(Clone, Debug)]
pub(super) struct JobStorage {
    db: Database,
    worker: String,
    settings: Settings,
    claims: TaskTracker,
}

/// What cannot be done by this storage.
#[derive(Debug, thiserror::Error)]
pub(super) enum StorageError {
    /// A job is enqueued with the fact that needs it, in one transaction, and in no other way.
    #[error("jobs are not pushed through the engine")]
    Push,
}

impl JobStorage {
    pub(super) fn new(db: Database, worker: String, settings: Settings, claims: TaskTracker) -> Self {
        Self { db, worker, settings, claims }
    }

    /// Claims from a task of its own: apalis drops the future it polls when it stops, and a claim that has reached the
    /// database must not be lost from sight. One that takes as long as its lease is worth nothing any more.
    async fn claim(&self) -> Result<Claim, DbErr> {
        let Self { db, worker, settings, .. } = self.clone();
        let claim = async move { queue::claim(&db, &worker, settings.batch, settings.lease).await };
        let not_finished = |why: String| Err(DbErr::Custom(format!("the claim was not finished: {why}")));
        match self.claims.spawn(timeout(settings.lease, claim)).await {
            Ok(Ok(claimed)) => claimed,
            Ok(Err(too_late)) => not_finished(too_late.to_string()),
            Err(failed) => not_finished(failed.to_string()),
        }
    }
}

impl Persistence for JobStorage {
    type Compact = Claim;
    type Response = ();
    type Error = StorageError;

    async fn register(&mut self, _: &WorkerContext) -> Result<(), StorageError> {
        while let Err(error) = registration::started(&self.db, &self.worker).await {
            tracing::warn!(%error, "the worker could not be registered, trying again");
            tokio::time::sleep(PAUSE_AFTER_ERROR).await;
        }
        Ok(())
    }

    /// Heartbeats come from [`super::duties`]: here a full buffer would hold them up.
    async fn heartbeat(&mut self, _: &WorkerContext) -> Result<(), StorageError> {
        Ok(())
    }

    async fn fetch_next(&mut self, _: &WorkerContext) -> Result<Vec<Task<Claim>>, StorageError> {
        match self.claim().await {
            Ok(claim) if claim.jobs.is_empty() => Ok(Vec::new()),
            Ok(claim) => Ok(vec![Task::new(claim)]),
            Err(error) => {
                tracing::warn!(%error, "no jobs could be claimed, trying again");
                tokio::time::sleep(PAUSE_AFTER_ERROR).await;
                Ok(Vec::new())
            }
        }
    }

    async fn reenqueue_abandoned(
        &mut self,
        tasks: Vec<Task<Claim>>,
        _: &WorkerContext,
    ) -> Result<u64, StorageError> {
        let mut released = 0;
        for task in tasks {
            match queue::release(&self.db, &task.args, Duration::ZERO, None).await {
                Ok(()) => released += 1,
                Err(error) => tracing::warn!(%error, "a claim was not handed back, its lease will run out"),
            }
        }
        Ok(released)
    }

    /// Outcomes are written by the attempt, in the transaction of its results.
    async fn handle_events(&mut self, _: Vec<TaskEvent<()>>, _: &WorkerContext) -> Result<(), StorageError> {
        Ok(())
    }

    async fn push_tasks(&mut self, _: Vec<Task<Claim>>) -> Result<(), StorageError> {
        Err(StorageError::Push)
    }
}
