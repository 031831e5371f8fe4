//! GraphQL over HTTP, as any client would speak it.

use reqwest::StatusCode;
use serde_json::{Value, json};

/// A client of one server, with one token or none.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    endpoint: String,
    token: Option<String>,
}

/// What a server answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status of the response.
    pub status: StatusCode,
    /// The whole body.
    pub body: Value,
    /// The body as it came.
    pub bytes: Vec<u8>,
}

/// The first error of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphqlError {
    /// `extensions.code`.
    pub code: String,
    /// `extensions.field`.
    pub field: Option<String>,
    /// The text for people.
    pub message: String,
}

impl Client {
    /// A client of the server at `url`.
    pub fn new(url: &str, token: Option<String>) -> Self {
        Self::sharing(&Self::connections(), url, token)
    }

    /// A client of the server at `url` that shares `connections` with others of the same test.
    pub fn sharing(connections: &reqwest::Client, url: &str, token: Option<String>) -> Self {
        Self { http: connections.clone(), endpoint: format!("{url}/graphql"), token }
    }

    /// Connections that clients can share. They end with the runtime of the test that opened them.
    pub fn connections() -> reqwest::Client {
        // The provider may have been installed by another client already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        reqwest::Client::builder().no_proxy().tls_certs_only([]).build().expect("an HTTP client can be made")
    }

    /// Connections of which each is for one request: none can have been closed since the one before.
    pub fn single_connections() -> reqwest::Client {
        let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).pool_max_idle_per_host(0);
        client.build().expect("an HTTP client can be made")
    }

    /// Connections that show a redirect instead of following it.
    pub fn not_following() -> reqwest::Client {
        let none = reqwest::redirect::Policy::none();
        let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).redirect(none).build();
        client.expect("an HTTP client can be made")
    }

    /// The token, if the client has one.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// The answer to a query or a mutation.
    pub async fn send(&self, query: &str, variables: Value) -> Answer {
        self.try_send(query, variables).await.expect("the server answers")
    }

    /// The answer to a query or a mutation, if the server answers at all.
    ///
    /// # Errors
    /// When there is no connection, or it is lost.
    pub async fn try_send(&self, query: &str, variables: Value) -> reqwest::Result<Answer> {
        let mut request =
            self.http.post(&self.endpoint).json(&json!({ "query": query, "variables": variables }));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await?;
        let status = response.status();
        let bytes = response.bytes().await?.to_vec();
        let body = serde_json::from_slice(&bytes).expect("the server answers JSON");
        Ok(Answer { status, body, bytes })
    }

    /// The data of an answer that must have no errors.
    pub async fn data(&self, query: &str, variables: Value) -> Value {
        let answer = self.send(query, variables).await;
        assert!(answer.body.get("errors").is_none(), "{query}\nanswered {:#}", answer.body);
        answer.body["data"].clone()
    }

    /// The first error of an answer that must have one.
    pub async fn error(&self, query: &str, variables: Value) -> GraphqlError {
        let answer = self.send(query, variables).await;
        answer
            .error()
            .unwrap_or_else(|| panic!("{query}\nshould have failed, and answered {:#}", answer.body))
    }

    /// The data of a mutation `name` with one `input` of the type `input_type`, selecting `selection`.
    pub async fn mutate(&self, name: &str, input_type: &str, input: Value, selection: &str) -> Value {
        let query = format!("mutation($input: {input_type}!) {{ {name}(input: $input) {{ {selection} }} }}");
        self.data(&query, json!({ "input": input })).await[name].clone()
    }
}

impl Answer {
    /// The first error, if there is one.
    pub fn error(&self) -> Option<GraphqlError> {
        let error = self.body["errors"].as_array()?.first()?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Some(GraphqlError {
            code: text(&error["extensions"]["code"]).unwrap_or_default(),
            field: text(&error["extensions"]["field"]),
            message: text(&error["message"]).unwrap_or_default(),
        })
    }
}
