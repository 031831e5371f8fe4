//! A client as light as can be: what it costs is taken from the servers that it measures, on the same machine.

use std::net::SocketAddr;

use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::Outcome;

/// One connection to a server, kept open.
#[derive(Debug)]
pub struct Connection {
    requests: SendRequest<Full<Bytes>>,
    address: String,
    authorization: String,
}

impl Connection {
    /// Connects, to speak with `token`.
    ///
    /// # Errors
    /// When nobody listens.
    pub async fn open(address: SocketAddr, token: &str) -> Outcome<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (requests, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // It ends with the connection; what went wrong is told to whoever waits for an answer.
        tokio::spawn(connection);
        Ok(Self { requests, address: address.to_string(), authorization: format!("Bearer {token}") })
    }

    /// The answer to a GraphQL request, which must be 200 and have no errors.
    ///
    /// # Errors
    /// When it is anything else, or there is none.
    pub async fn ask(&mut self, body: String) -> Outcome<Bytes> {
        let request = Request::post("/graphql")
            .header(HOST, &self.address)
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/graphql-response+json")
            .header(AUTHORIZATION, &self.authorization)
            .body(Full::from(body))?;
        self.requests.ready().await?;
        let response = self.requests.send_request(request).await?;
        let status = response.status();
        let answer = response.into_body().collect().await?.to_bytes();
        if status != StatusCode::OK || contains(&answer, b"\"errors\"") {
            return Err(format!("answered {status}: {}", String::from_utf8_lossy(&answer)).into());
        }
        Ok(answer)
    }
}

/// Whether `text` has `word` in it.
pub fn contains(text: &[u8], word: &[u8]) -> bool {
    text.windows(word.len()).any(|window| window == word)
}
