//! Why a socket is closed, and what its peer is told.

use axum::extract::ws::{CloseFrame, close_code};

use crate::error::ErrorCode;
use crate::http::authentication::Refusal;

/// The longest reason that fits into a close frame, in bytes.
const MAX_REASON: usize = 123;

/// How a socket ends.
#[derive(Debug)]
pub(super) enum Ending {
    /// The client has closed it, or is gone.
    Gone,
    /// We close it, with this code and this reason.
    Close(u16, String),
}

impl Ending {
    fn close(code: u16, reason: impl Into<String>) -> Self {
        Self::Close(code, reason.into())
    }

    /// A message that the specification does not know.
    pub(super) fn invalid_message(what: &str) -> Self {
        Self::close(4400, format!("Invalid message: {what}"))
    }

    /// An operation before the connection was acknowledged.
    pub(super) fn unauthorized() -> Self {
        Self::close(4401, "Unauthorized")
    }

    /// The connection is not acknowledged.
    pub(super) fn refused(refusal: &Refusal) -> Self {
        match refusal.code {
            // No fault of the client's, which may come again.
            ErrorCode::Unavailable => Self::close(close_code::AGAIN, refusal.message.as_str()),
            _ => Self::close(4403, format!("Forbidden: {}", refusal.message)),
        }
    }

    /// The token has expired. With this code, and unlike 4401, clients connect again, and bring a new token if they can.
    pub(super) fn expired() -> Self {
        Self::close(4403, "Forbidden: the token has expired")
    }

    /// The client speaks another sub-protocol, or names none.
    pub(super) fn other_sub_protocol() -> Self {
        Self::close(4406, "Subprotocol not acceptable")
    }

    /// The client has not asked for a connection in time.
    pub(super) fn init_timeout() -> Self {
        Self::close(4408, "Connection initialisation timeout")
    }

    /// The id is that of an active operation.
    pub(super) fn duplicate(id: &str) -> Self {
        Self::close(4409, format!("Subscriber for {id} already exists"))
    }

    /// The client has asked for a connection again.
    pub(super) fn too_many_inits() -> Self {
        Self::close(4429, "Too many initialisation requests")
    }

    /// The client says more than it may.
    pub(super) fn too_many_messages() -> Self {
        Self::close(close_code::POLICY, "Too many messages")
    }

    /// The subject has as many sockets as it may.
    pub(super) fn too_many_sockets(most: usize) -> Self {
        Self::close(close_code::POLICY, format!("Too many sockets: at most {most} may be open"))
    }

    /// The server stops.
    pub(super) fn going_away() -> Self {
        Self::close(close_code::AWAY, "Going away")
    }

    /// The fault is ours.
    pub(super) fn internal() -> Self {
        Self::close(4500, "Internal server error")
    }

    /// The message is larger than the body of a request may be.
    pub(super) fn too_large() -> Self {
        Self::close(close_code::SIZE, "The message is larger than allowed")
    }

    /// What came is not WebSocket, or more than we take.
    pub(super) fn of_error(error: axum::Error) -> Self {
        use tungstenite::Error;
        match error.into_inner().downcast_ref::<Error>() {
            Some(Error::Capacity(_)) => Self::too_large(),
            Some(Error::Utf8(_)) => Self::close(close_code::INVALID, "The text is not UTF-8"),
            Some(Error::Protocol(_)) => Self::close(close_code::PROTOCOL, "Protocol error"),
            _ => Self::Gone,
        }
    }

    /// What the client is sent, if it is still there.
    pub(super) fn frame(self) -> Option<CloseFrame> {
        let Self::Close(code, mut reason) = self else { return None };
        reason.truncate(reason.floor_char_boundary(MAX_REASON));
        Some(CloseFrame { code, reason: reason.into() })
    }
}
