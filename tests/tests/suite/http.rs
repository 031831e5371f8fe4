//! GraphQL over HTTP, as its specification has it.

use api::auth::Role;
use chrono::TimeDelta;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tests::{Backend, TestApp};

use crate::raw::{GRAPHQL, JSON, answer, as_admin, get, post, query, request};

async fn start() -> TestApp {
    TestApp::start(Backend::Sqlite).await
}

#[tokio::test]
async fn the_status_says_whether_a_request_was_executed_unless_the_client_wants_plain_json() {
    let app = start().await;
    for (document, executed) in [
        ("{ me { role } }", true),
        ("{ node(id: \"x\") { id } }", true),
        ("mutation { upsertStudent(input: { sourcedId: \"s\" }) { outcome } }", true),
        ("{ me { role ", false),
        ("{ me { nothing } }", false),
        ("{ studentProfile(id: 1.5) { id } }", false),
        ("query($id: ID!) { node(id: $id) { id } }", false),
        ("query A { me { role } } query B { me { role } }", false),
        ("", false),
    ] {
        let status = if executed { StatusCode::OK } else { StatusCode::BAD_REQUEST };
        let response = query(&app, GRAPHQL, document).await;
        assert_eq!(response.status, status, "{document}");
        assert_eq!(response.header("content-type"), "application/graphql-response+json; charset=utf-8");
        assert_eq!(response.json().get("data").is_some(), executed, "{document}\n{}", response.text);

        let response = query(&app, JSON, document).await;
        assert_eq!(response.status, StatusCode::OK, "{document}");
        assert_eq!(response.header("content-type"), "application/json; charset=utf-8");
        assert_eq!(response.json().get("data").is_some(), executed, "{document}\n{}", response.text);
    }
}

#[tokio::test]
async fn the_accepted_media_type_is_answered_and_no_other() {
    let app = start().await;
    for (accept, content_type) in [
        ("*/*", JSON),
        ("application/*", JSON),
        ("application/graphql-response+json, application/json;q=0.9", GRAPHQL),
        ("application/json;q=0.1, application/graphql-response+json;q=0.2", GRAPHQL),
        ("text/html, application/json", JSON),
    ] {
        let response = query(&app, accept, "{ me { role } }").await;
        assert_eq!(response.status, StatusCode::OK, "{accept}");
        assert_eq!(response.header("content-type"), format!("{content_type}; charset=utf-8"), "{accept}");
    }
    for accept in ["text/html", "image/*", "application/json;q=0"] {
        let response = query(&app, accept, "{ me { role } }").await;
        assert_eq!(response.status, StatusCode::NOT_ACCEPTABLE, "{accept}");
        assert!(!response.text.contains("ADMIN"), "{accept}");
    }
}

#[tokio::test]
async fn only_json_can_be_posted() {
    let app = start().await;
    let body = json!({ "query": MUTATION }).to_string();
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/graphql",
        "application/jsonp",
        "",
    ] {
        let response = post(&app, JSON, content_type, body.clone()).await;
        assert_eq!(response.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{content_type}");
        assert_eq!(response.code(), "BAD_USER_INPUT");
    }
    assert!(profile_of_s(&app).await.is_null(), "a body of a foreign type was executed");
    for content_type in ["application/json", "Application/JSON ; charset=UTF-8"] {
        let response = post(&app, JSON, content_type, body.clone()).await;
        assert_eq!(response.json()["data"]["upsertStudent"]["__typename"], "StudentPayload");
    }
}

const MUTATION: &str =
    "mutation { upsertStudent(input: { sourcedId: \"s\", displayName: \"S\" }) { __typename } }";

async fn profile_of_s(app: &TestApp) -> Value {
    let data = app.admin().data("{ studentProfile(sourcedId: \"s\") { id } }", json!({})).await;
    data["studentProfile"].clone()
}

