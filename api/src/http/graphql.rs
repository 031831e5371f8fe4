//! GraphQL over HTTP, by the letter of its specification.
//!
//! Our own handler, because the ready-made one runs mutations that come by GET or as plain text (which a foreign page can
//! make a browser send), takes batches and uploads, and does not say by its status whether a request was executed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_graphql::dataloader::DataLoader;
use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextExecute};
use async_graphql::parser::types::OperationType;
use async_graphql::{ErrorExtensionValues, Request, Response as GraphqlResponse, ServerError};
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use tower_http::request_id::RequestId;

use super::App;
use super::authentication::{Refusal, viewer};
use super::misfit;
use super::negotiation::MediaType;
use crate::error::ErrorCode;
use crate::service::read::Unscoped;

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

/// The parameters of a request. Read strictly: a batch or a wrong type is an error, not an empty request.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    query: String,
    #[serde(default)]
    operation_name: Option<String>,
    #[serde(default)]
    variables: Option<serde_json::Map<String, serde_json::Value>>,
    /// None is understood yet, but what is there must be an object.
    #[serde(default, rename = "extensions")]
    _extensions: Option<serde_json::Map<String, serde_json::Value>>,
}

impl Body {
    fn from_json(body: &[u8]) -> Result<Self, String> {
        // Left to itself, serde would read an array as the parameters in their order.
        if body.trim_ascii_start().first() == Some(&b'[') {
            return Err("the body must be one request: batches are not taken".to_owned());
        }
        serde_json::from_slice(body).map_err(|error| not_a_request(&error))
    }

    /// Reads the parameters of a URL, where all but texts are JSON.
    fn from_query_string(query: &str) -> Result<Self, String> {
        let mut parameters = serde_json::Map::new();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let value = match &*name {
                "variables" | "extensions" if !value.is_empty() => {
                    serde_json::from_str(&value).map_err(|error| format!("{name} is not JSON: {error}"))?
                }
                "query" | "operationName" => value.into_owned().into(),
                _ => continue,
            };
            if parameters.insert(name.to_string(), value).is_some() {
                return Err(format!("{name} is given more than once"));
            }
        }
        serde_json::from_value(parameters.into()).map_err(|error| not_a_request(&error))
    }
}

fn not_a_request(error: &serde_json::Error) -> String {
    // What serde expected is named by a type of ours.
    let error = error.to_string().replace("struct Body", "an object");
    format!("this is not a GraphQL request: {error}")
}

impl From<Body> for Request {
    fn from(body: Body) -> Self {
        let variables = serde_json::Value::Object(body.variables.unwrap_or_default());
        let mut request = Self::new(body.query).variables(async_graphql::Variables::from_json(variables));
        request.operation_name = body.operation_name;
        request
    }
}

async fn execute(
    app: &App,
    request_id: &RequestId,
    headers: &HeaderMap,
    media_type: MediaType,
    mut request: Request,
) -> Response {
    let viewer = match viewer(headers, app).await {
        Ok(viewer) => viewer,
        Err(Refusal { status, code, message }) => {
            let mut response = refused(media_type, status, code, &message);
            if status == StatusCode::UNAUTHORIZED {
                response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            return response;
        }
    };
    let executed = Executed::default();
    let loaders = DataLoader::new(Unscoped(app.services.db.clone()), tokio::spawn);
    let operation_name = request.operation_name.clone();
    let document = request.parsed_query().ok().cloned();
    if let Some(error) = document.as_ref().and_then(|document| misfit::variable(document, &request)) {
        return respond(media_type, GraphqlResponse::from_errors(vec![error]), false, request_id);
    }
    let mut response = app.schema.execute(request.data(viewer).data(loaders).data(executed.clone())).await;
    let executed = executed.0.load(Ordering::Relaxed);
    if let Some(document) = document.filter(|_| executed) {
        let data = std::mem::take(&mut response.data);
        response.data = app.types.shape(&document, operation_name.as_deref(), &response.errors, data);
    }
    respond(media_type, response, executed, request_id)
}

/// Whether a request got as far as being executed: only then does its response have `data`.
#[derive(Clone, Debug, Default)]
struct Executed(Arc<AtomicBool>);

/// Notes that execution was reached.
#[derive(Debug, Default)]
pub(crate) struct NoteExecution;

impl ExtensionFactory for NoteExecution {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_graphql::async_trait::async_trait]
impl Extension for NoteExecution {
    async fn execute(
        &self,
        ctx: &ExtensionContext<'_>,
        operation_name: Option<&str>,
        next: NextExecute<'_>,
    ) -> GraphqlResponse {
        if let Some(executed) = ctx.data_opt::<Executed>() {
            executed.0.store(true, Ordering::Relaxed);
        }
        next.run(ctx, operation_name).await
    }
}

fn respond(
    media_type: MediaType,
    mut response: GraphqlResponse,
    executed: bool,
    request_id: &RequestId,
) -> Response {
    for error in &mut response.errors {
        complete(error, request_id);
    }
    let status = match media_type {
        MediaType::GraphqlResponse if !executed => StatusCode::BAD_REQUEST,
        _ => StatusCode::OK,
    };
    if executed {
        return json(media_type, status, serde_json::to_vec(&response));
    }
    json(media_type, status, serde_json::to_vec(&ErrorsOnly { errors: response.errors }))
}

/// Gives an error what every error has: a code, the field at fault if it is one, and if the fault is ours, the id by
/// which it is found in the log.
fn complete(error: &mut ServerError, request_id: &RequestId) {
    let extensions = error.extensions.get_or_insert_with(ErrorExtensionValues::default);
    match extensions.get("code") {
        // Only the library itself leaves the code out: the document or its variables do not fit the schema.
        None => {
            extensions.set("code", ErrorCode::BadUserInput.as_str());
            if let Some(field) = misfit::field(&error.message) {
                extensions.set("field", field);
            }
            if let Some(message) = misfit::syntax(&error.message) {
                error.message = message;
            }
        }
        Some(async_graphql::Value::String(code)) if code == ErrorCode::Internal.as_str() => {
            extensions.set("requestId", request_id.header_value().to_str().unwrap_or_default());
        }
        Some(_) => {}
    }
}

#[derive(serde::Serialize)]
struct ErrorsOnly {
    errors: Vec<ServerError>,
}

fn malformed(media_type: MediaType, message: &str) -> Response {
    refused(media_type, StatusCode::BAD_REQUEST, ErrorCode::BadUserInput, message)
}

fn not_acceptable() -> Response {
    let message = "this endpoint answers application/graphql-response+json or application/json";
    refused(MediaType::Json, StatusCode::NOT_ACCEPTABLE, ErrorCode::BadUserInput, message)
}

fn refused(media_type: MediaType, status: StatusCode, code: ErrorCode, message: &str) -> Response {
    let mut error = ServerError::new(message, None);
    error.extensions.get_or_insert_with(ErrorExtensionValues::default).set("code", code.as_str());
    json(media_type, status, serde_json::to_vec(&ErrorsOnly { errors: vec![error] }))
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
