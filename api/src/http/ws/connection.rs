//! The life of a socket.

use std::sync::Arc;
use std::time::Duration;

use async_graphql::Request;
use async_graphql::parser::types::OperationType;
use axum::extract::ws::{Message, WebSocket};
use axum::http::HeaderMap;
use futures::stream::{self, StreamExt as _};
use tokio::time::{Instant, timeout, timeout_at};
use tower_http::request_id::RequestId;

use super::ending::Ending;
use super::message::{ClientMessage, ServerMessage};
use super::operations::{Event, Operations};
use crate::error::ErrorCode;
use crate::http::authentication::{self, Admission};
use crate::http::execution::{Errors, Execution, Finished, to_its_end};
use crate::http::limits::{self, Document, Messages};
use crate::http::{App, SocketLimits};
use crate::service::access::Witness;
use crate::viewer::Viewer;

/// How often a client is asked whether it is there. One that has said nothing until the next time is not.
const PING_EVERY: Duration = Duration::from_secs(25);
/// How long a client may take to accept a message.
const SEND_WITHIN: Duration = Duration::from_secs(30);
/// How long a client may take to agree that the socket is closed.
const CLOSE_WITHIN: Duration = Duration::from_secs(2);

/// One socket, and what is under way on it.
pub(super) struct Connection {
    app: App,
    request_id: RequestId,
    socket: WebSocket,
    operations: Operations,
    messages: Messages,
}

impl Connection {
    pub(super) fn new(app: App, request_id: RequestId, socket: WebSocket) -> Self {
        let messages = Messages::new(app.bounds.limits().sockets.message_rate);
        Self { app, request_id, socket, operations: Operations::default(), messages }
    }

    /// Serves the client until one of both has enough.
    pub(super) async fn serve(mut self, headers: &HeaderMap, speaks_ours: bool) {
        let ending = if speaks_ours { self.talk(headers).await } else { Ending::other_sub_protocol() };
        tracing::debug!(?ending, "socket ended");
        self.close(ending).await;
    }

    async fn talk(&mut self, headers: &HeaderMap) -> Ending {
        let stop = self.app.sockets.stop.clone();
        let init_within = self.app.bounds.limits().sockets.init_within;
        let talk = async {
            let admission = match timeout(init_within, self.acknowledge(headers)).await {
                Ok(admission) => admission?,
                Err(_) => return Err(Ending::init_timeout()),
            };
            let most = self.app.bounds.limits().sockets.of_subject;
            let place = self.app.sockets.subjects.admit(&admission.viewer, most);
            let _place = place.ok_or_else(|| Ending::too_many_sockets(most))?;
            self.send(&ServerMessage::ConnectionAck).await?;
            self.answer(headers, admission).await
        };
        tokio::select! {
            ending = talk => match ending {
                Ok(never) => match never {},
                Err(ending) => ending,
            },
            () = stop.cancelled() => Ending::going_away(),
        }
    }

    /// Waits until the client asks for the connection, and may have it.
    async fn acknowledge(&mut self, headers: &HeaderMap) -> Result<Admission, Ending> {
        let max = self.app.bounds.limits().sockets.message;
        loop {
            match receive(&mut self.socket, &self.messages, max).await? {
                Some(ClientMessage::ConnectionInit(payload)) => {
                    let admission = authentication::socket(headers, &payload, &self.app).await;
                    return admission.map_err(|refusal| Ending::refused(&refusal));
                }
                Some(ClientMessage::Subscribe { .. }) => return Err(Ending::unauthorized()),
                Some(ClientMessage::Ping(payload)) => self.send(&ServerMessage::Pong { payload }).await?,
                Some(ClientMessage::Pong | ClientMessage::Complete { .. }) | None => {}
            }
        }
    }

