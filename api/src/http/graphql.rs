//! GraphQL over HTTP, by the letter of its specification.
//!
//! Our own handler, because the ready-made one runs mutations that come by GET or as plain text (which a foreign page can
//! make a browser send), takes batches and uploads, and does not say by its status whether a request was executed.

use async_graphql::Request;
use async_graphql::parser::types::OperationType;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tower_http::request_id::RequestId;

use super::App;
use super::authentication::{Refusal, viewer};
use super::body::Body;
use super::execution::{Errors, Execution, Finished};
use super::negotiation::MediaType;
use crate::error::ErrorCode;
use crate::schema::Batches;

/// Queries by GET: nothing that a link can do may change anything.
pub(super) async fn get(
    State(app): State<App>,
    request_id: axum::Extension<RequestId>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let Some(media_type) = MediaType::negotiate(&headers) else { return not_acceptable() };
    let mut request = match Body::from_query_string(query.as_deref().unwrap_or_default()) {
        Ok(body) => Request::from(body),
        Err(message) => return malformed(media_type, &message),
    };
    if is_other_than_query(&mut request) {
        let mut response = refused(
            media_type,
            StatusCode::METHOD_NOT_ALLOWED,
            ErrorCode::BadUserInput,
            "only queries can be sent by GET",
        );
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
        return response;
    }
    execute(&app, &request_id, &headers, media_type, request).await
}

/// Queries and mutations by POST, as JSON.
pub(super) async fn post(
    State(app): State<App>,
    request_id: axum::Extension<RequestId>,
    headers: HeaderMap,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Response {
    let Some(media_type) = MediaType::negotiate(&headers) else { return not_acceptable() };
    let body = match body {
        Ok(body) => body,
        Err(rejection) => {
            let status = rejection.status();
            let (code, message) = match status {
                StatusCode::PAYLOAD_TOO_LARGE => (ErrorCode::LimitExceeded, "the body is larger than 4 MiB"),
                _ => (ErrorCode::BadUserInput, "the body could not be read to its end"),
            };
            return refused(media_type, status, code, message);
        }
    };
    if !is_json(&headers) {
        let message = "the body must be sent as application/json";
        return refused(media_type, StatusCode::UNSUPPORTED_MEDIA_TYPE, ErrorCode::BadUserInput, message);
    }
    match Body::from_json(&body) {
        Ok(body) => execute(&app, &request_id, &headers, media_type, body.into()).await,
        Err(message) => malformed(media_type, &message),
    }
}

async fn execute(
    app: &App,
    request_id: &RequestId,
    headers: &HeaderMap,
    media_type: MediaType,
    request: Request,
) -> Response {
    let viewer = match viewer(headers, app).await {
        Ok(viewer) => viewer,
        Err(refusal) => return unauthorized(media_type, refusal),
    };
    let (request, execution) = match Execution::begin(request, app.types.clone(), request_id.clone()) {
        Ok(begun) => begun,
        Err(refused) => return respond(media_type, &refused),
    };
    if execution.operation() == Some(OperationType::Subscription) {
        let message = "subscriptions are taken over a WebSocket, with the sub-protocol graphql-transport-ws";
        return malformed(media_type, message);
    }
    let (loaders, batches) = Batches::new(app.services.db.clone());
    tracing::Span::current().record("operation", request.operation_name.as_deref());
    let response = batches.beside(app.schema.execute(request.data(viewer).data(loaders))).await;
    respond(media_type, &execution.finish(response))
}

fn respond(media_type: MediaType, response: &Finished) -> Response {
    let status = match (media_type, response) {
        (MediaType::GraphqlResponse, Finished::Refused(_)) => StatusCode::BAD_REQUEST,
        _ => StatusCode::OK,
    };
    json(media_type, status, serde_json::to_vec(response))
}

fn malformed(media_type: MediaType, message: &str) -> Response {
    refused(media_type, StatusCode::BAD_REQUEST, ErrorCode::BadUserInput, message)
}

fn not_acceptable() -> Response {
    let message = "this endpoint answers application/graphql-response+json or application/json";
    refused(MediaType::Json, StatusCode::NOT_ACCEPTABLE, ErrorCode::BadUserInput, message)
}

/// The answer to a request that has no viewer.
pub(super) fn unauthorized(media_type: MediaType, refusal: Refusal) -> Response {
    let Refusal { status, code, message } = refusal;
    let mut response = refused(media_type, status, code, &message);
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

/// The answer to a request that is not executed.
pub(super) fn refused(media_type: MediaType, status: StatusCode, code: ErrorCode, message: &str) -> Response {
    json(media_type, status, serde_json::to_vec(&Errors::one(code, message)))
}

fn json(media_type: MediaType, status: StatusCode, body: serde_json::Result<Vec<u8>>) -> Response {
    match body {
        Ok(body) => (status, [(header::CONTENT_TYPE, media_type.content_type())], body).into_response(),
        Err(error) => {
            tracing::error!(%error, "a response could not be written as JSON");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    content_type
        .split(';')
        .next()
        .is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
}

/// Whether the request would do something other than read. One that cannot be told is left to the schema to refuse.
fn is_other_than_query(request: &mut Request) -> bool {
    let name = request.operation_name.clone();
    let Ok(document) = request.parsed_query() else { return false };
    document.operations.iter().any(|(operation, definition)| {
        let chosen =
            name.as_deref().is_none_or(|name| operation.is_none_or(|operation| operation.as_str() == name));
        chosen && definition.node.ty != OperationType::Query
    })
}
