//! A stand-in for an issuer's web server.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use url::Url;

use super::*;

/// A web server on this machine that answers every request alike, and counts them.
pub(super) struct Server {
    pub(super) url: Url,
    pub(super) state: Arc<ServerState>,
}

pub(super) struct ServerState {
    response: Mutex<String>,
    requests: AtomicUsize,
    /// Permits to answer: a test can hold answers back.
    pub(super) answers: Semaphore,
}

impl Server {
    pub(super) async fn start(response: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/jwks?key=hidden", listener.local_addr().unwrap()).parse().unwrap();
        let state = Arc::new(ServerState {
            response: Mutex::new(response),
            requests: AtomicUsize::new(0),
            answers: Semaphore::new(1000),
        });
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                // One read is enough for a request as short as these.
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                shared.requests.fetch_add(1, Ordering::SeqCst);
                shared.answers.acquire().await.unwrap().forget();
                let response = shared.response.lock().unwrap().clone();
                // The client hangs up in the middle of a response that is too long.
                let _ = stream.write_all(response.as_bytes()).await;
            }
        });
        Self { url, state }
    }

    pub(super) async fn with_keys(keys: &[Value]) -> Self {
        Self::start(ok(&document(keys))).await
    }

    pub(super) fn answer(&self, response: String) {
        *self.state.response.lock().unwrap() = response;
    }

    pub(super) fn requests(&self) -> usize {
        self.state.requests.load(Ordering::SeqCst)
    }

    pub(super) fn verifier(&self, clock: &Arc<ManualClock>) -> Arc<TokenVerifier> {
        let source = JwksSource::Url(self.url.clone());
        Arc::new(TokenVerifier::jwks(source, TokenRules::default(), clock.clone()).unwrap())
    }
}

pub(super) fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
}