    /// Does what the client asks, and passes on what comes of it.
    async fn answer(
        &mut self,
        headers: &HeaderMap,
        admission: Admission,
    ) -> Result<std::convert::Infallible, Ending> {
        let mut is_there = true;
        let mut next_ping = Instant::now() + PING_EVERY;
        let max = self.app.bounds.limits().sockets.message;
        loop {
            let expires_in = remaining(&admission, &self.app)?;
            tokio::select! {
                message = receive(&mut self.socket, &self.messages, max) => {
                    is_there = true;
                    if let Some(message) = message? {
                        // Whatever came late in a long wait may have come too late.
                        recheck(headers, &admission, &self.app).await?;
                        self.obey(message, &admission).await?;
                    }
                }
                Some((id, event)) = self.operations.next() => {
                    recheck(headers, &admission, &self.app).await?;
                    self.tell(&id, event).await?;
                }
                () = tokio::time::sleep_until(next_ping) => {
                    if !std::mem::take(&mut is_there) {
                        return Err(Ending::Gone);
                    }
                    next_ping = Instant::now() + PING_EVERY;
                    recheck(headers, &admission, &self.app).await?;
                    send(&mut self.socket, Message::Ping(Vec::new().into())).await?;
                }
                () = tokio::time::sleep(expires_in) => {}
            }
        }
    }

    async fn obey(&mut self, message: ClientMessage, admission: &Admission) -> Result<(), Ending> {
        match message {
            ClientMessage::ConnectionInit(_) => Err(Ending::too_many_inits()),
            ClientMessage::Ping(payload) => self.send(&ServerMessage::Pong { payload }).await,
            ClientMessage::Pong => Ok(()),
            ClientMessage::Complete { id } => {
                self.operations.end(&id);
                Ok(())
            }
            ClientMessage::Subscribe { id, .. } if self.operations.contains(&id) => {
                Err(Ending::duplicate(&id))
            }
            ClientMessage::Subscribe { id, mut request, bytes } => {
                match self.document(&mut request, bytes, &admission.viewer) {
                    Ok(document) => self.begin((id, bytes), *request, document, admission).await,
                    Err(errors) => self.fail(&id, &errors).await,
                }
            }
        }
    }

    /// The document of an operation that a message of so many `bytes` asks for. Refuses one that is one too many, or too
    /// large.
    fn document(
        &self,
        request: &mut Request,
        bytes: usize,
        viewer: &Viewer,
    ) -> Result<Option<Arc<Document>>, Errors> {
        let SocketLimits { operations, message, .. } = self.app.bounds.limits().sockets;
        let exceeded = |message: String| Err(Errors::one(ErrorCode::LimitExceeded, &message));
        if self.operations.count() >= operations {
            return exceeded(format!("a socket may have {operations} operations under way"));
        }
        if self.operations.bytes() + bytes > message {
            return exceeded(format!("a socket may have operations of {message} bytes under way"));
        }
        self.app.bounds.count(viewer).map_err(|refusal| Errors::one(refusal.code, &refusal.message))?;
        self.app.bounds.document(request, viewer)
    }

    async fn begin(
        &mut self,
        (id, bytes): (String, usize),
        request: Request,
        document: Option<Arc<Document>>,
        admission: &Admission,
    ) -> Result<(), Ending> {
        let begun = Execution::begin(request, document, &self.app, self.request_id.clone());
        let (request, execution) = match begun {
            Ok(begun) => begun,
            Err(refused) => return self.tell(&id, Event::Response(refused)).await,
        };
        let witness = Witness::of_follower(self.app.services.access_log.clone(), admission.viewer.clone());
        let request = request.data(admission.viewer.clone()).data(witness.clone());
        if execution.operation() == Some(OperationType::Subscription) {
            let responses = self.app.schema.execute_stream(request).map(move |response| {
                witness.settle();
                execution.finish(response)
            });
            self.operations.begin(id, bytes, responses);
        } else {
            let response = execute(self.app.clone(), request, execution, witness);
            self.operations.begin(id, bytes, stream::once(response));
        }
        Ok(())
    }

