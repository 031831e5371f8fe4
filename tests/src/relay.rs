//! A network that can be cut, and one that falls silent.

use std::net::SocketAddr;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use url::Url;

/// A way to a server that can be cut, silenced and restored. Dropping this cuts it for good.
pub struct Relay {
    /// Where the server is found by this way.
    pub url: String,
    state: watch::Sender<State>,
    accepting: JoinHandle<()>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Silent,
    Cut,
}

impl Relay {
    /// A way to the server at `url`, which names a port, or is PostgreSQL's.
    pub async fn to(url: &str) -> Self {
        let server = Url::parse(url).expect("a URL");
        let address = server.socket_addrs(|| Some(5432)).expect("an address and a port");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let here = listener.local_addr().expect("the port is known");
        let mut url = server;
        url.set_host(Some("127.0.0.1")).expect("a URL with a host");
        url.set_port(Some(here.port())).expect("a URL with a port");
        let state = watch::Sender::new(State::Open);
        let accepting = tokio::spawn(accept(listener, address[0], state.subscribe()));
        Self { url: url.as_str().trim_end_matches('/').to_owned(), state, accepting }
    }

    /// Ends all connections, and lets none through.
    pub fn cut(&self) {
        self.state.send_replace(State::Cut);
    }

    /// Leaves all connections open, and passes nothing on: what a machine without power looks like from afar.
    pub fn silence(&self) {
        self.state.send_replace(State::Silent);
    }

    /// Lets connections through again.
    pub fn restore(&self) {
        self.state.send_replace(State::Open);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.accepting.abort();
        self.cut();
    }
}

async fn accept(listener: TcpListener, server: SocketAddr, state: watch::Receiver<State>) {
    while let Ok((client, _)) = listener.accept().await {
        let mut cut = state.clone();
        let state = state.clone();
        tokio::spawn(async move {
            tokio::select! {
                biased;
                _ = cut.wait_for(|&state| state == State::Cut) => {}
                () = pass(client, server, state) => {}
            }
        });
    }
}

async fn pass(mut client: TcpStream, server: SocketAddr, mut state: watch::Receiver<State>) {
    let Ok(mut server) = TcpStream::connect(server).await else { return };
    let passing = copy_bidirectional(&mut client, &mut server);
    tokio::pin!(passing);
    while state.wait_for(|&state| state == State::Open).await.is_ok() {
        tokio::select! {
            biased;
            _ = state.wait_for(|&state| state != State::Open) => {}
            // However it ends, both ends find out.
            _ = &mut passing => return,
        }
    }
}
