//! What a client can have the server keep, and for how long.

use std::time::Duration;

use api::auth::Role;
use api::http::{Limits, Options, SocketLimits};
use reqwest::{Method, StatusCode};
use serde_json::json;
use tests::client::Client;
use tests::{Backend, Socket, TestApp};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::raw::{GRAPHQL, answer, request};

const CHILDREN: &str = "subscription { myChildrenUpdated { id } }";

async fn start(sockets: SocketLimits) -> TestApp {
    let limits = Limits { sockets, ..Limits::default() };
    TestApp::start_with(Backend::Sqlite, Options { limits, ..Options::default() }).await
}

fn sockets() -> SocketLimits {
    Limits::default().sockets
}

#[tokio::test]
async fn those_who_write_no_facts_send_no_large_bodies() {
    let app = start(sockets()).await;
    let body = json!({ "query": "{ me { role } }", "variables": { "unused": "x".repeat(70_000) } });
    for (role, status) in [
        (Role::Guardian, StatusCode::PAYLOAD_TOO_LARGE),
        (Role::Student, StatusCode::PAYLOAD_TOO_LARGE),
        (Role::Service, StatusCode::OK),
        (Role::Admin, StatusCode::OK),
    ] {
        let request = request(&app, Method::POST, "/graphql").header("accept", GRAPHQL);
        let response = answer(request.bearer_auth(app.token(role, "somebody")).json(&body)).await;
        assert_eq!(response.status, status, "{role}: {}", response.text);
    }
}

#[tokio::test]
async fn who_takes_nothing_of_an_answer_loses_the_connection() {
    let limits = Limits { connections: 1, write_within: Duration::from_millis(200), ..Limits::default() };
    let app = TestApp::start_with(Backend::Sqlite, Options { limits, ..Options::default() }).await;
    let mut greedy = TcpStream::connect(app.url.trim_start_matches("http://")).await.unwrap();
    // Far more than the system keeps for somebody who reads nothing.
    let asked =
        "GET /assets/vendor/graphiql-4.1.2/graphiql.min.js HTTP/1.1\r\nhost: tally\r\n\r\n".repeat(100);
    greedy.write_all(asked.as_bytes()).await.unwrap();
    while Client::not_following().get(format!("{}/healthz", app.url)).send().await.is_err() {}
}

#[tokio::test]
async fn a_subject_has_only_so_many_sockets_and_the_learning_system_as_many_as_it_likes() {
    let app = start(SocketLimits { of_subject: 2, ..sockets() }).await;
    let gwen = app.token(Role::Guardian, "gwen");
    let first = Socket::connect(&app.url, &gwen).await;
    let _second = Socket::connect(&app.url, &gwen).await;
    let mut third = Socket::open(&app.url).await;
    third.init(&gwen).await;
    assert_eq!(third.closed().await, (1008, "Too many sockets: at most 2 may be open".to_owned()));
    let _other = Socket::connect(&app.url, &app.token(Role::Guardian, "hugo")).await;
    let lms = app.token(Role::Service, "lms");
    let mut of_service = Vec::new();
    for _ in 0..3 {
        of_service.push(Socket::connect(&app.url, &lms).await);
    }
    drop(first);
    // There is room for another as soon as the server has seen that the first is gone.
    loop {
        let mut again = Socket::open(&app.url).await;
        again.init(&gwen).await;
        if matches!(again.next_within(Duration::from_secs(5)).await, Some(Ok(_))) {
            break;
        }
    }
}

#[tokio::test]
async fn what_the_operations_of_a_socket_were_asked_with_is_bounded_together() {
    let app = start(SocketLimits { message: 1000, ..sockets() }).await;
    let mut socket = Socket::connect(&app.url, &app.token(Role::Guardian, "gwen")).await;
    let long = format!("{CHILDREN}{}", " ".repeat(500));
    socket.subscribe("1", &long, json!({})).await;
    socket.subscribe("2", &long, json!({})).await;
    let refused = socket.next().await;
    let code = &refused["payload"][0]["extensions"]["code"];
    assert_eq!((&refused["id"], code), (&json!("2"), &json!("LIMIT_EXCEEDED")), "{refused}");
    socket.subscribe("3", "{ me { role } }", json!({})).await;
    assert_eq!(socket.data("3").await["me"]["role"], "GUARDIAN", "one that is short has room");
    assert_eq!(socket.next().await, json!({ "type": "complete", "id": "3" }));
    socket.send(&json!({ "type": "complete", "id": "1" })).await;
    socket.subscribe("2", &long, json!({})).await;
    socket.send(&json!({ "type": "ping" })).await;
    assert_eq!(socket.next().await["type"], "pong", "the second has the place of the first");
}