    async fn tell(&mut self, id: &str, event: Event) -> Result<(), Ending> {
        match event {
            Event::Response(Finished::Refused(errors)) if errors.came_before_execution() => {
                self.operations.end(id);
                self.fail(id, &errors).await
            }
            Event::Response(payload) => self.send(&ServerMessage::Next { id, payload: &payload }).await,
            Event::End => {
                self.operations.end(id);
                self.send(&ServerMessage::Complete { id }).await
            }
        }
    }

    async fn fail(&mut self, id: &str, errors: &Errors) -> Result<(), Ending> {
        self.send(&ServerMessage::Error { id, payload: &errors.errors }).await
    }

    async fn send(&mut self, message: &ServerMessage<'_>) -> Result<(), Ending> {
        match serde_json::to_string(message) {
            Ok(text) => send(&mut self.socket, Message::Text(text.into())).await,
            Err(error) => {
                tracing::error!(%error, "a message could not be written as JSON");
                Err(Ending::internal())
            }
        }
    }

    /// Tells the client, and waits for it to agree: what is closed with something unread takes what was sent along.
    async fn close(mut self, ending: Ending) {
        if let Some(frame) = ending.frame()
            && send(&mut self.socket, Message::Close(Some(frame))).await.is_err()
        {
            return;
        }
        let agreed = Instant::now() + CLOSE_WITHIN;
        while let Ok(Some(Ok(_))) = timeout_at(agreed, self.socket.recv()).await {}
    }
}

/// The one response to a query or a mutation, which has its turn among those that come by themselves.
async fn execute(app: App, request: Request, execution: Execution, witness: Witness) -> Finished {
    let schema = app.schema.clone();
    let answer = async {
        let slot = app.bounds.enter().await?;
        let executed = async move {
            let _slot = slot;
            schema.execute(request).await
        };
        let response = match execution.operation() {
            Some(OperationType::Mutation) => to_its_end(executed).await,
            _ => executed.await,
        };
        witness.settle();
        Ok(execution.finish(response))
    };
    let answered = timeout(app.bounds.limits().request_within, answer).await;
    answered
        .unwrap_or_else(|_| Err(limits::too_slow()))
        .unwrap_or_else(|refusal| Finished::Refused(Errors::one(refusal.code, &refusal.message)))
}

/// Ends the socket of a viewer whose token has expired, or whose session is over.
async fn recheck(headers: &HeaderMap, admission: &Admission, app: &App) -> Result<(), Ending> {
    remaining(admission, app)?;
    authentication::recheck(admission, headers, app).await.map_err(|refusal| Ending::refused(&refusal))
}

/// How long the viewer's token or session is still good.
fn remaining(admission: &Admission, app: &App) -> Result<Duration, Ending> {
    let remaining = admission.expires_at - app.services.clock.now();
    remaining.to_std().ok().filter(|remaining| !remaining.is_zero()).ok_or_else(Ending::expired)
}

/// The next message; none for what is WebSocket's own.
async fn receive(
    socket: &mut WebSocket,
    messages: &Messages,
    max: usize,
) -> Result<Option<ClientMessage>, Ending> {
    let message = socket.recv().await;
    if !messages.admit() {
        return Err(Ending::too_many_messages());
    }
    match message {
        None | Some(Ok(Message::Close(_))) => Err(Ending::Gone),
        Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(None),
        Some(Ok(Message::Binary(_))) => Err(Ending::invalid_message("it must be a text")),
        Some(Ok(Message::Text(text))) if text.len() > max => Err(Ending::too_large()),
        Some(Ok(Message::Text(text))) => {
            ClientMessage::read(&text).map(Some).map_err(|what| Ending::invalid_message(&what))
        }
        Some(Err(error)) => Err(Ending::of_error(error)),
    }
}

/// Sends a message to a client who takes it.
async fn send(socket: &mut WebSocket, message: Message) -> Result<(), Ending> {
    match timeout(SEND_WITHIN, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(Ending::Gone),
    }
}
