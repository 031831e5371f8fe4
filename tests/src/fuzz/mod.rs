//! A fuzz of the HTTP surface: requests that are made up at random, from the schema and from a corpus of documents, and
//! then spoilt. Each follows from its number and a seed alone, so that what it finds can be found again.
//!
//! | modules | what lives there |
//! |---|---|
//! | `values` | values that inputs are likely not to expect |
//! | `grammar` | valid operations, built from the schema |
//! | `spoil` | what is done to a text so that it is valid no more |
//! | `target` | the server that is fuzzed |
//! | `shots` | requests and sockets, and what may not come of them |

mod grammar;
mod shots;
mod spoil;
mod target;
mod values;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use tokio::task::JoinSet;

use grammar::Grammar;

pub use target::Fuzzed;

/// What is fuzzed, and with what.
#[derive(Clone, Debug)]
pub struct Field {
    /// Where the server listens.
    pub url: String,
    /// Tokens that are good.
    pub tokens: Vec<String>,
    /// Ids of what is there.
    pub ids: Vec<String>,
}

/// How much is fuzzed.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// What all requests follow from.
    pub seed: u64,
    /// The number of the first.
    pub first: u64,
    /// How many there are.
    pub requests: u64,
    /// How many are under way at a time.
    pub at_a_time: usize,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// How often each answer came: the status, and the code of the first error.
    pub answers: BTreeMap<String, u64>,
    /// What may not be, with the numbers of the requests.
    pub faults: Vec<(u64, String)>,
}

struct Fuzz {
    field: Field,
    grammar: Grammar,
    corpus: Vec<String>,
    http: reqwest::Client,
}

/// Fuzzes `field` as `plan` says.
pub async fn run(field: Field, plan: Plan) -> Report {
    let grammar = Grammar::of(&api::schema::sdl(), &field.ids);
    let http = crate::client::Client::connections();
    let fuzz = Arc::new(Fuzz { field, grammar, corpus: corpus(), http });
    let next = Arc::new(AtomicU64::new(plan.first));
    let mut callers = JoinSet::new();
    for _ in 0..plan.at_a_time {
        callers.spawn(call(fuzz.clone(), plan, next.clone()));
    }
    let mut report = Report::default();
    while let Some(part) = callers.join_next().await {
        let part = part.expect("a caller does not panic");
        for (answer, count) in part.answers {
            *report.answers.entry(answer).or_default() += count;
        }
        report.faults.extend(part.faults);
    }
    report
}

async fn call(fuzz: Arc<Fuzz>, plan: Plan, next: Arc<AtomicU64>) -> Report {
    let mut report = Report::default();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= plan.first + plan.requests {
            return report;
        }
        let random = StdRng::seed_from_u64(plan.seed.wrapping_mul(1_000_003).wrapping_add(number));
        match shots::shoot(&fuzz, random).await {
            Ok(answer) => *report.answers.entry(answer).or_default() += 1,
            Err(fault) => report.faults.push((number, fault)),
        }
    }
}

/// The documents of `tests/corpus`, and the examples that people are shown.
fn corpus() -> Vec<String> {
    let folders = ["corpus", "../api/web/graphiql/examples"];
    let mut documents = Vec::new();
    for folder in folders {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let mut files: Vec<_> = fs::read_dir(folder)
            .expect("the corpus is there")
            .map(|file| file.expect("a file of the corpus").path())
            .collect();
        files.sort();
        documents.extend(files.iter().map(|file| fs::read_to_string(file).expect("a document")));
    }
    documents
}
