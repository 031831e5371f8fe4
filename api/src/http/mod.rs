//! HTTP: the way from a request to the schema and back.

mod authentication;
mod body;
mod changes_csv;
mod conditional;
mod execution;
mod graphql;
mod hygiene;
mod limits;
mod misfit;
mod negotiation;
mod persisted;
mod server;
mod shape;
mod ws;

pub use hygiene::{Hygiene, Origin, OriginError};
pub use limits::{DocumentLimits, Introspection, Limits, Network, NetworkError, Rate, SocketLimits};

use limits::Bounds;
use persisted::Persisted;
use shape::OutputTypes;
use ws::Sockets;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderName, Request};
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use entity::trace;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::ServiceBuilder;
use tower::util::option_layer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, RequestId, SetRequestIdLayer};
use tower_http::trace::TraceLayer;
use tracing::{Span, field};

use crate::auth::{Identity, TokenVerifier};
use crate::live::{self, Live};
use crate::schema::{Schema, Services};
use crate::service::live::LiveProfiles;
use crate::service::read::ProfileCache;
use crate::session::{PublicUrl, Sessions};
use crate::web;

/// How long open requests may take to finish when the server is asked to stop.
const SHUTDOWN_DEADLINE: Duration = Duration::from_secs(10);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What can be chosen about an application.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Where the worker runs.
    pub worker: live::Worker,
    /// Whether profiles are kept in memory.
    pub cache: ProfileCache,
    /// What requests may cost.
    pub limits: Limits,
    /// What browsers are told.
    pub hygiene: Hygiene,
}

/// What handlers work with.
#[derive(Clone)]
pub struct App {
    schema: Schema,
    services: Services,
    verifier: Arc<TokenVerifier>,
    sessions: Sessions,
    types: Arc<OutputTypes>,
    persisted: Persisted,
    sockets: Sockets,
    bounds: Bounds,
    hygiene: Arc<Hygiene>,
}

impl App {
    /// The application over `services`, with the worker in the same process and no cache, for whoever `verifier` lets in.
    ///
    /// Must be called within a runtime.
    pub fn new(services: Services, verifier: TokenVerifier) -> Self {
        Self::with(Options::default(), services, verifier)
    }

    /// As [`Self::new`], with the options as they are.
    pub fn with(options: Options, services: Services, verifier: TokenVerifier) -> Self {
        let Options { worker, cache, limits, hygiene } = options;
        let live = Live::start(&services.db, worker, Arc::new(cache.clone()));
        let profiles = LiveProfiles::new(services.db.clone(), services.clock.clone(), live, cache.clone());
        let schema = crate::schema::build(services.clone(), profiles, cache, &limits);
        let types = Arc::new(OutputTypes::of(&schema.sdl()));
        let verifier = Arc::new(verifier);
        let sessions = Sessions::new(services.clone(), verifier.clone());
        Self {
            schema,
            services,
            verifier,
            sessions,
            types,
            persisted: Persisted::default(),
            sockets: Sockets::default(),
            bounds: Bounds::new(limits),
            hygiene: Arc::new(hygiene),
        }
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
    fn router(self, others: Router) -> Router {
        let observed = ServiceBuilder::new()
            .layer(SetRequestIdLayer::new(REQUEST_ID, MakeRequestUuid))
            .layer(TraceLayer::new_for_http().make_span_with(request_span))
            .layer(PropagateRequestIdLayer::new(REQUEST_ID));
        let pages = web::router(self.sessions.clone());
        let (bounds, hygiene) = (self.bounds.clone(), self.hygiene.clone());
        Router::new()
            .route("/graphql", get(ws::get).post(graphql::post))
            .route("/backfills/{id}/changes.csv", get(changes_csv::get))
            .with_state(self)
            .merge(pages)
            .layer(from_fn_with_state(bounds, limits::by_address))
            .layer(option_layer(hygiene.cors()))
            // Whoever watches the server is answered whatever else it has to do.
            .merge(others)
            .layer(from_fn_with_state(hygiene.transport(), hygiene::tell))
            .layer(observed)
    }
}

/// Serves `app`, and `others` beside it, until `stop`; then lets open requests finish, and tells sockets to go.
///
/// # Errors
/// When the socket fails.
pub async fn serve(
    listener: TcpListener,
    app: App,
    others: Router,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let (sockets, bounds) = (app.sockets.clone(), app.bounds.clone());
    let finished = async {
        server::serve(listener, app.router(others), bounds.limits(), &stop).await;
        sockets.closed().await;
    };
    let deadline = async {
        stop.cancelled().await;
        sockets.go_away();
        tokio::time::sleep(SHUTDOWN_DEADLINE).await;
    };
    tokio::select! {
        () = finished => {}
        () = deadline => tracing::warn!("requests that were still open were cut off"),
    }
    Ok(())
}

/// The request id is in every log line of the request, and in an INTERNAL error's extensions. A caller who traces the
/// request finds it in the same trace.
fn request_span<B>(request: &Request<B>) -> Span {
    let request_id = request.extensions().get::<RequestId>().and_then(|id| id.header_value().to_str().ok());
    let (method, path) = (request.method(), request.uri().path());
    let span = tracing::info_span!("request", %method, path, request_id, operation = field::Empty);
    let parent = request.headers().get("traceparent").and_then(|parent| parent.to_str().ok());
    if let Some(parent) = parent {
        trace::follow(&span, parent);
    }
    span
}
