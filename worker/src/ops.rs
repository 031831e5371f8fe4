//! What operators ask a process: is it there, is it ready, what does it count.

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use entity::database::{Database, StorageFault};
use entity::queue_status::QueueStatus;
use entity::sea_orm::{ConnectionTrait, DatabaseConnection, DbErr};
use futures::future::BoxFuture;
use tokio::time::timeout;

use crate::engine;
use crate::metrics::Metrics;

/// How long the database may take to answer before the process counts as not ready.
const READY_WITHIN: Duration = Duration::from_secs(2);

/// Timeout of the probe of a storage that was at fault, within that time.
const PROBED_WITHIN: Duration = Duration::from_millis(1500);

/// Says which migrations a database lacks. From outside, because this crate does not know the migrations.
pub type PendingMigrations = for<'d> fn(&'d DatabaseConnection) -> BoxFuture<'d, Result<Vec<String>, DbErr>>;

/// What the operators' routes answer from.
#[derive(Clone, Debug)]
pub struct Ops {
    /// The database.
    pub db: Database,
    /// Which migrations the database lacks.
    pub pending: PendingMigrations,
    /// The process's metrics.
    pub metrics: Metrics,
    /// The name of the worker in this process, if there is one, and how long its lease is.
    pub worker: Option<(String, Duration)>,
}

impl Ops {
    /// The routes `/healthz`, `/readyz` and `/metrics`.
    pub fn router(self) -> Router {
        Router::new()
            .route("/healthz", get(|| async { "ok\n" }))
            .route("/readyz", get(ready))
            .route("/metrics", get(metrics))
            .with_state(self)
    }

    /// Why the process is not ready, if it is not.
    async fn fault(&self) -> Result<Option<String>, DbErr> {
        self.db.reader().execute_unprepared("SELECT 1").await?;
        let pending = (self.pending)(self.db.reader()).await?;
        if !pending.is_empty() {
            return Ok(Some(format!("the database lacks migrations: {}", pending.join(", "))));
        }
        if let Some(fault) = self.storage_fault().await {
            return Ok(Some(fault.to_string()));
        }
        match &self.worker {
            Some((name, lease)) if !engine::is_alive(&self.db, name, *lease).await? => {
                Ok(Some("the worker of this process does not report".to_owned()))
            }
            _ => Ok(None),
        }
    }

    /// Fault of the storage, after a probe, because it may be over.
    async fn storage_fault(&self) -> Option<StorageFault> {
        self.db.storage_fault()?;
        match timeout(PROBED_WITHIN, self.db.probe_storage()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "the storage was probed in vain"),
            Err(_) => tracing::debug!("the probe of the storage took too long"),
        }
        self.db.storage_fault()
    }
}

async fn ready(State(ops): State<Ops>) -> Response {
    let fault = match timeout(READY_WITHIN, ops.fault()).await {
        Ok(Ok(None)) => return "ready\n".into_response(),
        Ok(Ok(Some(fault))) => fault,
        Ok(Err(error)) => {
            tracing::warn!(%error, "not ready");
            "the database does not answer".to_owned()
        }
        // A fault that is known says more.
        Err(_) => ops
            .db
            .storage_fault()
            .map_or_else(|| "the database does not answer in time".to_owned(), |fault| fault.to_string()),
    };
    (StatusCode::SERVICE_UNAVAILABLE, format!("{fault}\n")).into_response()
}

async fn metrics(State(ops): State<Ops>) -> Response {
    let text = match QueueStatus::read(&ops.db).await {
        Ok(status) => ops.metrics.encode(&status, &ops.db),
        Err(error) => {
            tracing::warn!(%error, "the figures of the queue could not be read");
            return (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response();
        }
    };
    match text {
        Ok(text) => {
            let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(header::CONTENT_TYPE, content_type)], text).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
