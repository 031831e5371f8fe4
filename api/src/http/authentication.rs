//! From a request's headers to its viewer.

use axum::http::{HeaderMap, StatusCode, header};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::App;
use crate::auth::{Ticket, TokenError};
use crate::error::ErrorCode;
use crate::session::Recognition;
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
    by: By,
}

/// What admits somebody, and can be taken back before its time.
enum By {
    Token(Ticket),
    Session,
}

/// The viewer that the bearer token names; without a token, whoever has signed in in the browser.
pub(super) async fn viewer(headers: &HeaderMap, app: &App) -> Result<Viewer, Refusal> {
    let admission = match bearer(headers) {
        Some(token) => by_token(token, app).await,
        None => by_session(headers, app, "send a token as \"Authorization: Bearer <token>\"").await,
    };
    admission.map(|admission| admission.viewer)
}

/// The viewer of a socket: whom the bearer token of the `connection_init` message names, or else that of the request that
/// asked for the socket. Pages of browsers can send the first alone; those of this server need send neither.
pub(super) async fn socket(
    headers: &HeaderMap,
    init: &Map<String, Value>,
    app: &App,
) -> Result<Admission, Refusal> {
    let no_token = "send a token as \"authorization\": \"Bearer <token>\" in the payload";
    let given = init.iter().find(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    let token = match given {
        Some((_, value)) => {
            Some(value.as_str().and_then(bearer_of).ok_or_else(|| unauthenticated(no_token))?)
        }
        None => bearer(headers),
    };
    match token {
        Some(token) => by_token(token, app).await,
        None => by_session(headers, app, no_token).await,
    }
}

/// Refuses who was admitted by a session that has ended since, or a token that has been revoked.
pub(super) async fn recheck(admission: &Admission, headers: &HeaderMap, app: &App) -> Result<(), Refusal> {
    match &admission.by {
        By::Token(ticket) => {
            app.verifier.recheck(ticket).map_err(|error| unauthenticated(&error.to_string()))
        }
        By::Session => by_session(headers, app, "there is no session").await.map(drop),
    }
}

async fn by_token(token: &str, app: &App) -> Result<Admission, Refusal> {
    match app.verifier.admit(token).await {
        Ok(ticket) => Ok(Admission {
            viewer: Viewer::new(ticket.identity.clone()),
            expires_at: ticket.expires_at,
            by: By::Token(ticket),
        }),
        Err(error @ TokenError::KeysUnavailable) => Err(unavailable(&error.to_string())),
        Err(error) => Err(unauthenticated(&error.to_string())),
    }
}

async fn by_session(headers: &HeaderMap, app: &App, no_token: &str) -> Result<Admission, Refusal> {
    let recognised = app.sessions.recognise(headers).await.map_err(|error| {
        tracing::error!(%error, "sessions cannot be read");
        unavailable("the service cannot answer right now, please try again")
    })?;
    match recognised {
        Some(Recognition::Viewer { viewer, until }) => {
            Ok(Admission { viewer, expires_at: until, by: By::Session })
        }
        Some(Recognition::Ended) => Err(unauthenticated("the session has ended: sign in again at /sign-in")),
        Some(Recognition::Foreign) => Err(Refusal {
            status: StatusCode::FORBIDDEN,
            code: ErrorCode::Forbidden,
            message: "a session is for this server's own pages: others send a token".to_owned(),
        }),
        None => Err(unauthenticated(no_token)),
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

fn unavailable(message: &str) -> Refusal {
    Refusal {
        status: StatusCode::SERVICE_UNAVAILABLE,
        code: ErrorCode::Unavailable,
        message: message.to_owned(),
    }
}
