//! GraphQL over HTTP, by the letter of its specification.
//!
//! Our own handler, because the ready-made one runs mutations that come by GET or as plain text (which a foreign page can
//! make a browser send), takes batches and uploads, and does not say by its status whether a request was executed.

use async_graphql::parser::types::OperationType;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::time::timeout;
use tower_http::request_id::RequestId;

use super::App;
use super::authentication::{Refusal, viewer};
use super::body::Body;
use super::conditional;
use super::execution::{Errors, Execution, Finished, to_its_end};
use super::limits::{self, Document};
use super::negotiation::MediaType;
use crate::error::ErrorCode;
use crate::schema::Batches;
use crate::service::access::Witness;
use crate::viewer::Viewer;

/// Queries by GET: nothing that a link can do may change anything.
pub(super) async fn get(
    State(app): State<App>,
    request_id: axum::Extension<RequestId>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let Some(media_type) = MediaType::negotiate(&headers) else { return not_acceptable() };
    let body = match Body::from_query_string(query.as_deref().unwrap_or_default()) {
        Ok(body) => body,
        Err(message) => return refuse(media_type, &malformed(message)),
    };
    let is_persisted = body.persisted().is_some();
    match in_time(&app, asked(&app, &request_id, &headers, body)).await {
        Ok(Finished::Executed(response)) if is_persisted && response.is_ok() => {
            match serde_json::to_vec(&response) {
                Ok(body) => conditional::respond(&headers, media_type.content_type(), body),
                Err(error) => unwritable(&error),
            }
        }
        Ok(finished) => respond(media_type, &finished),
        Err(refusal) => refuse(media_type, &refusal),
    }
}

async fn asked(
    app: &App,
    request_id: &RequestId,
    headers: &HeaderMap,
    body: Body,
) -> Result<Finished, Refusal> {
    let viewer = admitted(app, headers).await?;
    execute(app, request_id, viewer, body, Allowed::Queries).await
}

/// Queries and mutations by POST, as JSON.
pub(super) async fn post(
    State(app): State<App>,
    request_id: axum::Extension<RequestId>,
    headers: HeaderMap,
    body: axum::body::Body,
) -> Response {
    let Some(media_type) = MediaType::negotiate(&headers) else { return not_acceptable() };
    match in_time(&app, posted(&app, &request_id, &headers, body)).await {
        Ok(finished) => respond(media_type, &finished),
        Err(refusal) => refuse(media_type, &refusal),
    }
}

async fn posted(
    app: &App,
    request_id: &RequestId,
    headers: &HeaderMap,
    body: axum::body::Body,
) -> Result<Finished, Refusal> {
    if !is_json(headers) {
        return Err(Refusal {
            status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
            code: ErrorCode::BadUserInput,
            message: "the body must be sent as application/json".to_owned(),
        });
    }
    let viewer = admitted(app, headers).await?;
    let taken = app.bounds.take(&viewer, headers, body).await?;
    let body = Body::from_json(taken.bytes()).map_err(malformed)?;
    execute(app, request_id, viewer, body, Allowed::QueriesAndMutations).await
}

/// Who asks, if there is room for the request at all. Before anything else: strangers can have nothing read or parsed.
async fn admitted(app: &App, headers: &HeaderMap) -> Result<Viewer, Refusal> {
    app.bounds.shed()?;
    let viewer = viewer(headers, app).await?;
    app.bounds.count(&viewer)?;
    Ok(viewer)
}

/// Gives up waiting for a request that takes too long. A query ends there; a mutation goes on to its end.
async fn in_time(
    app: &App,
    answer: impl Future<Output = Result<Finished, Refusal>>,
) -> Result<Finished, Refusal> {
    let within = app.bounds.limits().request_within;
    timeout(within, answer).await.unwrap_or_else(|_| Err(limits::too_slow()))
}

/// What a method may do.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Allowed {
    Queries,
    QueriesAndMutations,
}

