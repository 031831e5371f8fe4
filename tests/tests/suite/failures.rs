//! Faults of ours and of the database: what a client is told, and that it passes.

use std::sync::Arc;
use std::time::Duration;

use api::auth::{Role, TokenRules, TokenVerifier};
use api::http::App;
use api::schema::Services;
use entity::clock::{Clock, ManualClock};
use entity::database::Database;
use sea_orm::ConnectionTrait;
use serde_json::json;
use tests::client::Client;
use tests::postgres::{Cluster, Durability};
use tests::{TestApp, on_both_backends};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::raw::{GRAPHQL, query};

on_both_backends! {
    async fn an_internal_error_has_the_id_of_its_request_and_tells_nothing(backend) {
        let app = TestApp::start(backend).await;
        app.student("ada").await;
        app.db().writer().execute_unprepared("DROP TABLE guardianship").await.expect("the table goes");
        let grant = "mutation { grantGuardianship(input: { student: { sourcedId: \"ada\" }, \
             guardian: { sourcedId: \"gwen\" } }) { outcome } }";
        app.write("upsertGuardian", json!({ "sourcedId": "gwen", "displayName": "Gwen" })).await;
        let response = query(&app, GRAPHQL, grant).await;
        let body = response.json();
        let error = &body["errors"][0];
        assert_eq!(error["message"], "internal error", "{}", response.text);
        assert_eq!(error["extensions"]["code"], "INTERNAL");
        assert_eq!(error["extensions"]["requestId"], response.header("x-request-id"));
        for word in ["guardianship ", "table", "relation", "sql", "42P01"] {
            assert!(!response.text.contains(word), "{word:?} in {}", response.text);
        }
        assert_eq!(body["data"], json!(null));
    }

    async fn a_field_that_fails_far_below_leaves_the_rest(backend) {
        let app = TestApp::start(backend).await;
        app.student("ada").await;
        app.course("maths").await;
        app.enroll("ada", "maths", "ACTIVE").await;
        app.db().writer().execute_unprepared("ALTER TABLE quiz_attempt RENAME TO gone").await.expect("the table goes");
        let document = "{ studentProfile(sourcedId: \"ada\") { enrollments { trend { direction } status } isStale }
            me { role } }";
        let response = query(&app, GRAPHQL, document).await;
        assert_eq!(response.status, 200);
        let body = response.json();
        assert_eq!(body["data"], json!({ "studentProfile": null, "me": { "role": "ADMIN" } }));
        assert_eq!(body["errors"][0]["path"], json!(["studentProfile", "enrollments", 0, "trend"]));
        assert_eq!(response.code(), "INTERNAL");
    }
}

/// A server over a PostgreSQL that can be stopped.
async fn serve(cluster: &Cluster, clock: &Arc<ManualClock>, stop: &CancellationToken) -> String {
    let db = Database::connect(&cluster.url("postgres"), 4).await.expect("the database opens");
    migration::migrate(db.writer()).await.expect("the migrations run");
    let verifier = TokenVerifier::hs256(tests::app::SECRET.as_bytes(), TokenRules::default(), clock.clone());
    let app = App::new(Services::new(db, clock.clone()), verifier);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("the port is known"));
    tokio::spawn(api::http::serve(listener, app, axum::Router::new(), stop.clone()));
    url
}

/// More than a request waits for a connection, which is five seconds.
const PATIENCE: Duration = Duration::from_secs(15);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_went_away_is_said_to_be_unavailable_until_it_is_back() {
    let cluster = Cluster::create(Durability::Durable).await;
    let clock = Arc::new(ManualClock::starting_at(tests::app::start_of_time()));
    let stop = CancellationToken::new();
    let _stop = stop.clone().drop_guard();
    let url = serve(&cluster, &clock, &stop).await;
    let client = Client::new(&url, Some(tests::app::token(Role::Admin, "admin", clock.now())));
    let write = "mutation { upsertStudent(input: { sourcedId: \"ada\", displayName: \"Ada\" }) { outcome } }";
    let read = "{ studentProfile(sourcedId: \"ada\") { id } }";
    client.data(write, json!({})).await;

    cluster.stop_immediately().await;
    let (read_error, write_error) = tokio::join!(
        tokio::time::timeout(PATIENCE, client.error(read, json!({}))),
        tokio::time::timeout(PATIENCE, client.error(write, json!({}))),
    );
    for error in [read_error, write_error] {
        let error = error.expect("an answer, although the database is away");
        assert_eq!(error.code, "UNAVAILABLE", "{error:?}");
        assert_eq!(error.message, "the service cannot answer right now, please try again");
    }

    cluster.start().await;
    let data = client.data(read, json!({})).await;
    assert!(data["studentProfile"]["id"].is_string());
    assert_eq!(client.data(write, json!({})).await["upsertStudent"]["outcome"], "UNCHANGED");
}
