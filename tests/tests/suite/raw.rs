//! HTTP as it is: for what a well-behaved client would never send, and would never look at.

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tests::TestApp;

pub(crate) const JSON: &str = "application/json";
pub(crate) const GRAPHQL: &str = "application/graphql-response+json";

/// A whole response.
#[derive(Debug)]
pub(crate) struct Raw {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Raw {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The code of the first error.
    pub(crate) fn code(&self) -> String {
        self.json()["errors"][0]["extensions"]["code"].as_str().unwrap_or_default().to_owned()
    }
}

/// A request to a path of the server.
pub(crate) fn request(app: &TestApp, method: Method, path: &str) -> RequestBuilder {
    let http = reqwest::Client::builder().no_proxy().tls_certs_only([]).build();
    http.expect("an HTTP client can be made").request(method, format!("{}{path}", app.url))
}

/// A POST to the endpoint, as an admin, with this `Accept`, this `Content-Type` and this body.
pub(crate) async fn post(app: &TestApp, accept: &str, content_type: &str, body: impl Into<String>) -> Raw {
    let request = request(app, Method::POST, "/graphql").header(CONTENT_TYPE, content_type).body(body.into());
    answer(as_admin(app, request).header(ACCEPT, accept)).await
}

/// A query as an admin, in the ordinary way.
pub(crate) async fn query(app: &TestApp, accept: &str, query: &str) -> Raw {
    post(app, accept, JSON, json!({ "query": query }).to_string()).await
}

/// A GET of the endpoint, as an admin.
pub(crate) async fn get(app: &TestApp, parameters: &[(&str, &str)]) -> Raw {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    let query = query.extend_pairs(parameters).finish();
    let request = request(app, Method::GET, &format!("/graphql?{query}"));
    answer(as_admin(app, request).header(ACCEPT, GRAPHQL)).await
}

pub(crate) fn as_admin(app: &TestApp, request: RequestBuilder) -> RequestBuilder {
    let token = app.token(api::auth::Role::Admin, "admin");
    request.header(AUTHORIZATION, format!("Bearer {token}"))
}

pub(crate) async fn answer(request: RequestBuilder) -> Raw {
    let response = request.send().await.expect("the server answers");
    let (status, headers) = (response.status(), response.headers().clone());
    Raw { status, headers, text: response.text().await.expect("a text") }
}
