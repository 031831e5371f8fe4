//! Single facts, each durable when it is acknowledged, next to bare inserts that are as durable.

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::{Value, json};

use super::freshness::settled;
use super::http::{Connection, contains};
use super::load::{self, Caller};
use super::options::Part;
use super::process::Server;
use super::round::{Round, in_turn};
use super::school::facts::{self, COURSES, TASKS};
use super::{Outcome, commits};

/// Callers that all write about the same student.
const CROWD: usize = 16;

const RECORD: &str =
    "mutation($input: RecordQuizAttemptInput!) { recordQuizAttempt(input: $input) { outcome } }";

/// What is measured when each fact is about another student.
pub(super) const RANDOM_STUDENTS: &str = "facts written, random students";
/// What is measured when all are about the same one.
const ONE_STUDENT: &str = "facts written, one student";

/// Measures writes of single facts, with the worker that follows them.
///
/// # Errors
/// When a server does not start, or refuses a fact.
pub(super) async fn measure(round: &mut Round<'_>) -> Outcome {
    commits::prepare(round.arena).await?;
    let server = round.programs.serve(&round.arena.url).await?;
    for connections in round.options.connections().iter().copied() {
        compare(round, &server, RANDOM_STUDENTS, connections).await?;
    }
    compare(round, &server, ONE_STUDENT, CROWD).await?;
    round.note_memory("memory of tally-api, writes", server.memory()?);
    server.stop().await
}

async fn compare(round: &mut Round<'_>, server: &Server, what: &str, connections: usize) -> Outcome {
    let (arena, lasting) = (round.arena, round.options.lasting());
    // Not seeded: in a database that is used again, one student would collect the facts of all runs.
    let target = (what == ONE_STUDENT).then(|| rand::random_range(0..arena.students.len()));
    let tally = async || rate(round, server, target, connections).await;
    let bare = async || load::rate(commits::committers(arena, connections).await?, lasting).await;
    let (tally, bare) = in_turn(round.bare_first(), tally, bare).await?;
    round.compare(Part::Writes, what, connections, tally, bare);
    Ok(())
}

/// How many facts a server takes in a second, about `target` or about random students.
///
/// # Errors
/// When it refuses one.
pub(super) async fn rate(
    round: &Round<'_>,
    server: &Server,
    target: Option<usize>,
    connections: usize,
) -> Outcome<f64> {
    let mut writers = Vec::new();
    for nth in 0..connections {
        writers.push(Writer {
            connection: server.connect().await?,
            students: round.arena.students.len(),
            target,
            random: StdRng::seed_from_u64(round.seed(nth)),
        });
    }
    let rate = load::rate(writers, round.options.lasting()).await?;
    // The recalculations that are still to come must not be in the way of what is measured next.
    settled(&round.arena.db).await?;
    Ok(rate)
}

struct Writer {
    connection: Connection,
    students: usize,
    target: Option<usize>,
    random: StdRng,
}

impl Caller for Writer {
    async fn call(&mut self) -> Outcome {
        let student = self.target.unwrap_or_else(|| self.random.random_range(0..self.students));
        let input = attempt(student, &mut self.random);
        let body = json!({ "query": RECORD, "variables": { "input": input } });
        let answer = self.connection.ask(body.to_string()).await?;
        if contains(&answer, b"CREATED") { Ok(()) } else { Err("a new attempt was there already".into()) }
    }
}

/// A new attempt of a student, at a quiz of a course that the student takes.
pub(super) fn attempt(student: usize, random: &mut StdRng) -> Value {
    json!({
        "student": { "sourcedId": facts::student(student) },
        "quiz": { "sourcedId": facts::quiz(student % COURSES, random.random_range(0..TASKS)) },
        "sourcedId": format!("new-{:032x}", rand::random::<u128>()),
        "completedAt": "2026-03-02T10:00:00Z",
        "score": { "percentage": random.random_range(40..=100) },
    })
}
