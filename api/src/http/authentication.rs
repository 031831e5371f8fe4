//! From a request's headers to its viewer.

use axum::http::{HeaderMap, StatusCode, header};

use super::App;
use crate::auth::TokenError;
use crate::error::ErrorCode;
use crate::session::Recognition;
use crate::viewer::Viewer;

/// Why a request has no viewer.
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) code: ErrorCode,
    pub(super) message: String,
}

/// The viewer that the bearer token names; without a token, whoever has signed in in the browser.
pub(super) async fn viewer(headers: &HeaderMap, app: &App) -> Result<Viewer, Refusal> {
    let Some(token) = bearer(headers) else { return by_session(headers, app).await };
    match app.verifier.verify(token).await {
        Ok(identity) => Ok(Viewer::new(identity)),
        Err(error @ TokenError::KeysUnavailable) => Err(unavailable(&error.to_string())),
        Err(error) => Err(unauthenticated(&error.to_string())),
    }
}

async fn by_session(headers: &HeaderMap, app: &App) -> Result<Viewer, Refusal> {
    let recognised = app.sessions.recognise(headers).await.map_err(|error| {
        tracing::error!(%error, "sessions cannot be read");
        unavailable("the service cannot answer right now, please try again")
    })?;
    match recognised {
        Some(Recognition::Viewer { viewer, .. }) => Ok(viewer),
        Some(Recognition::Ended) => Err(unauthenticated("the session has ended: sign in again at /sign-in")),
        Some(Recognition::Foreign) => Err(Refusal {
            status: StatusCode::FORBIDDEN,
            code: ErrorCode::Forbidden,
            message: "a session is for this server's own pages: others send a token".to_owned(),
        }),
        None => Err(unauthenticated("send a token as \"Authorization: Bearer <token>\"")),
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

fn unavailable(message: &str) -> Refusal {
    Refusal {
        status: StatusCode::SERVICE_UNAVAILABLE,
        code: ErrorCode::Unavailable,
        message: message.to_owned(),
    }
}
