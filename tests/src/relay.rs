//! A network that can be cut.

use std::net::SocketAddr;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A way to a server that can be cut and restored. Dropping this cuts it for good.
pub struct Relay {
    /// Where the server is found by this way.
    pub url: String,
    is_cut: watch::Sender<bool>,
    accepting: JoinHandle<()>,
}

impl Relay {
    /// A way to the server at `url`.
    pub async fn to(url: &str) -> Self {
        let server = url.trim_start_matches("http://").parse().expect("an address and a port");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("the port is known"));
        let is_cut = watch::Sender::new(false);
        let accepting = tokio::spawn(accept(listener, server, is_cut.subscribe()));
        Self { url, is_cut, accepting }
    }

    /// Ends all connections, and lets none through.
    pub fn cut(&self) {
        self.is_cut.send_replace(true);
    }

    /// Lets connections through again.
    pub fn restore(&self) {
        self.is_cut.send_replace(false);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.accepting.abort();
        self.cut();
    }
}

async fn accept(listener: TcpListener, server: SocketAddr, is_cut: watch::Receiver<bool>) {
    while let Ok((client, _)) = listener.accept().await {
        let mut cut = is_cut.clone();
        tokio::spawn(async move {
            tokio::select! {
                biased;
                _ = cut.wait_for(|&is_cut| is_cut) => {}
                () = pass(client, server) => {}
            }
        });
    }
}

async fn pass(mut client: TcpStream, server: SocketAddr) {
    if let Ok(mut server) = TcpStream::connect(server).await {
        // However it ends, both ends find out.
        let _ = copy_bidirectional(&mut client, &mut server).await;
    }
}
