//! Sending one page of facts, again and again until the server has answered.

use std::error::Error as _;
use std::time::Duration;

use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::load::{LoadError, Totals};
use super::mapping::Phase;
use super::progress::PhaseProgress;
use crate::client::{Answer, Client};

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// After about a minute without an answer, the server is not just being restarted.
const TRIES: u32 = 35;
/// So many refusals of a page are shown.
const SHOWN_REFUSALS: usize = 3;

/// Sends the pages of one phase.
#[derive(Clone, Debug)]
pub(super) struct Sender {
    client: Client,
    mutation: &'static str,
    query: String,
    progress: PhaseProgress,
}

/// Why a page was not done.
enum Failure {
    /// The server is not there, or not able to answer. What it has done of the page is not known, and does not matter:
    /// a fact that is sent again changes nothing.
    Passing(String),
    /// It would be the same the next time.
    Lasting(LoadError),
}

#[derive(Deserialize)]
struct Payload {
    results: Vec<FactResult>,
}

#[derive(Deserialize)]
struct FactResult {
    outcome: Option<String>,
    error: Option<Refusal>,
}

#[derive(Deserialize)]
struct Refusal {
    code: String,
    message: String,
}

impl Sender {
    pub(super) fn new(client: Client, phase: Phase, progress: PhaseProgress) -> Self {
        let (mutation, input) = phase.mutation();
        let query = format!(
            "mutation($inputs: [{input}!]!) {{ {mutation}(inputs: $inputs, partial: true) \
             {{ results {{ outcome error {{ code message }} }} }} }}"
        );
        Self { client, mutation, query, progress }
    }

    /// Sends `page` until it is answered.
    pub(super) async fn send(&self, page: Vec<Value>) -> Result<Totals, LoadError> {
        let facts = page.len();
        let variables = json!({ "inputs": page });
        let mut pause = FIRST_PAUSE;
        let mut tries = 1;
        loop {
            match self.try_send(&variables, facts).await {
                Ok(totals) => {
                    self.progress.add(totals.sent);
                    return Ok(totals);
                }
                Err(Failure::Lasting(error)) => return Err(error),
                Err(Failure::Passing(reason)) if tries == TRIES => {
                    return Err(LoadError::NoAnswer(reason));
                }
                Err(Failure::Passing(reason)) => {
                    self.progress.note(&format!("trying again in {} ms: {reason}", pause.as_millis()));
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                    tries += 1;
                }
            }
        }
    }

    async fn try_send(&self, variables: &Value, facts: usize) -> Result<Totals, Failure> {
        let answer = match self.client.try_send(&self.query, variables.clone()).await {
            Ok(answer) => answer,
            Err(error) if error.is_builder() => return Err(Failure::Lasting(LoadError::Url(error))),
            Err(error) => return Err(Failure::Passing(with_cause(&error))),
        };
        self.read(answer).and_then(|results| {
            if results.len() == facts {
                Ok(self.count(&results))
            } else {
                let message = format!("{} results for {facts} facts", results.len());
                Err(Failure::Lasting(LoadError::Refused(message)))
            }
        })
    }

    fn read(&self, mut answer: Answer) -> Result<Vec<FactResult>, Failure> {
        if let Some(error) = answer.error() {
            let message = format!("{} {}: {}", answer.status, error.code, error.message);
            let passing = error.code == "UNAVAILABLE" || is_passing(answer.status);
            return Err(if passing {
                Failure::Passing(message)
            } else {
                Failure::Lasting(LoadError::Refused(message))
            });
        }
        if is_passing(answer.status) {
            return Err(Failure::Passing(answer.status.to_string()));
        }
        let payload = answer.body["data"][self.mutation].take();
        serde_json::from_value::<Payload>(payload).map(|payload| payload.results).map_err(|error| {
            Failure::Lasting(LoadError::Refused(format!("not an answer of Tally's: {error}")))
        })
    }

    fn count(&self, results: &[FactResult]) -> Totals {
        let outcomes = |wanted: &str| {
            results.iter().filter(|result| result.outcome.as_deref() == Some(wanted)).count() as u64
        };
        let refusals: Vec<&Refusal> = results.iter().filter_map(|result| result.error.as_ref()).collect();
        for refusal in refusals.iter().take(SHOWN_REFUSALS) {
            self.progress.note(&format!("refused: {} {}", refusal.code, refusal.message));
        }
        Totals {
            sent: results.len() as u64,
            created: outcomes("CREATED"),
            updated: outcomes("UPDATED"),
            unchanged: outcomes("UNCHANGED"),
            refused: refusals.len() as u64,
        }
    }
}

fn is_passing(status: StatusCode) -> bool {
    matches!(status, StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT)
}

/// The error, and the innermost of its causes, which says what happened.
fn with_cause(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    while let Some(inner) = cause.and_then(std::error::Error::source) {
        cause = Some(inner);
    }
    cause.map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
}
