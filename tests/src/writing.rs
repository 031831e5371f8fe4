//! Many facts in one call, and facts that are refused.

use serde_json::{Value, json};

use crate::TestApp;
use crate::client::{Answer, GraphqlError};
use crate::school::input_type;

/// What became of a bulk mutation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BulkWritten {
    /// For each input its outcome, or the code and the field of its error: `CREATED`, `NOT_FOUND quiz`.
    pub results: Vec<String>,
    /// How many recalculations were enqueued, or taken on by ones that were waiting.
    pub recalculations: usize,
    /// How many facts were new or have changed.
    pub written: u64,
    /// How many inputs were refused.
    pub refused: u64,
}

impl TestApp {
    /// The error of a fact that must be refused. `mutation` is as for [`TestApp::write`].
    pub async fn refused(&self, mutation: &str, input: Value) -> GraphqlError {
        let input_type = input_type(mutation);
        let query = format!("mutation($input: {input_type}!) {{ {mutation}(input: $input) {{ outcome }} }}");
        self.service().error(&query, json!({ "input": input })).await
    }

    /// Writes many facts of a kind in one call as the learning system. `mutation` is the name of the mutation that
    /// writes one of them.
    pub async fn write_all(&self, mutation: &str, inputs: &[Value], partial: bool) -> BulkWritten {
        let answer = self.send_all(mutation, inputs, partial).await;
        assert!(answer.error().is_none(), "{mutation} answered {:#}", answer.body);
        BulkWritten::read(&answer.body["data"][plural(mutation)])
    }

    /// The answer to a call that writes many facts, whatever it is.
    pub async fn send_all(&self, mutation: &str, inputs: &[Value], partial: bool) -> Answer {
        let variables = json!({ "inputs": inputs, "partial": partial });
        self.service().send(&bulk_mutation(mutation), variables).await
    }
}

/// The text of the mutation that writes many of what `mutation` writes one of, with the variables `inputs` and `partial`.
pub fn bulk_mutation(mutation: &str) -> String {
    format!(
        "mutation($inputs: [{}!]!, $partial: Boolean!) {{ {}(inputs: $inputs, partial: $partial) {{ \
         results {{ outcome recalculationEnqueued error {{ code field }} }} written refused }} }}",
        input_type(mutation),
        plural(mutation),
    )
}

fn plural(mutation: &str) -> String {
    match mutation {
        _ if mutation.ends_with("Quiz") => format!("{mutation}zes"),
        _ if mutation.ends_with("Status") => format!("{mutation}es"),
        _ => format!("{mutation}s"),
    }
}

impl BulkWritten {
    fn read(payload: &Value) -> Self {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let count = |field: &str| payload[field].as_u64().expect("a count");
        let results = payload["results"].as_array().expect("results");
        let result = |result: &Value| match (text(&result["outcome"]), &result["error"]) {
            (Some(outcome), _) => outcome,
            (None, error) => {
                [&error["code"], &error["field"]].map(|part| text(part).unwrap_or_default()).join(" ")
            }
        };
        Self {
            results: results.iter().map(result).collect(),
            recalculations: results.iter().filter(|result| result["recalculationEnqueued"] == true).count(),
            written: count("written"),
            refused: count("refused"),
        }
    }
}
