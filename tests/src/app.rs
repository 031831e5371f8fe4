//! A server for one test.

use std::sync::Arc;
use std::time::Duration;

use api::auth::{Identity, Role, Secret, TokenRules, TokenVerifier, sign_hs256};
use api::http::{App, Options};
use api::schema::Services;
use api::service::revocation::RevocationList;
use chrono::{DateTime, TimeDelta, Utc};
use entity::clock::{Clock, ManualClock, SharedClock};
use entity::database::Database;
use entity::job;
use entity::sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use worker::{Metrics, Ops};

use crate::backend::{Backend, TestDatabase};
use crate::client::Client;
use crate::statements::Statements;

/// The secret of all tests' tokens.
pub const SECRET: &str = "a secret of the tests, known to everybody";

/// A server on a free port, over a database of its own, with a clock that stands still and no worker: jobs run when the
/// test says [`TestApp::drain`].
pub struct TestApp {
    /// Where the server listens, such as `http://127.0.0.1:12345`.
    pub url: String,
    /// The server's clock.
    pub clock: Arc<ManualClock>,
    app: App,
    database: TestDatabase,
    pub(crate) statements: Statements,
    connections: reqwest::Client,
    revocations: RevocationList,
    stop: DropGuard,
    served: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl TestApp {
    /// Starts a server on a new database.
    pub async fn start(backend: Backend) -> Self {
        Self::start_with(backend, Options::default()).await
    }

    /// As [`Self::start`], with options of the server.
    pub async fn start_with(backend: Backend, options: Options) -> Self {
        Self::start_on(TestDatabase::migrated(backend).await, options).await
    }

    /// As [`Self::start`], where no statement of PostgreSQL takes longer than `time`.
    pub async fn start_within(backend: Backend, time: Duration) -> Self {
        Self::start_on(TestDatabase::migrated(backend).await.within(time).await, Options::default()).await
    }

    async fn start_on(mut database: TestDatabase, options: Options) -> Self {
        let statements = Statements::default();
        database.db = statements.watch(database.db.clone());
        let clock = Arc::new(ManualClock::starting_at(start_of_time()));
        let services = Services::new(database.db.clone(), clock.clone());
        let revocations = services.revocations.clone();
        let verifier = TokenVerifier::hs256(SECRET.as_bytes(), TokenRules::default(), clock.clone())
            .heeding(revocations.copy());
        let metrics = Metrics::with(|registry| {
            options.cache.register(registry);
            services.access_log.register(registry);
        });
        let app = App::with(options, services, verifier);
        let ops = Ops {
            db: database.db.clone(),
            pending: |db| Box::pin(migration::pending(db)),
            metrics,
            worker: None,
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("the port is known"));
        let stop = CancellationToken::new();
        let served = tokio::spawn(api::http::serve(listener, app.clone(), ops.router(), stop.clone()));
        Self {
            url,
            clock,
            app,
            database,
            statements,
            connections: Client::connections(),
            revocations,
            stop: stop.drop_guard(),
            served,
        }
    }

    /// Has the server read the list of revoked tokens, as it does every few seconds when it runs as a program.
    pub async fn refresh_revocations(&self) {
        self.revocations.refresh().await.expect("the list can be read");
    }

    /// Stops the server, and returns when it has ended.
    pub async fn stop(self) {
        self.stop.disarm().cancel();
        self.served.await.expect("the server does not panic").expect("the server ends well");
    }

    /// The server's database, for what cannot be seen through the API.
    pub fn db(&self) -> &Database {
        &self.database.db
    }

    /// The URL of the database, for other processes.
    pub fn database_url(&self) -> &str {
        &self.database.url
    }

    /// The server's clock, as the worker wants it.
    pub fn shared_clock(&self) -> SharedClock {
        self.clock.clone()
    }

    /// Moves the clock forward.
    pub fn advance(&self, delta: TimeDelta) {
        self.clock.advance(delta);
    }

    /// A token for whoever is named, valid for an hour of the server's clock.
    pub fn token(&self, role: Role, subject: &str) -> String {
        token(role, subject, self.clock.now())
    }

    /// A link that signs in the first browser that opens it as whoever is named.
    pub fn one_time_link(&self, role: Role, subject: &str) -> String {
        let identity = Identity::new(role, subject).expect("a subject that links can have");
        format!("{}{}", self.url, self.app.one_time_link(identity))
    }

    /// A client with a token for whoever is named.
    pub fn client(&self, role: Role, subject: &str) -> Client {
        Client::sharing(&self.connections, &self.url, Some(self.token(role, subject)))
    }

    /// A client of the learning system.
    pub fn service(&self) -> Client {
        self.client(Role::Service, "lms")
    }

    /// A client of an admin.
    pub fn admin(&self) -> Client {
        self.client(Role::Admin, "admin")
    }

    /// The status and the text of one of the operators' routes, such as `/readyz`.
    pub async fn ops(&self, route: &str) -> (u16, String) {
        let response =
            self.connections.get(format!("{}{route}", self.url)).send().await.expect("the server answers");
        (response.status().as_u16(), response.text().await.expect("a text"))
    }

    /// Runs all jobs that are due, and returns how many there were.
    pub async fn drain(&self) -> usize {
        worker::drain(self.db(), &self.shared_clock()).await.expect("jobs can be claimed")
    }

    /// How many jobs are waiting to be started.
    pub async fn waiting_jobs(&self) -> u64 {
        job::Entity::find()
            .filter(job::Column::State.is_in([
                job::State::Available,
                job::State::Scheduled,
                job::State::Retryable,
            ]))
            .count(self.db().reader())
            .await
            .expect("jobs can be counted")
    }

    /// Fails unless exactly `expected` jobs are waiting.
    pub async fn assert_waiting_jobs(&self, expected: u64) {
        let waiting = self.waiting_jobs().await;
        assert_eq!(waiting, expected, "jobs that are waiting");
    }
}

/// Signs a token that is valid for an hour from `now`.
pub fn token(role: Role, subject: &str, now: DateTime<Utc>) -> String {
    let secret = Secret::new(SECRET).expect("the tests' secret is long enough");
    let identity = Identity::new(role, subject).expect("a subject that tokens can have");
    sign_hs256(&secret, &identity, now, TimeDelta::hours(1), &TokenRules::default()).expect("a token")
}

/// The time at which every test begins.
pub fn start_of_time() -> DateTime<Utc> {
    "2026-03-02T08:00:00Z".parse().expect("a time")
}