#[tokio::test]
async fn what_is_no_request_is_a_bad_request_whatever_the_client_accepts() {
    let app = start().await;
    for body in [
        "",
        "{",
        "null",
        "17",
        "\"{ me { role } }\"",
        "{}",
        "{\"query\": null}",
        "{\"query\": 1}",
        "{\"query\": [\"{ me { role } }\"]}",
        "{\"query\": \"{ me { role } }\", \"operationName\": 1}",
        "{\"query\": \"{ me { role } }\", \"variables\": [1]}",
        "{\"query\": \"{ me { role } }\", \"variables\": \"{}\"}",
        "{\"query\": \"{ me { role } }\", \"extensions\": true}",
        "{\"query\": \"{ me { role } }\", \"query\": \"{ me { subject } }\"}",
        "[{\"query\": \"{ me { role } }\"}]",
        "[]",
        // The parameters in their order.
        "[\"{ me { role } }\", null, null, null]",
    ] {
        for accept in [JSON, GRAPHQL] {
            let response = post(&app, accept, JSON, body).await;
            assert_eq!(response.status, StatusCode::BAD_REQUEST, "{body}\n{}", response.text);
            assert_eq!(response.code(), "BAD_USER_INPUT", "{body}");
            assert!(response.json().get("data").is_none(), "{body}");
            assert!(!response.text.contains("struct"), "{}", response.text);
        }
    }
    for body in [
        "{\"query\": \"{ me { role } }\", \"operationName\": null, \"variables\": null, \"extensions\": null}",
        "  {\"query\": \"{ me { role } }\", \"variables\": {}, \"extensions\": {}, \"unknown\": 1}",
    ] {
        let response = post(&app, GRAPHQL, JSON, body).await;
        assert_eq!(response.json()["data"]["me"]["role"], "ADMIN", "{body}");
    }
}

