//! HTTP: the way from a request to the schema and back.

mod authentication;
mod graphql;
mod misfit;
mod negotiation;
mod shape;

pub(crate) use graphql::NoteExecution;
use shape::OutputTypes;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, Request};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::ServiceBuilder;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, RequestId, SetRequestIdLayer};
use tower_http::trace::TraceLayer;
use tracing::Span;

use crate::auth::{Identity, TokenVerifier};
use crate::schema::{Schema, Services};
use crate::session::{PublicUrl, Sessions};
use crate::web;

/// The largest body that is accepted: a bulk mutation of 1,000 items with room to spare.
const MAX_BODY: usize = 4 * 1024 * 1024;
/// How long open requests may take to finish when the server is asked to stop.
const SHUTDOWN_DEADLINE: Duration = Duration::from_secs(10);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What handlers work with.
#[derive(Clone)]
pub struct App {
    schema: Schema,
    services: Services,
    verifier: Arc<TokenVerifier>,
    sessions: Sessions,
    types: Arc<OutputTypes>,
}

impl App {
    /// The application over `services`, for whoever `verifier` lets in.
    pub fn new(services: Services, verifier: TokenVerifier) -> Self {
        let schema = crate::schema::build(services.clone());
        let types = Arc::new(OutputTypes::of(&schema.sdl()));
        let verifier = Arc::new(verifier);
        let sessions = Sessions::new(services.clone(), verifier.clone());
        Self { schema, services, verifier, sessions, types }
    }

    /// The same, for browsers that reach the server by `url` instead of by the address it listens on.
    #[must_use]
    pub fn reached_by(mut self, url: PublicUrl) -> Self {
        self.sessions = self.sessions.reached_by(url);
        self
    }

    /// The path of a link that signs in, as `identity`, the first browser that opens it.
    pub fn one_time_link(&self, identity: Identity) -> String {
        self.sessions.one_time_link(identity)
    }

    /// All routes, with `others` among them.
    pub fn router(self, others: Router) -> Router {
        let observed = ServiceBuilder::new()
            .layer(SetRequestIdLayer::new(REQUEST_ID, MakeRequestUuid))
            .layer(TraceLayer::new_for_http().make_span_with(request_span))
            .layer(PropagateRequestIdLayer::new(REQUEST_ID));
        let pages = web::router(self.sessions.clone());
        Router::new()
            .route("/graphql", get(graphql::get).post(graphql::post))
            .with_state(self)
            .layer(DefaultBodyLimit::max(MAX_BODY))
            .merge(pages)
            .merge(others)
            .layer(observed)
    }
}

/// Serves the routes of `app` until `stop`, then lets open requests finish.
///
/// # Errors
/// When the socket fails.
pub async fn serve(listener: TcpListener, app: Router, stop: CancellationToken) -> std::io::Result<()> {
    let stopping = stop.clone();
    let server = axum::serve(listener, app)
        .with_graceful_shutdown(async move { stopping.cancelled().await })
        .into_future();
    let deadline = async {
        stop.cancelled().await;
        tokio::time::sleep(SHUTDOWN_DEADLINE).await;
    };
    tokio::select! {
        ended = server => ended,
        () = deadline => {
            tracing::warn!("requests that were still open were cut off");
            Ok(())
        }
    }
}

/// The request id is in every log line of the request, and in an INTERNAL error's extensions.
fn request_span<B>(request: &Request<B>) -> Span {
    let request_id = request.extensions().get::<RequestId>().and_then(|id| id.header_value().to_str().ok());
    tracing::info_span!("request", method = %request.method(), path = request.uri().path(), request_id)
}
