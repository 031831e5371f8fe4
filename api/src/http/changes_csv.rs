//! What changed in a backfill, or in a dry run would change, as CSV for admins.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use entity::id::BackfillRunId;

use super::App;
use super::authentication::viewer;
use super::graphql::{refused, unauthorized};
use super::negotiation::MediaType;
use crate::error::ErrorCode;
use crate::service::backfill;

/// `GET /backfills/{id}/changes.csv`. Errors are answered as those of a GraphQL request.
pub(super) async fn get(State(app): State<App>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let viewer = match viewer(&headers, &app).await {
        Ok(viewer) => viewer,
        Err(refusal) => return unauthorized(MediaType::Json, refusal),
    };
    if !viewer.is_admin() {
        let message = "your role does not allow this";
        return refused(MediaType::Json, StatusCode::FORBIDDEN, ErrorCode::Forbidden, message);
    }
    let not_found =
        || refused(MediaType::Json, StatusCode::NOT_FOUND, ErrorCode::NotFound, "there is no such backfill");
    let Ok(id) = id.parse::<BackfillRunId>() else { return not_found() };
    match backfill::run(&app.services.db, id).await {
        Ok(Some(_)) => {}
        Ok(None) => return not_found(),
        Err(error) => {
            tracing::error!(%error, "database error");
            let message = "the service cannot answer right now, please try again";
            return refused(
                MediaType::Json,
                StatusCode::SERVICE_UNAVAILABLE,
                ErrorCode::Unavailable,
                message,
            );
        }
    }
    let changes = Body::from_stream(backfill::changes_csv(app.services.db, id));
    let file = format!("attachment; filename=\"changes-{}.csv\"", id.0);
    let mut response =
        ([(header::CONTENT_TYPE, "text/csv; charset=utf-8"), (header::CACHE_CONTROL, "no-store")], changes)
            .into_response();
    if let Ok(file) = HeaderValue::from_str(&file) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, file);
    }
    response
}
