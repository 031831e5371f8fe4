//! What requests may cost, and what becomes of those that would cost more.
//!
//! | modules | what lives there |
//! |---|---|
//! | `document` | what is counted in a document before the schema is asked |
//! | `documents` | the documents that were let through a short while ago |
//! | `text` | what is counted in its text before it is parsed |
//! | `address` | which address a request comes from, through which proxies |
//! | `rates` | how often one may ask |
//! | `gate` | how many requests are executed at a time |
//! | `bodies` | how much of bodies is held at a time, and how long one may take to come |
//!
//! What must never be here: who may see what. A limit is the same whatever is asked for.

mod address;
mod bodies;
mod document;
mod documents;
mod gate;
mod rates;
mod text;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use async_graphql::Request;
use axum::extract::{ConnectInfo, State};
use axum::http::{Extensions, HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::Response;

use super::authentication::Refusal;
use super::execution::Errors;
use super::graphql::refuse;
use super::negotiation::MediaType;
use crate::auth::Role;
use crate::error::ErrorCode;
use crate::viewer::Viewer;

pub use address::{Network, NetworkError};
pub use document::DocumentLimits;
pub use rates::Rate;

pub(super) use bodies::Taken;
pub(super) use document::Exceeded;
pub(super) use documents::Document;
pub(super) use gate::Slot;
pub(super) use rates::Messages;

/// How long a request waits for its turn: somebody may be waiting for its answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// How large the body of somebody who writes no facts may be, in bytes: what it becomes when it is read is many times as
/// large.
const READERS_BODY: usize = 64 * 1024;

/// What requests may cost. Those of the command line are the same by default, and have rates.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Of a document.
    pub document: DocumentLimits,
    /// How many fields a document may select, those in lists counted as often as the lists may be long.
    pub complexity: usize,
    /// Who may ask for the schema.
    pub introspection: Introspection,
    /// How large a body may be, in bytes; of those who write no facts, no more than 64 KiB.
    pub body: usize,
    /// How long a body may take to come.
    pub body_within: Duration,
    /// How long the head of a request may take to come.
    pub head_within: Duration,
    /// How long a client may take nothing of what it is sent.
    pub write_within: Duration,
    /// How long a request may take in all.
    pub request_within: Duration,
    /// How many requests are executed at a time.
    pub requests: usize,
    /// How many more may wait for those.
    pub waiting: usize,
    /// How often a subject may ask; SERVICE is not bound by it.
    pub subject_rate: Option<Rate>,
    /// How often an address may ask.
    pub address_rate: Option<Rate>,
    /// The proxies that are believed whom they speak for.
    pub trusted_proxies: Vec<Network>,
    /// How many connections may be open, those of sockets not counted.
    pub connections: usize,
    /// Of sockets.
    pub sockets: SocketLimits,
}

/// What sockets may cost.
#[derive(Clone, Debug)]
pub struct SocketLimits {
    /// How many may be open.
    pub open: usize,
    /// How many of them one subject may have; SERVICE is not bound by it.
    pub of_subject: usize,
    /// How many operations one may have under way.
    pub operations: usize,
    /// How large a message may be, in bytes, and all those together whose operations are under way on one. Strangers can
    /// send one, too.
    pub message: usize,
    /// How often one may say something.
    pub message_rate: Option<Rate>,
    /// How long one may take to ask for the connection.
    pub init_within: Duration,
}

/// Who may ask for the schema.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Introspection {
    /// Admins.
    Admins,
    /// Whoever has a token.
    #[default]
    Everybody,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            document: DocumentLimits::default(),
            complexity: 10_000,
            introspection: Introspection::default(),
            body: 4 * 1024 * 1024,
            body_within: Duration::from_secs(10),
            head_within: Duration::from_secs(10),
            write_within: Duration::from_secs(30),
            request_within: Duration::from_secs(30),
            requests: 256,
            waiting: 256,
            subject_rate: None,
            address_rate: None,
            trusted_proxies: Vec::new(),
            connections: 20_000,
            sockets: SocketLimits {
                open: 15_000,
                of_subject: 50,
                operations: 100,
                message: 256 * 1024,
                message_rate: None,
                init_within: Duration::from_secs(3),
            },
        }
    }
}

/// The limits of a server, and what is counted for them. Cheap to clone.
#[derive(Clone)]
pub(super) struct Bounds(Arc<Counted>);

struct Counted {
    limits: Limits,
    documents: documents::Documents,
    subjects: rates::Rates<Viewer>,
    addresses: rates::Rates<IpAddr>,
    gate: gate::Gate,
    bodies: bodies::Bodies,
}

