//! The messages of the protocol.

use async_graphql::{Request, ServerError};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::http::body::Body;
use crate::http::execution::Finished;

type Object = Map<String, Value>;

/// What a client sends.
pub(super) enum ClientMessage {
    /// Asks for the connection.
    ConnectionInit(Object),
    /// Asks for a pong, with the same payload.
    Ping(Option<Object>),
    /// Answers a ping.
    Pong,
    /// Asks for an operation.
    Subscribe {
        id: String,
        request: Box<Request>,
        /// How long the message was.
        bytes: usize,
    },
    /// Wants no more of an operation.
    Complete { id: String },
}

impl ClientMessage {
    /// Reads a message, or says what is wrong with it.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let mut message: Object =
            serde_json::from_str(text).map_err(|_| "it must be an object of JSON".to_owned())?;
        let Some(Value::String(kind)) = message.remove("type") else {
            return Err("its type must be a text".to_owned());
        };
        match kind.as_str() {
            "connection_init" => Ok(Self::ConnectionInit(payload(&mut message)?.unwrap_or_default())),
            "ping" => Ok(Self::Ping(payload(&mut message)?)),
            "pong" => payload(&mut message).map(|_| Self::Pong),
            "complete" => Ok(Self::Complete { id: id(&mut message)? }),
            "subscribe" => {
                let id = id(&mut message)?;
                let payload = payload(&mut message)?.ok_or("its payload must be an object")?;
                Ok(Self::Subscribe { id, request: request(payload)?, bytes: text.len() })
            }
            _ => Err("its type is none that a client may send".to_owned()),
        }
    }
}

fn request(payload: Object) -> Result<Box<Request>, String> {
    let body = Body::from_object(payload)?;
    let query = body.query().ok_or("its payload must have a query")?.to_owned();
    Ok(Box::new(body.into_request(query)))
}

fn id(message: &mut Object) -> Result<String, String> {
    match message.remove("id") {
        Some(Value::String(id)) if !id.is_empty() => Ok(id),
        _ => Err("its id must be a text that is not empty".to_owned()),
    }
}

fn payload(message: &mut Object) -> Result<Option<Object>, String> {
    match message.remove("payload") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(payload)) => Ok(Some(payload)),
        Some(_) => Err("its payload must be an object".to_owned()),
    }
}

/// What we send.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ServerMessage<'a> {
    /// Grants the connection.
    ConnectionAck,
    /// Answers a ping.
    Pong {
        #[serde(skip_serializing_if = "Option::is_none")]
        payload: Option<Object>,
    },
    /// A response.
    Next { id: &'a str, payload: &'a Finished },
    /// The operation could not begin. There is nothing more of it.
    Error { id: &'a str, payload: &'a [ServerError] },
    /// There is nothing more of the operation.
    Complete { id: &'a str },
}
