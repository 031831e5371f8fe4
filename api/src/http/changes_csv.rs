//! What changed in a backfill, or in a dry run would change, as CSV for admins.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use entity::id::BackfillRunId;

use super::App;
use super::authentication::{Refusal, viewer};
use super::graphql::refuse;
use super::negotiation::MediaType;
use crate::error::ErrorCode;
use crate::service::access::Witness;
use crate::service::backfill;
use crate::service::read::Scope;

/// What the access log calls it: the field of the schema that leads here.
const OPERATION: &str = "changesCsv";

/// `GET /backfills/{id}/changes.csv`. Errors are answered as those of a GraphQL request.
pub(super) async fn get(State(app): State<App>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let answer = answer(app, &id, &headers).await;
    answer.unwrap_or_else(|refusal| refuse(MediaType::Json, &refusal))
}

async fn answer(app: App, id: &str, headers: &HeaderMap) -> Result<Response, Refusal> {
    let viewer = viewer(headers, &app).await?;
    if !viewer.is_admin() {
        let message = "your role does not allow this";
        return Err(refusal(StatusCode::FORBIDDEN, ErrorCode::Forbidden, message));
    }
    let not_found = || refusal(StatusCode::NOT_FOUND, ErrorCode::NotFound, "there is no such backfill");
    let id: BackfillRunId = id.parse().map_err(|_| not_found())?;
    let run = backfill::run(&app.services.db, id).await.map_err(|error| {
        tracing::error!(%error, "database error");
        let message = "the service cannot answer right now, please try again";
        refusal(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::Unavailable, message)
    })?;
    run.ok_or_else(not_found)?;
    let services = app.services;
    let witness = Witness::new(services.access_log, viewer.clone());
    let scope = Scope::of(viewer, services.clock.now(), witness, OPERATION);
    let changes = Body::from_stream(backfill::changes_csv(services.db, scope, id));
    let file = format!("attachment; filename=\"changes-{}.csv\"", id.0);
    let mut response =
        ([(header::CONTENT_TYPE, "text/csv; charset=utf-8"), (header::CACHE_CONTROL, "no-store")], changes)
            .into_response();
    if let Ok(file) = HeaderValue::from_str(&file) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, file);
    }
    Ok(response)
}

fn refusal(status: StatusCode, code: ErrorCode, message: &str) -> Refusal {
    Refusal { status, code, message: message.to_owned() }
}
