//! From a request's headers to its viewer.

use axum::http::{HeaderMap, StatusCode, header};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use crate::auth::{TokenError, TokenVerifier};
use crate::error::ErrorCode;
use crate::viewer::Viewer;

/// Why a request has no viewer.
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) code: ErrorCode,
    pub(super) message: String,
}

/// Who may use a socket, and until when.
pub(super) struct Admission {
    pub(super) viewer: Viewer,
    pub(super) expires_at: DateTime<Utc>,
}

/// The viewer that the bearer token names.
pub(super) async fn viewer(headers: &HeaderMap, verifier: &TokenVerifier) -> Result<Viewer, Refusal> {
    let token = bearer(headers)
        .ok_or_else(|| unauthenticated("send a token as \"Authorization: Bearer <token>\""))?;
    admit(token, verifier).await.map(|admission| admission.viewer)
}

/// The viewer of a socket: whom the bearer token of the `connection_init` message names, or else that of the request that
/// asked for the socket. Browsers can send the first alone.
pub(super) async fn socket(
    headers: &HeaderMap,
    init: &Map<String, Value>,
    verifier: &TokenVerifier,
) -> Result<Admission, Refusal> {
    let given = init.iter().find(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    let token = match given {
        Some((_, value)) => value.as_str().and_then(bearer_of),
        None => bearer(headers),
    };
    let token = token.ok_or_else(|| {
        unauthenticated("send a token as \"authorization\": \"Bearer <token>\" in the payload")
    })?;
    admit(token, verifier).await
}

async fn admit(token: &str, verifier: &TokenVerifier) -> Result<Admission, Refusal> {
    match verifier.admit(token).await {
        Ok((identity, expires_at)) => Ok(Admission { viewer: Viewer::new(identity), expires_at }),
        Err(error @ TokenError::KeysUnavailable) => Err(Refusal {
            status: StatusCode::SERVICE_UNAVAILABLE,
            code: ErrorCode::Unavailable,
            message: error.to_string(),
        }),
        Err(error) => Err(unauthenticated(&error.to_string())),
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    bearer_of(headers.get(header::AUTHORIZATION)?.to_str().ok()?)
}

fn bearer_of(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn unauthenticated(message: &str) -> Refusal {
    Refusal {
        status: StatusCode::UNAUTHORIZED,
        code: ErrorCode::Unauthenticated,
        message: message.to_owned(),
    }
}
