//! Connections, from the moment that they are taken to their end.
//!
//! Our own loop, because the ready-made one waits for ever, for the head of a request and for whoever takes no answer, and
//! takes as many connections as come.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ConnectInfo;
use axum::serve::Listener;
use axum::{Extension, Router};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio_io_timeout::TimeoutWriter;
use tokio_util::sync::CancellationToken;
use tower::{Layer as _, ServiceExt as _};

use super::limits::Limits;

/// Serves `router` until `stop`, and returns when the last request that was open then is answered.
pub(super) async fn serve(
    mut listener: TcpListener,
    router: Router,
    limits: &Limits,
    stop: &CancellationToken,
) {
    let connections = GracefulShutdown::new();
    let room = Arc::new(Semaphore::new(limits.connections));
    loop {
        let (stream, peer) = tokio::select! {
            // Waits a moment where the system has no more files.
            accepted = Listener::accept(&mut listener) => accepted,
            () = stop.cancelled() => break,
        };
        // Beyond the limit a connection is closed at once: there is nobody to read even what it would be told.
        let Ok(place) = room.clone().try_acquire_owned() else { continue };
        let connection = Connection {
            peer,
            head_within: limits.head_within,
            write_within: limits.write_within,
            watcher: connections.watcher(),
            _place: place,
        };
        tokio::spawn(connection.serve(stream, router.clone()));
    }
    drop(listener);
    connections.shutdown().await;
}

struct Connection {
    peer: SocketAddr,
    head_within: Duration,
    write_within: Duration,
    watcher: Watcher,
    _place: OwnedSemaphorePermit,
}

impl Connection {
    async fn serve(self, stream: TcpStream, router: Router) {
        let asked = Arc::new(Notify::new());
        let first = asked.clone();
        let router = Extension(ConnectInfo(self.peer)).layer(router).map_request(move |request| {
            asked.notify_one();
            request
        });
        let mut builder = Builder::new(TokioExecutor::new());
        builder.http1().timer(TokioTimer::new()).header_read_timeout(self.head_within);
        // Sockets over HTTP/2 are opened by CONNECT.
        builder.http2().timer(TokioTimer::new()).enable_connect_protocol();
        let mut stream = TimeoutWriter::new(stream);
        stream.set_timeout(Some(self.write_within));
        let stream = TokioIo::new(Box::pin(stream));
        let served = builder.serve_connection_with_upgrades(stream, TowerToHyperService::new(router));
        let mut served = std::pin::pin!(self.watcher.watch(served));
        // Which version is spoken is waited for without a limit: so the first request is waited for here.
        tokio::select! {
            _ = &mut served => return,
            () = first.notified() => {}
            () = tokio::time::sleep(self.head_within) => return,
        }
        if let Err(error) = served.await {
            tracing::trace!(error, "a connection failed");
        }
    }
}
