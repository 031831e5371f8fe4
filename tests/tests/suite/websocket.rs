//! The sub-protocol `graphql-transport-ws`, as its specification has it.

use std::time::Duration;

use api::auth::Role;
use chrono::TimeDelta;
use serde_json::{Value, json};
use tests::socket::PROTOCOL;
use tests::{Backend, Socket, TestApp};
use tokio_tungstenite::tungstenite::{Error, Message};

async fn start() -> TestApp {
    TestApp::start(Backend::Sqlite).await
}

async fn connect(app: &TestApp) -> Socket {
    Socket::connect(&app.url, &app.token(Role::Admin, "admin")).await
}

fn next(id: &str, data: &Value) -> Value {
    json!({ "type": "next", "id": id, "payload": { "data": data } })
}

fn complete(id: &str) -> Value {
    json!({ "type": "complete", "id": id })
}

#[tokio::test]
async fn the_sub_protocol_is_named_by_both() {
    let app = start().await;
    let mut socket = Socket::open_with(&app.url, &[]).await.expect("without a sub-protocol");
    assert_eq!(socket.closed().await, (4406, "Subprotocol not acceptable".to_owned()));
    let older = Socket::open_with(&app.url, &[("sec-websocket-protocol", "graphql-ws")]).await;
    assert!(matches!(older, Err(Error::Protocol(_))), "a client that speaks another finds none chosen");
    let several = format!("graphql-ws, {PROTOCOL}");
    let mut socket =
        Socket::open_with(&app.url, &[("sec-websocket-protocol", several.as_str())]).await.unwrap();
    socket.init(&app.token(Role::Admin, "admin")).await;
    assert_eq!(socket.next().await, json!({ "type": "connection_ack" }));
}

#[tokio::test]
async fn a_query_and_a_mutation_have_one_result_each() {
    let app = start().await;
    let mut socket = connect(&app).await;
    socket
        .subscribe(
            "1",
            "query($s: String!) { studentProfile(sourcedId: $s) { id } me { role } }",
            json!({ "s": "x" }),
        )
        .await;
    assert_eq!(socket.next().await, next("1", &json!({ "studentProfile": null, "me": { "role": "ADMIN" } })));
    assert_eq!(socket.next().await, complete("1"));
    let mutation = "mutation { upsertCourse(input: { sourcedId: \"c\", title: \"C\" }) { outcome } }";
    socket.subscribe("1", mutation, json!({})).await;
    assert_eq!(socket.next().await, next("1", &json!({ "upsertCourse": { "outcome": "CREATED" } })));
    assert_eq!(socket.next().await, complete("1"));
}

