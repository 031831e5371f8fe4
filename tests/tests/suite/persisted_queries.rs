//! Documents that are sent once and named by their hash afterwards, and answers that a client has already.

use reqwest::header::{ACCEPT, IF_NONE_MATCH};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tests::{Backend, TestApp};

use crate::raw::{GRAPHQL, JSON, Raw, answer, as_admin, get, post, request};

async fn start() -> TestApp {
    TestApp::start(Backend::Sqlite).await
}

fn hash(document: &str) -> String {
    format!("{:x}", Sha256::digest(document))
}

fn named(hash: &str) -> Value {
    json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } })
}

/// A POST of the hash, with the document or without.
async fn send(app: &TestApp, accept: &str, document: Option<&str>, hash: &str) -> Raw {
    let mut body = json!({ "extensions": named(hash) });
    if let Some(document) = document {
        body["query"] = json!(document);
    }
    post(app, accept, JSON, body.to_string()).await
}

const QUERY: &str = "query($s: String!) { studentProfile(sourcedId: $s) { version isStale } me { role } }";

#[tokio::test]
async fn a_document_is_sent_once() {
    let app = start().await;
    let query = "{ me { role } }";
    for (accept, status) in [(JSON, StatusCode::OK), (GRAPHQL, StatusCode::BAD_REQUEST)] {
        let unknown = send(&app, accept, None, &hash(query)).await;
        assert_eq!(unknown.status, status);
        assert_eq!(unknown.code(), "PERSISTED_QUERY_NOT_FOUND");
        assert_eq!(unknown.json()["errors"][0]["message"], "PersistedQueryNotFound");
        assert!(unknown.json().get("data").is_none());
    }
    for document in [Some(query), None, None] {
        let response = send(&app, GRAPHQL, document, &hash(query)).await;
        assert_eq!(response.text, "{\"data\":{\"me\":{\"role\":\"ADMIN\"}}}");
    }
    let upper = hash(query).to_uppercase();
    assert_eq!(send(&app, GRAPHQL, None, &upper).await.status, StatusCode::OK, "a hash is a number");
}

#[tokio::test]
async fn a_hash_must_be_that_of_its_document() {
    let app = start().await;
    let (query, other) = ("{ me { role } }", "{ me { subject } }");
    for (document, hash) in [
        (Some(query), hash(other)),
        (None, String::new()),
        (None, "x".repeat(64)),
        (None, format!("+{}", "0".repeat(63))),
        (None, "ü".repeat(32)),
    ] {
        let response = send(&app, GRAPHQL, document, &hash).await;
        assert_eq!(
            (response.status, response.code().as_str()),
            (StatusCode::BAD_REQUEST, "BAD_USER_INPUT"),
            "{hash}"
        );
    }
    assert_eq!(send(&app, GRAPHQL, None, &hash(other)).await.code(), "PERSISTED_QUERY_NOT_FOUND");
    for extensions in [
        json!({ "persistedQuery": { "version": 2, "sha256Hash": hash(query) } }),
        json!({ "persistedQuery": { "sha256Hash": hash(query) } }),
        json!({ "persistedQuery": { "version": 1 } }),
        json!({ "persistedQuery": 1 }),
        json!({ "persistedQuery": Value::Null }),
        json!({}),
    ] {
        let response = post(&app, GRAPHQL, JSON, json!({ "extensions": extensions }).to_string()).await;
        assert_eq!(
            (response.status, response.code().as_str()),
            (StatusCode::BAD_REQUEST, "BAD_USER_INPUT"),
            "{extensions}"
        );
    }
}

