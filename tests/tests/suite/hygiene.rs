//! What every response tells a browser, and which other sites' pages may ask.

use std::time::Duration;

use api::http::{Hygiene, Options};
use reqwest::{Method, StatusCode};
use serde_json::json;
use tests::{Backend, TestApp};

use crate::raw::{GRAPHQL, Raw, answer, as_admin, query, request};

const APP: &str = "https://app.example.org";

async fn start(hygiene: Hygiene) -> TestApp {
    TestApp::start_with(Backend::Sqlite, Options { hygiene, ..Options::default() }).await
}

#[tokio::test]
async fn every_response_bounds_what_a_browser_makes_of_it() {
    let app = start(Hygiene::default()).await;
    let get = |path: &str| answer(request(&app, Method::GET, path));
    for (what, response) in [
        ("an answer", query(&app, GRAPHQL, "{ me { role } }").await),
        ("an error", query(&app, GRAPHQL, "{").await),
        ("a refusal", get("/graphql?query=%7Bme%7Brole%7D%7D").await),
        ("nothing", get("/nothing").await),
        ("another method", answer(request(&app, Method::DELETE, "/graphql")).await),
        ("health", get("/healthz").await),
        ("metrics", get("/metrics").await),
        ("a page", get("/sign-in").await),
        ("a file", get("/assets/pages.css").await),
        ("a file that is not there", get("/assets/none").await),
        ("a list", get("/backfills/x/changes.csv").await),
    ] {
        assert_eq!(response.header("x-content-type-options"), "nosniff", "{what}");
        assert_eq!(response.header("x-frame-options"), "DENY", "{what}");
        assert!(response.header("content-security-policy").contains("default-src 'none'"), "{what}");
        assert!(response.header("content-security-policy").contains("frame-ancestors 'none'"), "{what}");
        assert!(["no-referrer", "same-origin"].contains(&response.header("referrer-policy")), "{what}");
        assert_eq!(response.header("cross-origin-resource-policy"), "same-origin", "{what}");
        let kept = if what == "a file" { "no-cache" } else { "no-store" };
        assert_eq!(response.header("cache-control"), kept, "{what}");
        assert_eq!(response.header("strict-transport-security"), "", "{what}");
        assert_eq!(response.header("access-control-allow-origin"), "", "{what}");
    }
}

#[tokio::test]
async fn a_server_that_is_reached_by_https_says_so() {
    let app = start(Hygiene { https_for: Some(Duration::from_hours(24)), ..Hygiene::default() }).await;
    for path in ["/graphql", "/sign-in", "/nothing"] {
        let response = answer(request(&app, Method::GET, path)).await;
        assert_eq!(response.header("strict-transport-security"), "max-age=86400", "{path}");
    }
}

async fn preflight(app: &TestApp, origin: &str) -> Raw {
    let request = request(app, Method::OPTIONS, "/graphql").header("origin", origin);
    let request = request.header("access-control-request-method", "POST");
    answer(request.header("access-control-request-headers", "authorization,content-type")).await
}

async fn asked_from(app: &TestApp, origin: &str) -> Raw {
    let request = as_admin(app, request(app, Method::POST, "/graphql")).header("origin", origin);
    answer(request.json(&json!({ "query": "{ me { role } }" }))).await
}

#[tokio::test]
async fn pages_of_other_sites_may_not_ask_unless_told() {
    let app = start(Hygiene::default()).await;
    assert_eq!(preflight(&app, APP).await.status, StatusCode::METHOD_NOT_ALLOWED);
    for response in [preflight(&app, APP).await, asked_from(&app, APP).await] {
        for name in ["origin", "methods", "headers", "credentials"] {
            assert_eq!(response.header(&format!("access-control-allow-{name}")), "", "{name}");
        }
    }
}

#[tokio::test]
async fn pages_of_the_named_sites_may_ask_with_tokens_and_without_cookies() {
    let app = start(Hygiene { origins: vec![APP.parse().unwrap()], ..Hygiene::default() }).await;
    let response = preflight(&app, APP).await;
    assert_eq!(response.status, StatusCode::OK);
    assert_eq!(response.header("access-control-allow-origin"), APP);
    assert_eq!(response.header("access-control-allow-methods"), "GET,POST");
    assert_eq!(response.header("access-control-allow-headers"), "authorization,content-type,traceparent");
    assert_eq!(response.header("access-control-allow-credentials"), "");
    let response = asked_from(&app, APP).await;
    assert_eq!(response.header("access-control-allow-origin"), APP);
    assert_eq!(response.json()["data"]["me"]["role"], "ADMIN");
    for other in
        ["https://evil.example", "http://app.example.org", "https://app.example.org.evil.example", "null"]
    {
        for response in [preflight(&app, other).await, asked_from(&app, other).await] {
            assert_eq!(response.header("access-control-allow-origin"), "", "{other}");
        }
    }
}