async fn execute(
    app: &App,
    request_id: &RequestId,
    viewer: Viewer,
    body: Body,
    allowed: Allowed,
) -> Result<Finished, Refusal> {
    let slot = app.bounds.enter().await?;
    let mut request = match app.persisted.resolve(body) {
        Ok(request) => request,
        Err(errors) => return Ok(Finished::Refused(errors)),
    };
    let document = match app.bounds.document(&mut request, &viewer) {
        Ok(document) => document,
        Err(errors) => return Ok(Finished::Refused(errors)),
    };
    let operation_name = request.operation_name.as_deref();
    if allowed == Allowed::Queries && document.as_ref().is_some_and(|it| may_change(it, operation_name)) {
        return Err(Refusal {
            status: StatusCode::METHOD_NOT_ALLOWED,
            code: ErrorCode::BadUserInput,
            message: "only queries can be sent by GET".to_owned(),
        });
    }
    let (request, execution) = match Execution::begin(request, document, app, request_id.clone()) {
        Ok(begun) => begun,
        Err(refused) => return Ok(refused),
    };
    if execution.operation() == Some(OperationType::Subscription) {
        let message = "subscriptions are taken over a WebSocket, with the sub-protocol graphql-transport-ws";
        return Err(malformed(message.to_owned()));
    }
    let (loaders, batches) = Batches::new(app.services.db.clone());
    tracing::Span::current().record("operation", request.operation_name.as_deref());
    let witness = Witness::new(app.services.access_log.clone(), viewer.clone());
    let request = request.data(viewer).data(loaders).data(witness.clone());
    let (schema, changes) = (app.schema.clone(), execution.operation() == Some(OperationType::Mutation));
    let executed = async move {
        let _slot = slot;
        batches.beside(schema.execute(request)).await
    };
    let response = if changes { to_its_end(executed).await } else { executed.await };
    witness.settle();
    Ok(execution.finish(response))
}

fn respond(media_type: MediaType, response: &Finished) -> Response {
    let status = match (media_type, response) {
        (MediaType::GraphqlResponse, Finished::Refused(_)) => StatusCode::BAD_REQUEST,
        _ => StatusCode::OK,
    };
    json(media_type, status, serde_json::to_vec(response))
}

fn malformed(message: String) -> Refusal {
    Refusal { status: StatusCode::BAD_REQUEST, code: ErrorCode::BadUserInput, message }
}

fn not_acceptable() -> Response {
    let refusal = Refusal {
        status: StatusCode::NOT_ACCEPTABLE,
        code: ErrorCode::BadUserInput,
        message: "this endpoint answers application/graphql-response+json or application/json".to_owned(),
    };
    refuse(MediaType::Json, &refusal)
}

/// The answer to a request that is not executed.
pub(super) fn refuse(media_type: MediaType, refusal: &Refusal) -> Response {
    let body = serde_json::to_vec(&Errors::one(refusal.code, &refusal.message));
    let mut response = json(media_type, refusal.status, body);
    let hint = match refusal.status {
        StatusCode::UNAUTHORIZED => Some((header::WWW_AUTHENTICATE, "Bearer")),
        StatusCode::METHOD_NOT_ALLOWED => Some((header::ALLOW, "POST")),
        // Whatever is short now is there again within a second, or there is more than can be done anyway.
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => Some((header::RETRY_AFTER, "1")),
        _ => None,
    };
    if let Some((name, value)) = hint {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

fn json(media_type: MediaType, status: StatusCode, body: serde_json::Result<Vec<u8>>) -> Response {
    match body {
        Ok(body) => (status, [(header::CONTENT_TYPE, media_type.content_type())], body).into_response(),
        Err(error) => unwritable(&error),
    }
}

fn unwritable(error: &serde_json::Error) -> Response {
    tracing::error!(%error, "a response could not be written as JSON");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    content_type
        .split(';')
        .next()
        .is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
}

/// Whether the operation may do something other than read. One that cannot be told is left to the schema to refuse.
fn may_change(document: &Document, name: Option<&str>) -> bool {
    document.parsed.operations.iter().any(|(operation, definition)| {
        let chosen = name.is_none_or(|name| operation.is_none_or(|operation| operation.as_str() == name));
        chosen && definition.node.ty != OperationType::Query
    })
}
