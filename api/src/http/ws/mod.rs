//! GraphQL over WebSocket: the sub-protocol `graphql-transport-ws`, by the letter of its specification.
//!
//! | modules | what lives there |
//! |---|---|
//! | `message` | what is sent either way |
//! | `ending` | why a socket is closed, and what its peer is told |
//! | `connection` | the life of a socket, from its first message to its last |
//! | `operations` | what a socket's client has subscribed to |
//! | `subjects` | how many sockets each subject has open |
//!
//! Our own protocol, because the ready-made one closes with other codes, takes ids twice, and bounds neither the wait for the
//! first message nor the number of subscriptions.
//!
//! Everything that a client can make us keep is bounded. Nothing is queued for it: an operation is asked for its next
//! response when the one before has been taken, so that a slow client gets the latest value and not all old ones.

mod connection;
mod ending;
mod message;
mod operations;
mod subjects;

use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{RawQuery, State, WebSocketUpgrade};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_http::request_id::RequestId;
use tracing::Instrument as _;

use super::App;
use super::graphql::{self, refuse};
use super::limits::overloaded;
use super::negotiation::MediaType;
use connection::Connection;
use subjects::Subjects;

const SUB_PROTOCOL: &str = "graphql-transport-ws";
/// Most sockets are idle, and most messages short: what is allocated for each socket should be, too.
const BUFFER: usize = 4 * 1024;

/// All open sockets of a server. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Sockets {
    stop: CancellationToken,
    open: TaskTracker,
    subjects: Subjects,
}

impl Sockets {
    /// Tells all clients that the server goes away.
    pub(super) fn go_away(&self) {
        self.stop.cancel();
    }

    /// Waits until the last socket is closed.
    pub(super) async fn closed(&self) {
        self.open.close();
        self.open.wait().await;
    }
}

/// A socket if one is asked for, or else a query by GET.
pub(super) async fn get(
    State(app): State<App>,
    request_id: axum::Extension<RequestId>,
    headers: HeaderMap,
    query: RawQuery,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    match upgrade {
        Ok(upgrade) => open(app, request_id.0, headers, upgrade),
        Err(rejection) if wants_socket(&headers) => rejection.into_response(),
        // Boxed: most of what comes here asks for a socket.
        Err(_) => Box::pin(graphql::get(State(app), request_id, headers, query)).await,
    }
}

fn wants_socket(headers: &HeaderMap) -> bool {
    let upgrade = headers.get(header::UPGRADE).and_then(|value| value.to_str().ok());
    upgrade.is_some_and(|protocol| protocol.eq_ignore_ascii_case("websocket"))
}

fn open(app: App, request_id: RequestId, headers: HeaderMap, upgrade: WebSocketUpgrade) -> Response {
    let limits = app.bounds.limits();
    if app.sockets.open.len() >= limits.sockets.open {
        return refuse(MediaType::Json, &overloaded());
    }
    // What is larger than a message may be, but not by much, is read to its end, so that its sender can be told. Beyond
    // this the connection is cut.
    let max_read = limits.sockets.message.saturating_mul(2);
    let upgrade = upgrade
        .protocols([SUB_PROTOCOL])
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .max_message_size(max_read)
        .max_frame_size(max_read);
    let speaks_ours = upgrade.selected_protocol().is_some();
    let open = app.sockets.open.token();
    let span = tracing::Span::current();
    upgrade.on_upgrade(move |socket| {
        let served = async move {
            Connection::new(app, request_id, socket).serve(&headers, speaks_ours).await;
            drop(open);
        };
        served.instrument(span)
    })
}
