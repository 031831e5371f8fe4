//! What a request may cost: what is over a limit is refused, and says which and how much is allowed.

use std::num::NonZeroU32;
use std::time::Duration;

use api::auth::Role;
use api::http::{DocumentLimits, Introspection, Limits, Options, Rate, SocketLimits};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tests::{Backend, Socket, TestApp, on_both_backends};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::raw::{GRAPHQL, JSON, Raw, answer, query, request};

/// So long that nothing comes back while a test runs.
const NEVER: Duration = Duration::from_hours(1);

async fn start(limits: Limits) -> TestApp {
    start_on(Backend::Sqlite, limits).await
}

async fn start_on(backend: Backend, limits: Limits) -> TestApp {
    TestApp::start_with(backend, Options { limits, ..Options::default() }).await
}

fn times(count: u32) -> Rate {
    Rate { burst: NonZeroU32::new(count).unwrap(), every: NEVER }
}

async fn ask(app: &TestApp, role: Role, subject: &str, document: &str) -> Raw {
    let request = request(app, Method::POST, "/graphql").header("accept", GRAPHQL);
    let request = request.bearer_auth(app.token(role, subject));
    answer(request.json(&json!({ "query": document }))).await
}

#[tokio::test]
async fn a_document_may_reach_each_limit_and_no_further() {
    let document =
        DocumentLimits { tokens: 16, nesting: 4, operations: 2, aliases: 2, directives: 2, depth: 3 };
    let app = start(Limits { document, complexity: 30, ..Limits::default() }).await;
    let good = [
        "{ a: me { role } b: me { role } }",
        "query A { me { role } } query B { me { role } }",
        "{ me { role @include(if: true) } }",
        "{ jobs(first: 15) { nodes { id } } }",
    ];
    let bad = [
        ("tokens", 16, "{ me { role role role role role role role role role role role role } }"),
        ("nesting", 4, "{ me { children { student { profile { id } } } } }"),
        ("operations", 2, "query A { me } query B { me } query C { me }"),
        ("aliases", 2, "{ a: me b: me c: me }"),
        ("directives", 2, "{ me @a @b @c }"),
        ("depth", 3, "{ me { profile { student { id } } } }"),
        ("complexity", 30, "{ jobs(first: 16) { nodes { id } } }"),
    ];
    let mut socket = Socket::connect(&app.url, &app.token(Role::Admin, "admin")).await;
    for document in good {
        let name = document.starts_with("query").then_some("A");
        let body = json!({ "query": document, "operationName": name });
        let response = crate::raw::post(&app, GRAPHQL, JSON, body.to_string()).await;
        assert_eq!(response.status, StatusCode::OK, "{document}: {}", response.text);
    }
    for (limit, allowed, document) in bad {
        let response = query(&app, GRAPHQL, document).await;
        assert_eq!(response.status, StatusCode::BAD_REQUEST, "{document}: {}", response.text);
        let error = response.json()["errors"][0].clone();
        let extensions = json!({ "code": "LIMIT_EXCEEDED", "limit": limit, "allowed": allowed });
        assert_eq!(error["extensions"], extensions, "{document}");
        let message = format!("the request exceeds a limit: {limit} may be at most {allowed}");
        assert_eq!(error["message"], message);
        socket.subscribe("1", document, json!({})).await;
        let message = socket.next().await;
        assert_eq!((&message["type"], &message["payload"][0]), (&json!("error"), &error), "{document}");
    }
}

#[tokio::test]
async fn a_list_costs_as_much_as_it_may_be_long() {
    let app = start(Limits { complexity: 200, ..Limits::default() }).await;
    for (document, is_refused) in [
        ("{ jobs(first: 100) { nodes { id } } }", false),
        ("{ jobs(first: 100) { nodes { id state } } }", true),
        ("{ jobs { nodes { id state kind } } }", false),
        ("{ students(last: 100) { nodes { id sourcedId } } }", true),
        ("{ myChildren { recentActivity(first: 10) { nodes { title } } } }", false),
        ("{ myChildren { recentActivity(first: 30) { nodes { title } } } }", true),
        ("query($n: Int = 100) { jobs(first: $n) { nodes { id state } } }", true),
    ] {
        let response = query(&app, GRAPHQL, document).await;
        let refused = response.code() == "LIMIT_EXCEEDED";
        assert_eq!(refused, is_refused, "{document}: {}", response.text);
    }
}

