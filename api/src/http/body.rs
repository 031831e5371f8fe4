//! The parameters of a request, however they come.

use async_graphql::Request;
use serde::Deserialize;
use serde_json::{Map, Value};

/// The parameters of a request. Read strictly: a batch or a wrong type is an error, not an empty request.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Body {
    query: String,
    #[serde(default)]
    operation_name: Option<String>,
    #[serde(default)]
    variables: Option<Map<String, Value>>,
    /// None is understood yet, but what is there must be an object.
    #[serde(default, rename = "extensions")]
    _extensions: Option<Map<String, Value>>,
}

impl Body {
    /// Reads a body of JSON.
    pub(super) fn from_json(body: &[u8]) -> Result<Self, String> {
        // Left to itself, serde would read an array as the parameters in their order.
        if body.trim_ascii_start().first() == Some(&b'[') {
            return Err("the body must be one request: batches are not taken".to_owned());
        }
        serde_json::from_slice(body).map_err(|error| not_a_request(&error))
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
        serde_json::from_value(object.into()).map_err(|error| not_a_request(&error))
    }
}

fn not_a_request(error: &serde_json::Error) -> String {
    // What serde expected is named by a type of ours.
    let error = error.to_string().replace("struct Body", "an object");
    format!("this is not a GraphQL request: {error}")
}

impl From<Body> for Request {
    fn from(body: Body) -> Self {
        let variables = Value::Object(body.variables.unwrap_or_default());
        let mut request = Self::new(body.query).variables(async_graphql::Variables::from_json(variables));
        request.operation_name = body.operation_name;
        request
    }
}
