//! GraphQL over WebSocket, message by message.

use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// The sub-protocol.
pub const PROTOCOL: &str = "graphql-transport-ws";
/// How long a message may take. It bounds a test that has failed, and no test that passes waits for it.
const PATIENCE: Duration = Duration::from_secs(30);

/// A client's end of a socket.
#[derive(Debug)]
pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Opens a socket to the endpoint of the server at `url` with these headers, and says nothing yet.
    ///
    /// # Errors
    /// When the server does not open it.
    pub async fn open_with(url: &str, headers: &[(&str, &str)]) -> Result<Self, Error> {
        let endpoint = format!("{}/graphql", url.replacen("http", "ws", 1));
        let mut request = endpoint.into_client_request().expect("a request");
        for (name, value) in headers {
            let name: HeaderName = name.parse().expect("a header's name");
            request.headers_mut().insert(name, HeaderValue::from_str(value).expect("a header's value"));
        }
        // Thousands of sockets in one process should not take what one fast one would.
        let config = WebSocketConfig::default().read_buffer_size(8 * 1024).write_buffer_size(0);
        let connected = tokio_tungstenite::connect_async_with_config(request, Some(config), true).await;
        connected.map(|(stream, _)| Self(stream))
    }

    /// Opens a socket, and says nothing yet.
    pub async fn open(url: &str) -> Self {
        Self::open_with(url, &[("sec-websocket-protocol", PROTOCOL)]).await.expect("a socket is opened")
    }

    /// Opens a socket on behalf of whoever has `token`.
    pub async fn connect(url: &str, token: &str) -> Self {
        let mut socket = Self::open(url).await;
        socket.init(token).await;
        assert_eq!(socket.next().await, json!({ "type": "connection_ack" }));
        socket
    }

    /// Asks for the connection.
    pub async fn init(&mut self, token: &str) {
        let payload = json!({ "authorization": format!("Bearer {token}") });
        self.send(&json!({ "type": "connection_init", "payload": payload })).await;
    }

    /// Asks for an operation.
    pub async fn subscribe(&mut self, id: &str, query: &str, variables: Value) {
        let payload = json!({ "query": query, "variables": variables });
        self.send(&json!({ "id": id, "type": "subscribe", "payload": payload })).await;
    }

    /// Sends a message.
    pub async fn send(&mut self, message: &Value) {
        self.send_raw(Message::text(message.to_string())).await;
    }

    /// Sends whatever WebSocket can carry.
    pub async fn send_raw(&mut self, message: Message) {
        self.0.send(message).await.expect("the message is sent");
    }

    /// Sends whatever WebSocket can carry, if the server takes it.
    ///
    /// # Errors
    /// When the server has closed the socket.
    pub async fn try_send_raw(&mut self, message: Message) -> Result<(), Error> {
        self.0.send(message).await
    }

    /// The next message, which must come.
    pub async fn next(&mut self) -> Value {
        match self.next_text().await {
            Ok(text) => serde_json::from_str(&text).expect("a message is JSON"),
            Err((code, reason)) => panic!("the socket was closed: {code} {reason}"),
        }
    }

    /// The data of the next message, which must be a response to `id` without errors.
    pub async fn data(&mut self, id: &str) -> Value {
        let message = self.next().await;
        assert_eq!((&message["type"], &message["id"]), (&json!("next"), &json!(id)), "{message}");
        assert!(message["payload"].get("errors").is_none(), "{message}");
        message["payload"]["data"].clone()
    }

    /// The next message, or the code with which the server closes the socket, if either comes within `patience`: for what
    /// must not come.
    pub async fn next_within(&mut self, patience: Duration) -> Option<Result<Value, u16>> {
        let message = timeout(patience, self.next_text()).await.ok()?;
        Some(match message {
            Ok(text) => Ok(serde_json::from_str(&text).expect("a message is JSON")),
            Err((code, _)) => Err(code),
        })
    }

    /// The next message, if it comes before anything that is sent later: a ping is answered in its place.
    pub async fn next_if_any(&mut self) -> Option<Value> {
        let mark = json!({ "mark": true });
        self.send(&json!({ "type": "ping", "payload": mark })).await;
        let message = self.next().await;
        if message == json!({ "type": "pong", "payload": mark }) {
            return None;
        }
        assert_eq!(self.next().await, json!({ "type": "pong", "payload": mark }));
        Some(message)
    }

    /// The code and the reason with which the server closes the socket, which must be the next that it says.
    pub async fn closed(&mut self) -> (u16, String) {
        match self.next_text().await {
            Err(closed) => closed,
            Ok(text) => panic!("the socket should have been closed, and said {text}"),
        }
    }

    async fn next_text(&mut self) -> Result<String, (u16, String)> {
        loop {
            let message = timeout(PATIENCE, self.0.next()).await.expect("a message comes in time");
            match message {
                Some(Ok(Message::Text(text))) => return Ok(text.to_string()),
                Some(Ok(Message::Close(Some(frame)))) => {
                    return Err((frame.code.into(), frame.reason.to_string()));
                }
                Some(Ok(Message::Close(None))) => return Err((1005, String::new())),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err((1006, String::new())),
            }
        }
    }
}
