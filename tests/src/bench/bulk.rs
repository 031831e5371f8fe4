//! Many facts in one call.

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::json;

use super::Outcome;
use super::freshness::settled;
use super::http::Connection;
use super::load::{self, Caller};
use super::options::Part;
use super::results::Unit;
use super::round::Round;
use super::writes::attempt;
use crate::writing::bulk_mutation;

/// How many calls run at the same time.
const CALLERS: [usize; 2] = [1, 4];

/// Measures writes of many facts in one call, with the worker that follows them.
///
/// # Errors
/// When a server does not start, or refuses a call.
pub(super) async fn measure(round: &mut Round<'_>) -> Outcome {
    let server = round.programs.serve(&round.arena.url).await?;
    let facts = round.options.bulk;
    for count in CALLERS {
        let mut callers = Vec::new();
        for nth in 0..count {
            callers.push(BulkWriter {
                connection: server.connect().await?,
                students: round.arena.students.len(),
                facts,
                random: StdRng::seed_from_u64(round.seed(nth)),
            });
        }
        let calls = load::rate(callers, round.options.lasting()).await?;
        settled(&round.arena.db).await?;
        let what = format!("facts in bulk, {facts} a call");
        round.note(Part::Bulk, &what, count, Unit::PerSecond, calls * f64::from(facts));
    }
    round.note_memory("memory of tally-api, bulk", server.memory()?);
    server.stop().await
}

struct BulkWriter {
    connection: Connection,
    students: usize,
    facts: u32,
    random: StdRng,
}

impl Caller for BulkWriter {
    async fn call(&mut self) -> Outcome {
        let mut input = || {
            let student = self.random.random_range(0..self.students);
            attempt(student, &mut self.random)
        };
        let inputs: Vec<_> = (0..self.facts).map(|_| input()).collect();
        let query = bulk_mutation("recordQuizAttempt");
        let body = json!({ "query": query, "variables": { "inputs": inputs, "partial": false } });
        self.connection.ask(body.to_string()).await.map(drop)
    }
}
