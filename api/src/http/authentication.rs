//! From a request's headers to its viewer.

use axum::http::{HeaderMap, StatusCode, header};

use crate::auth::{TokenError, TokenVerifier};
use crate::error::ErrorCode;
use crate::viewer::Viewer;

/// Why a request has no viewer.
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) code: ErrorCode,
    pub(super) message: String,
}

/// The viewer that the bearer token names.
pub(super) async fn viewer(headers: &HeaderMap, verifier: &TokenVerifier) -> Result<Viewer, Refusal> {
    let token = bearer(headers)
        .ok_or_else(|| unauthenticated("send a token as \"Authorization: Bearer <token>\""))?;
    match verifier.verify(token).await {
        Ok(identity) => Ok(Viewer::new(identity)),
        Err(error @ TokenError::KeysUnavailable) => Err(Refusal {
            status: StatusCode::SERVICE_UNAVAILABLE,
            code: ErrorCode::Unavailable,
            message: error.to_string(),
        }),
        Err(error) => Err(unauthenticated(&error.to_string())),
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn unauthenticated(message: &str) -> Refusal {
    Refusal {
        status: StatusCode::UNAUTHORIZED,
        code: ErrorCode::Unauthenticated,
        message: message.to_owned(),
    }
}