#[tokio::test]
async fn strangers_keep_nothing_here() {
    let app = start().await;
    let query = "{ me { role } }";
    let body = json!({ "query": query, "extensions": named(&hash(query)) });
    let stranger = request(&app, Method::POST, "/graphql").json(&body);
    assert_eq!(answer(stranger).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(send(&app, GRAPHQL, None, &hash(query)).await.code(), "PERSISTED_QUERY_NOT_FOUND");
}

#[tokio::test]
async fn what_is_kept_is_bounded() {
    let app = start().await;
    // No documents, so that nothing is done with them but keeping them.
    let large: Vec<String> = (0..12).map(|n| format!("!{n}{}", "x".repeat(1024 * 1024))).collect();
    for document in &large {
        assert_eq!(send(&app, GRAPHQL, Some(document), &hash(document)).await.code(), "BAD_USER_INPUT");
    }
    let mut kept = 0;
    for document in &large {
        kept += usize::from(send(&app, GRAPHQL, None, &hash(document)).await.code() == "BAD_USER_INPUT");
    }
    assert!((1..=8).contains(&kept), "{kept} MiB were kept");
}

#[tokio::test]
async fn mutations_cannot_be_sent_by_get_under_their_hash_either() {
    let app = start().await;
    let mutation = "mutation { upsertCourse(input: { sourcedId: \"c\", title: \"C\" }) { outcome } }";
    let extensions = named(&hash(mutation)).to_string();
    let both = [("query", mutation), ("extensions", extensions.as_str())];
    for parameters in [&both[..], &both[1..]] {
        let response = get(&app, parameters).await;
        assert_eq!(response.status, StatusCode::METHOD_NOT_ALLOWED, "{}", response.text);
        assert_eq!(response.header("allow"), "POST");
    }
    let response = send(&app, GRAPHQL, None, &hash(mutation)).await;
    assert_eq!(response.json()["data"]["upsertCourse"]["outcome"], "CREATED", "it was not executed before");
}

/// A GET under the hash, with these tags.
async fn get_unless(app: &TestApp, tags: &[&str]) -> Raw {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("extensions", &named(&hash(QUERY)).to_string());
    query.append_pair("variables", "{\"s\":\"ada\"}");
    let mut request = request(app, Method::GET, &format!("/graphql?{}", query.finish()));
    for tag in tags {
        request = request.header(IF_NONE_MATCH, *tag);
    }
    answer(as_admin(app, request).header(ACCEPT, GRAPHQL)).await
}

#[tokio::test]
async fn a_client_that_has_the_answer_is_not_sent_it_again() {
    let app = start().await;
    app.student("ada").await;
    assert_eq!(get_unless(&app, &[]).await.code(), "PERSISTED_QUERY_NOT_FOUND");
    assert_eq!(get_unless(&app, &[]).await.header("etag"), "", "what failed may succeed next time");
    let variables = json!({ "s": "ada" });
    let body = json!({ "query": QUERY, "variables": variables, "extensions": named(&hash(QUERY)) });
    let posted = post(&app, GRAPHQL, JSON, body.to_string()).await;
    assert_eq!(posted.header("etag"), "", "a POST is not kept");

    let first = get_unless(&app, &[]).await;
    assert_eq!((first.status, &first.text), (StatusCode::OK, &posted.text));
    assert_eq!(first.header("cache-control"), "private, no-cache");
    assert_eq!(first.header("vary"), "Accept, Authorization");
    let tag = first.header("etag").to_owned();
    assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() > 20, "{tag}");
    for tags in [&[tag.as_str()][..], &["\"other\"", &tag], &[&format!("\"a\", W/{tag} ,\"b\"")], &["*"]] {
        let again = get_unless(&app, tags).await;
        assert_eq!((again.status, again.text.as_str()), (StatusCode::NOT_MODIFIED, ""), "{tags:?}");
        for header in ["etag", "cache-control", "vary"] {
            assert_eq!(again.header(header), first.header(header));
        }
    }
    assert_eq!(get_unless(&app, &["\"other\""]).await.text, first.text);

    app.course("maths").await;
    app.enroll("ada", "maths", "ACTIVE").await;
    let changed = get_unless(&app, &[&tag]).await;
    assert_eq!(changed.status, StatusCode::OK);
    assert_ne!(changed.header("etag"), tag);
}
