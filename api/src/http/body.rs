//! The parameters of a request, however they come.

use async_graphql::Request;
use serde::Deserialize;
use serde_json::{Map, Value};

/// The parameters of a request. Read strictly: a batch or a wrong type is an error, not an empty request.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Body {
    #[serde(default)]
    query: Option<String>,
    #[serde(default)]
    operation_name: Option<String>,
    #[serde(default)]
    variables: Option<Map<String, Value>>,
    #[serde(default)]
    extensions: Option<Map<String, Value>>,
}

impl Body {
    /// Reads a body of JSON.
    pub(super) fn from_json(body: &[u8]) -> Result<Self, String> {
        // Left to itself, serde would read an array as the parameters in their order.
        if body.trim_ascii_start().first() == Some(&b'[') {
            return Err("the body must be one request: batches are not taken".to_owned());
        }
        serde_json::from_slice::<Self>(body).map_err(|error| not_a_request(&error))?.with_document()
    }

    /// Reads the parameters of a URL, where all but texts are JSON.
    pub(super) fn from_query_string(query: &str) -> Result<Self, String> {
        let mut parameters = Map::new();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let value = match &*name {
                "variables" | "extensions" if !value.is_empty() => {
                    serde_json::from_str(&value).map_err(|error| format!("{name} is not JSON: {error}"))?
                }
                "query" | "operationName" => value.into_owned().into(),
                _ => continue,
            };
            if parameters.insert(name.to_string(), value).is_some() {
                return Err(format!("{name} is given more than once"));
            }
        }
        Self::from_object(parameters)
    }

    /// Reads an object of JSON.
    pub(super) fn from_object(object: Map<String, Value>) -> Result<Self, String> {
        serde_json::from_value::<Self>(object.into()).map_err(|error| not_a_request(&error))?.with_document()
    }

    /// A request has a document, or says which one it means.
    fn with_document(self) -> Result<Self, String> {
        if self.query.is_none() && self.persisted().is_none() {
            return Err("this is not a GraphQL request: missing field `query`".to_owned());
        }
        Ok(self)
    }

    /// The document, if it came along.
    pub(super) fn query(&self) -> Option<&str> {
        self.query.as_deref()
    }

    /// What the request says of the persisted document that it means, if it means one.
    pub(super) fn persisted(&self) -> Option<&Value> {
        self.extensions.as_ref()?.get("persistedQuery").filter(|value| !value.is_null())
    }

    /// The request, with `query` as its document.
    pub(super) fn into_request(self, query: String) -> Request {
        let variables = Value::Object(self.variables.unwrap_or_default());
        let mut request = Request::new(query).variables(async_graphql::Variables::from_json(variables));
        request.operation_name = self.operation_name;
        request
    }
}

fn not_a_request(error: &serde_json::Error) -> String {
    // What serde expected is named by a type of ours.
    let error = error.to_string().replace("struct Body", "an object");
    format!("this is not a GraphQL request: {error}")
}