#[tokio::test]
async fn a_subject_may_ask_so_often_and_the_learning_system_as_often_as_it_likes() {
    let app = start(Limits { subject_rate: Some(times(3)), ..Limits::default() }).await;
    for subject in ["gwen", "hugo"] {
        for _ in 0..3 {
            assert_eq!(ask(&app, Role::Guardian, subject, "{ me { role } }").await.status, StatusCode::OK);
        }
        let response = ask(&app, Role::Guardian, subject, "{ me { role } }").await;
        assert_eq!(response.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!((response.code().as_str(), response.header("retry-after")), ("LIMIT_EXCEEDED", "1"));
    }
    let mut socket = Socket::connect(&app.url, &app.token(Role::Guardian, "gwen")).await;
    socket.subscribe("1", "{ me { role } }", json!({})).await;
    assert_eq!(socket.next().await["payload"][0]["extensions"]["code"], "LIMIT_EXCEEDED");
    assert_eq!(
        ask(&app, Role::Student, "gwen", "{ me { role } }").await.status,
        StatusCode::OK,
        "another Gwen"
    );
    for _ in 0..10 {
        assert_eq!(ask(&app, Role::Service, "lms", "{ me { role } }").await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn an_address_may_ask_so_often_whoever_it_says_it_is() {
    let trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    let app = start(Limits { address_rate: Some(times(3)), trusted_proxies, ..Limits::default() }).await;
    let ask = async |path: &str, forwarded: &str| {
        answer(request(&app, Method::GET, path).header("x-forwarded-for", forwarded)).await
    };
    for (forwarded, path) in [
        ("192.0.2.1", "/graphql?query=%7Bme%7Brole%7D%7D"),
        ("192.0.2.2", "/sign-in"),
        ("2001:db8::1", "/backfills/x/changes.csv"),
    ] {
        for _ in 0..3 {
            let status = ask(path, forwarded).await.status;
            assert!(status == StatusCode::UNAUTHORIZED || status == StatusCode::OK, "{path}: {status}");
        }
        let response = ask(path, forwarded).await;
        assert_eq!(response.status, StatusCode::TOO_MANY_REQUESTS, "{path}");
        assert_eq!((response.code().as_str(), response.header("retry-after")), ("LIMIT_EXCEEDED", "1"));
    }
    let made_up = ask("/graphql", "203.0.113.7, 192.0.2.1").await;
    assert_eq!(
        made_up.status,
        StatusCode::TOO_MANY_REQUESTS,
        "what stands before the proxy's word is not believed"
    );
    let neighbour = ask("/graphql", "2001:db8::2").await;
    assert_eq!(neighbour.status, StatusCode::TOO_MANY_REQUESTS, "a network of version 6 is one address");
    for _ in 0..10 {
        assert_eq!(ask("/healthz", "192.0.2.1").await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn nobody_is_believed_to_be_a_proxy_unless_told() {
    let app = start(Limits { address_rate: Some(times(2)), ..Limits::default() }).await;
    let mut last = StatusCode::OK;
    for nth in 1..=3 {
        let request =
            request(&app, Method::GET, "/sign-in").header("x-forwarded-for", format!("192.0.2.{nth}"));
        last = answer(request).await.status;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
}

/// A fact whose writer waits for a recalculation that nobody runs.
const WAIT: &str =
    "mutation { recordQuizAttempt(awaitRecalculation: 10000, input: { student: { sourcedId: \"ada\" },
    quiz: { sourcedId: \"q\" }, sourcedId: \"a\", completedAt: \"2026-03-01T10:00:00Z\",
    score: { percentage: \"80\" } }) { counted } }";

async fn school(app: &TestApp) {
    app.course("maths").await;
    app.quiz("q", "maths").await;
    app.student("ada").await;
    app.enroll("ada", "maths", "ACTIVE").await;
    app.drain().await;
}

on_both_backends! {
    async fn a_request_that_takes_too_long_is_given_up(backend) {
        let request_within = Duration::from_millis(300);
        let app = start_on(backend, Limits { request_within, ..Limits::default() }).await;
        school(&app).await;
        let response = ask(&app, Role::Service, "lms", WAIT).await;
        assert_eq!(response.status, StatusCode::SERVICE_UNAVAILABLE, "{}", response.text);
        assert_eq!((response.code().as_str(), response.header("retry-after")), ("UNAVAILABLE", "1"));
        let mut socket = Socket::connect(&app.url, &app.token(Role::Service, "lms")).await;
        socket.subscribe("1", &WAIT.replace("\"a\"", "\"b\""), json!({})).await;
        assert_eq!(socket.next().await["payload"][0]["extensions"]["code"], "UNAVAILABLE");
        // The facts were written before, and are counted by and by.
        assert_eq!(app.settled_profile("ada").await.quizzes, 2);
    }

    async fn what_is_beyond_the_service_is_refused_at_once_while_it_says_that_it_is_well(backend) {
        let app = start_on(backend, Limits { requests: 1, waiting: 0, ..Limits::default() }).await;
        school(&app).await;
        let service = app.service();
        let busy = tokio::spawn(async move { service.send(WAIT, json!({})).await });
        let refused = loop {
            let response = ask(&app, Role::Guardian, "gwen", "{ me { role } }").await;
            if response.status != StatusCode::OK {
                break response;
            }
        };
        assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE, "{}", refused.text);
        assert_eq!((refused.code().as_str(), refused.header("retry-after")), ("UNAVAILABLE", "1"));
        assert_eq!((app.ops("/healthz").await.0, app.ops("/readyz").await.0), (200, 200));
        let mut socket = Socket::connect(&app.url, &app.token(Role::Guardian, "gwen")).await;
        socket.subscribe("1", "{ me { role } }", json!({})).await;
        assert_eq!(socket.next().await["payload"][0]["extensions"]["code"], "UNAVAILABLE");
        app.drain().await;
        assert_eq!(busy.await.unwrap().body["data"]["recordQuizAttempt"]["counted"], true);
        assert_eq!(ask(&app, Role::Guardian, "gwen", "{ me { role } }").await.status, StatusCode::OK);
    }

    async fn some_wait_for_their_turn(backend) {
        let app = start_on(backend, Limits { requests: 1, waiting: 8, ..Limits::default() }).await;
        let asked = (0..9).map(|_| ask(&app, Role::Guardian, "gwen", "{ myChildren { id } }"));
        for response in futures::future::join_all(asked).await {
            assert_eq!(response.status, StatusCode::OK, "{}", response.text);
        }
    }
}

#[tokio::test]
async fn a_body_is_as_large_as_is_allowed_and_comes_in_time() {
    let limits = Limits { body: 2000, body_within: Duration::from_millis(200), ..Limits::default() };
    let app = start(limits).await;
    let body = |length: usize| {
        let text = json!({ "query": "{ me { role } }" }).to_string();
        format!("{text:length$}")
    };
    assert_eq!(crate::raw::post(&app, GRAPHQL, JSON, body(2000)).await.status, StatusCode::OK);
    let response = crate::raw::post(&app, GRAPHQL, JSON, body(2001)).await;
    assert_eq!(
        (response.status, response.code().as_str()),
        (StatusCode::PAYLOAD_TOO_LARGE, "LIMIT_EXCEEDED")
    );
    assert!(response.text.contains("2000 bytes"), "{}", response.text);

    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: tally\r\ncontent-type: application/json\r\nauthorization: Bearer {}\r\n",
        app.token(Role::Admin, "admin")
    );
    let chunked = format!("{head}transfer-encoding: chunked\r\n\r\n800\r\n{}\r\n", body(2048));
    assert_eq!(told(&app, &chunked).await, "413");
    assert_eq!(told(&app, &format!("{head}content-length: 100\r\n\r\n{{")).await, "408");
    // A stranger's body is not waited for.
    let stranger = "POST /graphql HTTP/1.1\r\nhost: tally\r\ncontent-type: application/json\r\n";
    assert_eq!(told(&app, &format!("{stranger}content-length: 100\r\n\r\n")).await, "401");
}

#[tokio::test]
async fn a_head_comes_in_time_or_not_at_all() {
    let app = start(Limits { head_within: Duration::from_millis(200), ..Limits::default() }).await;
    for text in ["", "PRI", "GET / HTTP/1.1\r\nhost: ta", "GET /healthz HTTP/1.1\r\nhost: tally\r\n\r\nGET"] {
        let status = told(&app, text).await;
        assert_eq!(status, if text.contains("\r\n\r\n") { "200" } else { "" }, "{text}");
    }
}

/// The status that somebody is answered who sends so much, and then waits for the server to close.
async fn told(app: &TestApp, text: &str) -> String {
    let mut stream = TcpStream::connect(app.url.trim_start_matches("http://")).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(30), stream.read_to_end(&mut answer)).await;
    let _ = read.expect("the server closes the connection");
    String::from_utf8_lossy(&answer).split(' ').nth(1).unwrap_or_default().to_owned()
}

#[tokio::test]
async fn only_so_many_connections_are_open() {
    let app = start(Limits { connections: 2, ..Limits::default() }).await;
    let health = "GET /healthz HTTP/1.1\r\nhost: tally\r\n\r\n";
    let mut open = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(app.url.trim_start_matches("http://")).await.unwrap();
        stream.write_all(health.as_bytes()).await.unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200");
        open.push(stream);
    }
    assert_eq!(told(&app, health).await, "");
    drop(open);
    let close = health.replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n");
    while told(&app, &close).await != "200" {}
}

#[tokio::test]
async fn sockets_are_bounded_in_number_and_in_what_they_say() {
    let sockets = SocketLimits {
        open: 2,
        of_subject: 2,
        operations: 1,
        message: 1000,
        message_rate: Some(times(4)),
        init_within: Duration::from_millis(200),
    };
    let app = start(Limits { sockets, ..Limits::default() }).await;
    let token = app.token(Role::Guardian, "gwen");
    let mut silent = Socket::open(&app.url).await;
    let mut socket = Socket::connect(&app.url, &token).await;
    let third = answer(upgrade(&app)).await;
    assert_eq!((third.status, third.code().as_str()), (StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE"));
    assert_eq!(silent.closed().await.0, 4408);

    socket.subscribe("1", "subscription { myChildrenUpdated { id } }", json!({})).await;
    socket.subscribe("2", "{ me { role } }", json!({})).await;
    let message = socket.next().await;
    assert_eq!(
        (&message["id"], &message["payload"][0]["extensions"]["code"]),
        (&json!("2"), &json!("LIMIT_EXCEEDED"))
    );
    for _ in 0..2 {
        socket.send(&json!({ "type": "pong" })).await;
    }
    assert_eq!(socket.closed().await, (1008, "Too many messages".to_owned()));

    // There is room for another as soon as one of the others is gone.
    let headers = [("sec-websocket-protocol", tests::socket::PROTOCOL)];
    let mut socket = loop {
        if let Ok(socket) = Socket::open_with(&app.url, &headers).await {
            break socket;
        }
    };
    socket.init(&token).await;
    assert_eq!(socket.next().await["type"], "connection_ack");
    socket.subscribe("1", &" ".repeat(1000), json!({})).await;
    assert_eq!(socket.closed().await.0, 1009);
}

fn upgrade(app: &TestApp) -> reqwest::RequestBuilder {
    request(app, Method::GET, "/graphql")
        .header("connection", "upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
        .header("sec-websocket-protocol", tests::socket::PROTOCOL)
}

#[tokio::test]
async fn the_schema_is_told_to_admins_alone_where_that_is_wanted() {
    let app = start(Limits { introspection: Introspection::Admins, ..Limits::default() }).await;
    let documents = [
        "{ __schema { queryType { name } } }",
        "{ ...F } fragment F on Query { t: __type(name: \"Query\") { name } }",
    ];
    for document in documents {
        for role in [Role::Guardian, Role::Student, Role::Service] {
            let response = ask(&app, role, "somebody", document).await;
            assert_eq!(
                (response.status.as_u16(), response.code().as_str()),
                (400, "FORBIDDEN"),
                "{}",
                response.text
            );
        }
        assert_eq!(ask(&app, Role::Admin, "admin", document).await.status, StatusCode::OK);
    }
    let wrong = ask(&app, Role::Guardian, "gwen", "{ myChildre { __typename } }").await;
    assert!(!wrong.text.contains("myChildren") && wrong.code() == "BAD_USER_INPUT", "{}", wrong.text);
    let open = start(Limits::default()).await;
    assert_eq!(ask(&open, Role::Guardian, "gwen", documents[0]).await.status, StatusCode::OK);
    let wrong = ask(&open, Role::Guardian, "gwen", "{ myChildre { __typename } }").await;
    assert!(wrong.text.contains("myChildren"), "a help where the schema is no secret: {}", wrong.text);
}

#[tokio::test]
async fn errors_are_told_up_to_a_number() {
    let app = start(Limits::default()).await;
    let document = (0..500).fold("{ ".to_owned(), |document, nth| format!("{document}wrong{nth} ")) + "}";
    let errors = query(&app, GRAPHQL, &document).await.json()["errors"].as_array().map_or(0, Vec::len);
    assert_eq!(errors, 20);
    let response = query(&app, GRAPHQL, "{ a: nothing b: nothing }").await.json();
    assert_eq!(response["errors"].as_array().map(Vec::len), Some(2), "{response}");
    assert!(response.get("data").is_none_or(Value::is_null));
}