#[tokio::test]
async fn a_syntax_error_names_the_place_and_does_not_repeat_the_request() {
    let app = start().await;
    let response = query(&app, GRAPHQL, "{ me { role }\n secret: ").await;
    assert!(!response.text.contains("secret"), "{}", response.text);
    assert_eq!(response.json()["errors"][0]["locations"][0]["line"], 2, "{}", response.text);
    assert_eq!(response.code(), "BAD_USER_INPUT");
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let app = start().await;
    let body = json!({ "query": "{ me { role } }", "variables": { "a": "x".repeat(5 * 1024 * 1024) } });
    let response = post(&app, GRAPHQL, JSON, body.to_string()).await;
    assert_eq!(response.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(response.code(), "LIMIT_EXCEEDED");
    let body = json!({ "query": "{ me { role } }", "variables": { "a": "x".repeat(3 * 1024 * 1024) } });
    assert_eq!(post(&app, GRAPHQL, JSON, body.to_string()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn queries_can_be_sent_by_get() {
    let app = start().await;
    let response = get(&app, &[("query", "{ me { role } }")]).await;
    assert_eq!(response.json()["data"]["me"]["role"], "ADMIN");

    let two = "query A { me { role } } query B($id: ID!) { node(id: $id) { id } }";
    let response = get(&app, &[("query", two), ("operationName", "A")]).await;
    assert_eq!(response.json()["data"]["me"]["role"], "ADMIN", "{}", response.text);
    let id = format!("course:{}", uuid::Uuid::nil());
    let variables = json!({ "id": id }).to_string();
    let response = get(&app, &[("query", two), ("operationName", "B"), ("variables", &variables)]).await;
    assert_eq!(response.text, "{\"data\":{\"node\":null}}");

    for parameters in [
        &[][..],
        &[("query", two)],
        &[("query", two), ("operationName", "C")],
        &[("query", "{ me { role } }"), ("query", "{ me { role } }")],
        &[("query", "{ me { role } }"), ("variables", "[1]")],
        &[("query", "{ me { role } }"), ("variables", "{")],
        &[("query", "{ me { role } }"), ("extensions", "1")],
    ] {
        let response = get(&app, parameters).await;
        assert_eq!(response.status, StatusCode::BAD_REQUEST, "{parameters:?}\n{}", response.text);
        assert_eq!(response.code(), "BAD_USER_INPUT", "{parameters:?}");
    }
}

#[tokio::test]
async fn mutations_cannot_be_sent_by_get() {
    let app = start().await;
    let both = format!("query Q {{ me {{ role }} }} {}", MUTATION.replacen("mutation", "mutation M", 1));
    for parameters in [&[("query", MUTATION)][..], &[("query", &both), ("operationName", "M")]] {
        let response = get(&app, parameters).await;
        assert_eq!(response.status, StatusCode::METHOD_NOT_ALLOWED, "{}", response.text);
        assert_eq!(response.header("allow"), "POST");
        assert_eq!(response.code(), "BAD_USER_INPUT");
    }
    let response = get(&app, &[("query", &both), ("operationName", "Q")]).await;
    assert_eq!(response.json()["data"]["me"]["role"], "ADMIN");
    assert!(profile_of_s(&app).await.is_null(), "a mutation by GET was executed");
}

#[tokio::test]
async fn other_methods_are_refused_with_those_that_are_not() {
    let app = start().await;
    for method in [Method::PUT, Method::DELETE, Method::PATCH] {
        let response = answer(as_admin(&app, request(&app, method, "/graphql"))).await;
        assert_eq!(response.status, StatusCode::METHOD_NOT_ALLOWED);
        for allowed in ["GET", "POST"] {
            assert!(response.header("allow").contains(allowed), "{:?}", response.headers);
        }
    }
}

#[tokio::test]
async fn every_response_has_a_request_id() {
    let app = start().await;
    let mut ids = std::collections::HashSet::new();
    for response in [
        query(&app, GRAPHQL, "{ me { role } }").await,
        query(&app, GRAPHQL, "{").await,
        query(&app, "text/html", "{ me { role } }").await,
        post(&app, JSON, "text/plain", "").await,
        get(&app, &[("query", MUTATION)]).await,
        answer(request(&app, Method::POST, "/graphql")).await,
        answer(request(&app, Method::PUT, "/graphql")).await,
        answer(request(&app, Method::GET, "/")).await,
        answer(request(&app, Method::GET, "/nothing")).await,
    ] {
        assert!(!response.header("x-request-id").is_empty(), "{response:?}");
        assert!(ids.insert(response.header("x-request-id").to_owned()), "an id was given twice");
    }
    let given = request(&app, Method::GET, "/").header("x-request-id", "from-the-proxy");
    assert_eq!(answer(given).await.header("x-request-id"), "from-the-proxy");
}

#[tokio::test]
async fn nobody_is_let_in_without_a_valid_token() {
    let app = start().await;
    let token = app.token(Role::Admin, "admin");
    let send = async |authorization: Option<String>| {
        let mut request =
            request(&app, Method::POST, "/graphql").json(&json!({ "query": "{ me { role } }" }));
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        answer(request).await
    };
    assert_eq!(send(Some(format!("Bearer {token}"))).await.status, StatusCode::OK);
    assert_eq!(send(Some(format!("bearer {token}"))).await.status, StatusCode::OK);
    let refused = async |authorization: Option<String>| {
        let response = send(authorization.clone()).await;
        assert_eq!(response.status, StatusCode::UNAUTHORIZED, "{authorization:?}");
        assert!(response.header("www-authenticate").starts_with("Bearer"), "{:?}", response.headers);
        assert_eq!(response.code(), "UNAUTHENTICATED");
        assert!(response.json().get("data").is_none());
    };
    refused(None).await;
    for authorization in ["Bearer ", "Bearer x", "Bearer a.b.c", "Basic YTpi", "Bearer"] {
        refused(Some(authorization.to_owned())).await;
    }
    refused(Some(token.clone())).await;
    refused(Some(format!("Bearer {}", &token[..token.len() - 4]))).await;

    app.advance(TimeDelta::hours(2));
    refused(Some(format!("Bearer {token}"))).await;
}

#[tokio::test]
async fn fields_are_answered_in_the_order_of_the_query() {
    let app = start().await;
    app.student("ada").await;
    app.course("maths").await;
    app.enroll("ada", "maths", "ACTIVE").await;
    let document = "query { b: studentProfile(sourcedId: \"ada\") { \
        enrollments { course { title } status } student { profile { isStale __typename } displayName } isStale } \
        me { profile { id } children { id } ...Who role } a: me { role } } \
        fragment Who on Viewer { __typename subject }";
    let response = query(&app, GRAPHQL, document).await;
    assert_eq!(
        response.text,
        "{\"data\":{\"b\":{\
         \"enrollments\":[{\"course\":{\"title\":\"Course maths\"},\"status\":\"ACTIVE\"}],\
         \"student\":{\"profile\":{\"isStale\":true,\"__typename\":\"StudentProfile\"},\
         \"displayName\":\"Student ada\"},\"isStale\":true},\
         \"me\":{\"profile\":null,\"children\":[],\"__typename\":\"Viewer\",\"subject\":\"admin\",\
         \"role\":\"ADMIN\"},\"a\":{\"role\":\"ADMIN\"}}}"
    );
}

#[tokio::test]
async fn skipped_fields_and_fragments_of_other_types_are_left_out() {
    let app = start().await;
    let document = "{ me @skip(if: true) { role } who: me { role @include(if: false) } \
        node(id: \"course:00000000-0000-0000-0000-000000000000\") { ... on Student { displayName } id } }";
    let response = query(&app, GRAPHQL, document).await;
    assert_eq!(response.text, "{\"data\":{\"who\":{},\"node\":null}}");
    app.course("maths").await;
    let created = app
        .service()
        .mutate("upsertCourse", "UpsertCourseInput", json!({ "sourcedId": "maths" }), "fact { id }")
        .await;
    let id = created["fact"]["id"].as_str().expect("an id");
    let document = format!(
        "{{ node(id: \"{id}\") {{ ... on Student {{ displayName }} ... on Course {{ title id }} }} }}"
    );
    let response = query(&app, GRAPHQL, &document).await;
    assert_eq!(
        response.text,
        format!("{{\"data\":{{\"node\":{{\"title\":\"Course maths\",\"id\":\"{id}\"}}}}}}")
    );
}

#[tokio::test]
async fn a_failed_field_is_null_and_one_that_must_not_be_makes_its_parent_null() {
    let app = start().await;
    let response = query(&app, GRAPHQL, "{ node(id: \"x\") { id } me { role } }").await;
    assert_eq!(response.status, StatusCode::OK);
    assert!(
        response.text.starts_with("{\"data\":{\"node\":null,\"me\":{\"role\":\"ADMIN\"}},\"errors\":[{"),
        "{}",
        response.text
    );
    let document = "mutation { good: upsertCourse(input: { sourcedId: \"c\", title: \"C\" }) { outcome } \
        bad: upsertCourse(input: { sourcedId: \"d\" }) { outcome } }";
    let response = query(&app, GRAPHQL, document).await;
    assert!(response.text.starts_with("{\"data\":null,\"errors\":[{"), "{}", response.text);
    assert_eq!(response.json()["errors"][0]["path"], json!(["bad"]));
}

#[tokio::test]
async fn what_costs_too_much_is_refused() {
    let app = start().await;
    let mut deep = "id".to_owned();
    for _ in 0..20 {
        deep = format!("student {{ profile {{ {deep} }} }}");
    }
    let wide: Vec<String> = (0..6000).map(|n| format!("a{n}: me {{ role }}")).collect();
    let nested = "{a".repeat(50_000);
    for document in [format!("{{ myChildren {{ {deep} }} }}"), format!("{{ {} }}", wide.join(" ")), nested] {
        let response = query(&app, GRAPHQL, &document).await;
        assert_eq!(response.status, StatusCode::BAD_REQUEST);
        assert!(response.text.len() < 2000, "{}", &response.text[..2000]);
    }
}