impl Bounds {
    pub(super) fn new(limits: Limits) -> Self {
        Self(Arc::new(Counted {
            documents: documents::Documents::new(limits.document.clone(), limits.complexity),
            subjects: rates::Rates::new(limits.subject_rate),
            addresses: rates::Rates::new(limits.address_rate),
            gate: gate::Gate::new(limits.requests, limits.waiting, PATIENCE),
            bodies: bodies::Bodies::new(limits.body, limits.body_within),
            limits,
        }))
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// Refuses a request at its very beginning when it would find no place later on.
    pub(super) fn shed(&self) -> Result<(), Refusal> {
        if self.0.gate.is_full() { Err(overloaded()) } else { Ok(()) }
    }

    /// A place among the requests that are executed.
    pub(super) async fn enter(&self) -> Result<Slot, Refusal> {
        self.0.gate.enter().await.ok_or_else(overloaded)
    }

    /// Refuses a subject who asks too often. The learning system brings its facts as fast as it can, and is bound by its
    /// address alone.
    pub(super) fn count(&self, viewer: &Viewer) -> Result<(), Refusal> {
        if viewer.role() == Role::Service || self.0.subjects.admit(viewer) {
            return Ok(());
        }
        Err(too_often("you ask too often, please try again in a second"))
    }

    /// The body of a request that has these headers. Who only reads has no use for a large one.
    pub(super) async fn take(
        &self,
        viewer: &Viewer,
        headers: &HeaderMap,
        body: axum::body::Body,
    ) -> Result<Taken, Refusal> {
        let max = if viewer.writes_facts() { usize::MAX } else { READERS_BODY };
        self.0.bodies.take(headers, body, max).await
    }

    /// The document of `request`, if it can be parsed, and of its variables those that it declares: what nobody reads is not
    /// to be kept for as long as the request lasts. Refuses one that is too large, or asks for a schema that `viewer` may
    /// not ask for.
    pub(super) fn document(
        &self,
        request: &mut Request,
        viewer: &Viewer,
    ) -> Result<Option<Arc<Document>>, Errors> {
        let exceeded = |exceeded: Exceeded| Errors { errors: vec![exceeded.error()] };
        let document = self.0.documents.prepare(request).map_err(exceeded)?;
        if let Some(document) = &document {
            request.variables.retain(|name, _| document.variables.contains(name));
        }
        let introspects = document.as_ref().is_some_and(|document| document.introspects);
        if introspects && self.limits().introspection == Introspection::Admins && !viewer.is_admin() {
            return Err(Errors::one(ErrorCode::Forbidden, "the schema is told to admins alone"));
        }
        Ok(document)
    }

    fn count_address(&self, extensions: &Extensions, headers: &HeaderMap) -> bool {
        let Some(ConnectInfo(peer)) = extensions.get::<ConnectInfo<SocketAddr>>() else { return true };
        let client = address::client(peer.ip(), headers, &self.limits().trusted_proxies);
        self.0.addresses.admit(&address::subnet(client))
    }
}

/// Refuses addresses that ask too often, before anything else is done for them.
pub(super) async fn by_address(
    State(bounds): State<Bounds>,
    request: axum::extract::Request,
    next: Next,
) -> Response {
    if bounds.count_address(request.extensions(), request.headers()) {
        return next.run(request).await;
    }
    let media_type = MediaType::negotiate(request.headers()).unwrap_or(MediaType::Json);
    let message = "too many requests come from your address, please try again in a second";
    refuse(media_type, &too_often(message))
}

/// The answer to a request that took too long.
pub(super) fn too_slow() -> Refusal {
    unavailable("the request took too long and was given up, please try again")
}

pub(super) fn overloaded() -> Refusal {
    unavailable("the service has too much to do right now, please try again")
}

fn unavailable(message: &str) -> Refusal {
    Refusal {
        status: StatusCode::SERVICE_UNAVAILABLE,
        code: ErrorCode::Unavailable,
        message: message.to_owned(),
    }
}

fn too_often(message: &str) -> Refusal {
    Refusal {
        status: StatusCode::TOO_MANY_REQUESTS,
        code: ErrorCode::LimitExceeded,
        message: message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::Variables;
    use serde_json::json;

    use super::*;
    use crate::auth::Identity;

    #[test]
    fn of_the_variables_those_are_kept_that_the_document_declares() {
        let bounds = Bounds::new(Limits::default());
        let viewer = Viewer::new(Identity::new(Role::Guardian, "gwen".to_owned()).expect("a subject"));
        let query = "query A($a: Int) { me { role } } query B($b: Int) { me { role } }";
        for _ in ["parsed", "known from before"] {
            let mut request =
                Request::new(query).variables(Variables::from_json(json!({ "a": 1, "b": 2, "c": [3] })));
            assert!(bounds.document(&mut request, &viewer).is_ok());
            let kept: Vec<&str> = request.variables.keys().map(async_graphql::Name::as_str).collect();
            assert_eq!(kept, ["a", "b"]);
        }
    }
}