#[tokio::test]
async fn what_cannot_be_executed_is_an_error_and_what_fails_is_a_result() {
    let app = start().await;
    let mut socket = connect(&app).await;
    for (query, field) in [
        ("{ nothing }", None),
        ("{ me { role ", None),
        ("query($id: ID!) { node(id: $id) { id } }", None),
        ("query A { me { role } } query B { me { role } }", None),
        ("subscription { performanceUpdated { id } }", None),
        ("subscription { nothing }", None),
        ("subscription { a: myChildrenUpdated { id } b: myChildrenUpdated { id } }", None),
        ("subscription { ...F } fragment F on Subscription { ...F myChildrenUpdated { id } }", None),
        (
            "subscription { ...F a: myChildrenUpdated { id } } \
          fragment F on Subscription { myChildrenUpdated { id } }",
            None,
        ),
        ("{ studentProfile(id: 1.5) { id } }", Some("id")),
    ] {
        socket.subscribe("1", query, json!({})).await;
        let message = socket.next().await;
        assert_eq!((&message["type"], &message["id"]), (&json!("error"), &json!("1")), "{query}\n{message}");
        let errors = message["payload"].as_array().expect("a list of errors");
        assert_eq!(errors[0]["extensions"]["code"], "BAD_USER_INPUT", "{message}");
        assert_eq!(errors[0]["extensions"]["field"].as_str(), field, "{message}");
    }
    // Nothing followed the errors: the next message answers what comes next.
    for (query, data) in [
        ("{ node(id: \"x\") { id } me { role } }", json!({ "node": null, "me": { "role": "ADMIN" } })),
        ("subscription { performanceUpdated(studentId: \"x\") { id } }", Value::Null),
    ] {
        socket.subscribe("2", query, json!({})).await;
        let message = socket.next().await;
        assert_eq!((&message["type"], &message["id"]), (&json!("next"), &json!("2")), "{message}");
        assert_eq!(message["payload"]["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{message}");
        assert_eq!(message["payload"]["data"], data, "{message}");
        assert_eq!(socket.next().await, complete("2"));
    }
}

#[tokio::test]
async fn a_client_that_asks_for_nothing_is_not_waited_for() {
    let app = start().await;
    let mut silent = Socket::open(&app.url).await;
    assert_eq!(silent.closed().await, (4408, "Connection initialisation timeout".to_owned()));
}

#[tokio::test]
async fn a_connection_is_asked_for_once_and_before_anything_else() {
    let app = start().await;
    let mut early = Socket::open(&app.url).await;
    early.send(&json!({ "type": "ping" })).await;
    assert_eq!(early.next().await, json!({ "type": "pong" }));
    early.subscribe("1", "{ me { role } }", json!({})).await;
    assert_eq!(early.closed().await, (4401, "Unauthorized".to_owned()));

    let token = app.token(Role::Admin, "admin");
    let mut twice = Socket::connect(&app.url, &token).await;
    twice.init(&token).await;
    assert_eq!(twice.closed().await, (4429, "Too many initialisation requests".to_owned()));
}

#[tokio::test]
async fn nobody_is_let_in_without_a_valid_token() {
    let app = start().await;
    for payload in [
        json!({}),
        Value::Null,
        json!({ "authorization": "Bearer x.y.z" }),
        json!({ "authorization": app.token(Role::Admin, "admin") }),
        json!({ "authorization": 1 }),
    ] {
        let mut socket = Socket::open(&app.url).await;
        socket.send(&json!({ "type": "connection_init", "payload": payload })).await;
        let (code, reason) = socket.closed().await;
        assert_eq!(code, 4403, "{payload}");
        assert!(reason.starts_with("Forbidden: "), "{reason}");
    }
    // The token may come with the request, and its name in the payload is no header to be spelt in one way.
    let bearer = format!("Bearer {}", app.token(Role::Service, "lms"));
    let headers = [("sec-websocket-protocol", PROTOCOL), ("authorization", bearer.as_str())];
    let mut socket = Socket::open_with(&app.url, &headers).await.unwrap();
    socket.send(&json!({ "type": "connection_init" })).await;
    assert_eq!(socket.next().await, json!({ "type": "connection_ack" }));
    let mut socket = Socket::open_with(&app.url, &headers).await.unwrap();
    let admin = format!("Bearer {}", app.token(Role::Admin, "admin"));
    socket.send(&json!({ "type": "connection_init", "payload": { "Authorization": admin } })).await;
    assert_eq!(socket.next().await, json!({ "type": "connection_ack" }));
    socket.subscribe("1", "{ me { role } }", json!({})).await;
    assert_eq!(
        socket.next().await,
        next("1", &json!({ "me": { "role": "ADMIN" } })),
        "the payload comes first"
    );
}

#[tokio::test]
async fn a_socket_lasts_no_longer_than_its_token() {
    let app = start().await;
    app.student("ada").await;
    let mut socket = connect(&app).await;
    app.advance(TimeDelta::minutes(59));
    socket.subscribe("1", "{ me { role } }", json!({})).await;
    socket.data("1").await;
    assert_eq!(socket.next().await, complete("1"));
    app.advance(TimeDelta::minutes(2));
    socket.subscribe("2", "{ me { role } }", json!({})).await;
    assert_eq!(socket.closed().await, (4403, "Forbidden: the token has expired".to_owned()));
}

#[tokio::test]
async fn an_id_is_of_one_operation_at_a_time() {
    let app = start().await;
    let student = student(&app).await;
    let mut socket = connect(&app).await;
    let query = "subscription($id: ID!) { performanceUpdated(studentId: $id) { version } }";
    for _ in 0..2 {
        socket.subscribe("same", query, json!({ "id": student })).await;
        socket.data("same").await;
        socket.send(&complete("same")).await;
    }
    socket.subscribe("same", query, json!({ "id": student })).await;
    socket.data("same").await;
    socket.subscribe("same", "{ me { role } }", json!({})).await;
    assert_eq!(socket.closed().await, (4409, "Subscriber for same already exists".to_owned()));

    let long = "ü".repeat(200);
    let mut socket = connect(&app).await;
    socket.subscribe(&long, query, json!({ "id": student })).await;
    socket.data(&long).await;
    socket.subscribe(&long, query, json!({ "id": student })).await;
    let (code, reason) = socket.closed().await;
    assert_eq!(code, 4409);
    assert!(reason.starts_with("Subscriber for üü"), "{reason}");
}

#[tokio::test]
async fn a_client_has_a_bounded_number_of_operations() {
    let app = start().await;
    let student = student(&app).await;
    let mut socket = connect(&app).await;
    let query = "subscription($id: ID!) { performanceUpdated(studentId: $id) { version } }";
    for n in 0..100 {
        socket.subscribe(&n.to_string(), query, json!({ "id": student })).await;
        socket.data(&n.to_string()).await;
    }
    socket.subscribe("more", "{ me { role } }", json!({})).await;
    let message = socket.next().await;
    assert_eq!((&message["type"], &message["id"]), (&json!("error"), &json!("more")));
    assert_eq!(message["payload"][0]["extensions"]["code"], "LIMIT_EXCEEDED");
    socket.send(&complete("50")).await;
    socket.subscribe("more", "{ me { role } }", json!({})).await;
    socket.data("more").await;
}

#[tokio::test]
async fn what_no_client_may_send_closes_the_socket() {
    let app = start().await;
    let subscribe =
        |payload: Value| json!({ "type": "subscribe", "id": "1", "payload": payload }).to_string();
    for text in [
        String::new(),
        "{".to_owned(),
        "null".to_owned(),
        "[]".to_owned(),
        "[\"ping\"]".to_owned(),
        "\"ping\"".to_owned(),
        "{}".to_owned(),
        json!({ "type": 1 }).to_string(),
        json!({ "type": "start" }).to_string(),
        json!({ "type": "connection_ack" }).to_string(),
        json!({ "type": "next", "id": "1", "payload": {} }).to_string(),
        json!({ "type": "ping", "payload": 1 }).to_string(),
        json!({ "type": "complete" }).to_string(),
        json!({ "type": "complete", "id": "" }).to_string(),
        json!({ "type": "complete", "id": 1 }).to_string(),
        json!({ "type": "subscribe", "payload": { "query": "{ me { role } }" } }).to_string(),
        json!({ "type": "subscribe", "id": "", "payload": { "query": "{ me { role } }" } }).to_string(),
        json!({ "type": "subscribe", "id": "1" }).to_string(),
        subscribe(json!({})),
        subscribe(json!(["{ me { role } }"])),
        subscribe(json!({ "query": 1 })),
        subscribe(json!({ "query": "{ me { role } }", "variables": [1] })),
        subscribe(json!({ "query": "{ me { role } }", "operationName": 1 })),
        subscribe(json!({ "query": "{ me { role } }", "extensions": "x" })),
    ] {
        let mut socket = connect(&app).await;
        socket.send_raw(Message::text(text.as_str())).await;
        let (code, reason) = socket.closed().await;
        assert_eq!(code, 4400, "{text}");
        assert!(reason.starts_with("Invalid message: "), "{text}: {reason}");
    }
    let mut socket = connect(&app).await;
    socket.send_raw(Message::binary(json!({ "type": "ping" }).to_string())).await;
    assert_eq!(socket.closed().await.0, 4400);
}

#[tokio::test]
async fn a_message_that_is_too_large_closes_the_socket() {
    let app = start().await;
    let mut socket = connect(&app).await;
    let variables = json!({ "a": "x".repeat(250 * 1024) });
    socket.subscribe("1", "{ me { role } }", variables).await;
    socket.data("1").await;
    assert_eq!(socket.next().await, complete("1"));
    let variables = json!({ "a": "x".repeat(260 * 1024) });
    socket.subscribe("1", "{ me { role } }", variables).await;
    assert_eq!(socket.closed().await.0, 1009);
}

#[tokio::test]
async fn pings_are_answered_with_their_payload() {
    let app = start().await;
    let mut socket = connect(&app).await;
    socket.send(&json!({ "type": "ping" })).await;
    assert_eq!(socket.next().await, json!({ "type": "pong" }));
    socket.send(&json!({ "type": "pong" })).await;
    socket.send(&json!({ "type": "complete", "id": "unknown" })).await;
    socket.send(&json!({ "type": "ping", "payload": { "a": [1] } })).await;
    assert_eq!(socket.next().await, json!({ "type": "pong", "payload": { "a": [1] } }));
}

#[tokio::test]
async fn a_server_that_stops_says_so() {
    let app = start().await;
    let mut waiting = Socket::open(&app.url).await;
    let mut acknowledged = connect(&app).await;
    tokio::time::timeout(Duration::from_secs(5), app.stop()).await.expect("sockets do not keep it");
    for socket in [&mut waiting, &mut acknowledged] {
        assert_eq!(socket.closed().await, (1001, "Going away".to_owned()));
    }
}

#[tokio::test]
async fn a_subscription_over_http_is_refused_as_a_request() {
    let app = start().await;
    let query = "subscription { myChildrenUpdated { id } }";
    let response = crate::raw::query(&app, crate::raw::GRAPHQL, query).await;
    assert_eq!((response.status.as_u16(), response.code().as_str()), (400, "BAD_USER_INPUT"));
    assert!(response.json().get("data").is_none());
}

async fn student(app: &TestApp) -> Value {
    let input = json!({ "sourcedId": "ada", "displayName": "Ada" });
    app.service().mutate("upsertStudent", "UpsertStudentInput", input, "fact { id }").await["fact"]["id"]
        .clone()
}
