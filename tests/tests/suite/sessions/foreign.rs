//! Other sites, which may make a browser send requests, cookie and all.

use api::auth::Role;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, COOKIE, ORIGIN};
use reqwest::{Method, StatusCode};
use serde_json::json;
use tests::socket::{PROTOCOL, Socket};
use tests::{Backend, TestApp};

use super::{ME, form, query, request, sign_in, sign_in_by_token, who};
use crate::raw::{GRAPHQL, JSON, answer};

#[tokio::test]
async fn a_session_is_for_pages_of_this_server_alone() {
    let app = TestApp::start(Backend::Sqlite).await;
    let cookie = sign_in_by_token(&app, Role::Admin, "boss").await;
    let post = |headers: &[(&str, &str)]| {
        let body = json!({ "query": ME }).to_string();
        let post = request(&app, Method::POST, "/graphql").header(CONTENT_TYPE, JSON).body(body);
        headers.iter().fold(post.header(COOKIE, &cookie), |post, (name, value)| post.header(*name, *value))
    };
    let get = |headers: &[(&str, &str)]| {
        let get = request(&app, Method::GET, "/graphql?query=%7Bme%7Brole%7D%7D").header(ACCEPT, GRAPHQL);
        headers.iter().fold(get.header(COOKIE, &cookie), |get, (name, value)| get.header(*name, *value))
    };
    let other_name = app.url.replace("127.0.0.1", "localhost");
    for foreign in [
        &[][..],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("origin", "http://127.0.0.1:1")],
        &[("origin", other_name.as_str())],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "none")],
        &[("origin", "https://evil.example"), ("sec-fetch-site", "same-origin")],
    ] {
        for request in [post(foreign), get(foreign)] {
            let response = answer(request).await;
            assert_eq!((response.status, response.code().as_str()), (StatusCode::FORBIDDEN, "FORBIDDEN"));
            assert!(response.json().get("data").is_none(), "{foreign:?}");
        }
    }
    for own in [&[("origin", app.url.as_str())][..], &[("sec-fetch-site", "same-origin")]] {
        for request in [post(own), get(own)] {
            assert_eq!(answer(request).await.json()["data"]["me"]["role"], "ADMIN", "{own:?}");
        }
    }
}

#[tokio::test]
async fn a_socket_is_for_pages_of_this_server_alone() {
    let app = TestApp::start(Backend::Sqlite).await;
    let cookie = sign_in_by_token(&app, Role::Admin, "boss").await;
    for (origin, answer) in [(app.url.as_str(), Ok("connection_ack")), ("https://evil.example", Err(4403))] {
        let mut socket = open_socket(&app, &cookie, origin).await;
        socket.send(&json!({ "type": "connection_init" })).await;
        match answer {
            Ok(message) => assert_eq!(socket.next().await["type"], message),
            Err(code) => assert_eq!(socket.closed().await.0, code),
        }
    }
}

#[tokio::test]
async fn a_socket_ends_with_its_session() {
    let app = TestApp::start(Backend::Sqlite).await;
    let cookie = sign_in_by_token(&app, Role::Admin, "boss").await;
    let mut socket = open_socket(&app, &cookie, &app.url).await;
    socket.send(&json!({ "type": "connection_init" })).await;
    assert_eq!(socket.next().await["type"], "connection_ack");
    app.admin().data("mutation { revokeSessions(subject: \"boss\") { revoked } }", json!({})).await;
    socket.subscribe("1", ME, json!({})).await;
    let (code, reason) = socket.closed().await;
    assert_eq!(code, 4403, "{reason}");
    assert!(reason.contains("the session has ended"), "{reason}");
}

async fn open_socket(app: &TestApp, cookie: &str, origin: &str) -> Socket {
    let headers = [("sec-websocket-protocol", PROTOCOL), ("cookie", cookie), ("origin", origin)];
    Socket::open_with(&app.url, &headers).await.expect("a socket is opened")
}

#[tokio::test]
async fn nobody_is_signed_in_or_out_by_another_site() {
    let app = TestApp::start(Backend::Sqlite).await;
    let cookie = sign_in_by_token(&app, Role::Admin, "boss").await;
    let token = app.token(Role::Student, "mallory");
    for origin in ["https://evil.example", "null"] {
        let sign_in = form(&app, "/sign-in", &[("token", &token)]).header(ORIGIN, origin);
        let sign_out = form(&app, "/sign-out", &[]).header(ORIGIN, origin).header(COOKIE, &cookie);
        for request in [sign_in, sign_out] {
            let response = answer(request).await;
            assert_eq!((response.status, response.header("set-cookie")), (StatusCode::FORBIDDEN, ""));
        }
    }
    assert_eq!(who(&app, &cookie).await, "ADMIN boss");
}

#[tokio::test]
async fn a_token_in_the_header_wins_over_the_cookie() {
    let app = TestApp::start(Backend::Sqlite).await;
    let cookie = sign_in_by_token(&app, Role::Admin, "boss").await;
    let token = app.token(Role::Student, "ada");
    let both = query(&app, &cookie, ME).header(AUTHORIZATION, format!("Bearer {token}"));
    assert_eq!(answer(both).await.json()["data"]["me"], json!({ "role": "STUDENT", "subject": "ada" }));
    let bad = query(&app, &cookie, ME).header(AUTHORIZATION, "Bearer nonsense");
    assert_eq!(answer(bad).await.status, StatusCode::UNAUTHORIZED);
    // What a proxy may ask for is not meant for us.
    let basic = query(&app, &cookie, ME).header(AUTHORIZATION, "Basic dGFsbHk6aHVzaA==");
    assert_eq!(answer(basic).await.json()["data"]["me"]["subject"], "boss");
}

#[tokio::test]
async fn the_cookie_is_out_of_reach_of_scripts_and_of_other_sites() {
    let app = TestApp::start(Backend::Sqlite).await;
    let token = app.token(Role::Admin, "boss");
    let local = sign_in(&app, &[("token", &token)]).await;
    assert!(local.header("set-cookie").ends_with("; Path=/; HttpOnly; SameSite=Strict"), "{local:?}");
    let elsewhere = form(&app, "/sign-in", &[("token", &token)])
        .header("host", "tally.example.org")
        .header(ORIGIN, "https://tally.example.org");
    let cookie = answer(elsewhere).await.header("set-cookie").to_owned();
    assert!(cookie.starts_with("__Host-tally-session="), "{cookie}");
    assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict; Secure"), "{cookie}");
}
