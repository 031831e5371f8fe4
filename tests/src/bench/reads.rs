//! Dashboards of random students, next to a bare handler that returns the same bytes.

use std::fs;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use super::Outcome;
use super::http::Connection;
use super::load::{self, Caller};
use super::options::Part;
use super::process::{Server, UNLIMITED};
use super::round::{Round, in_turn};
use super::school::facts;

/// The six fields, and the courses with what counts in each.
const DASHBOARD: &str = "query($id: String!) { studentProfile(sourcedId: $id) { totalQuizzesCompleted \
    totalAssignmentsCompleted overallQuizAverageScore overallAssignmentAverageScore overallAverageScore \
    lastPerformanceUpdate enrollments { course { title } totalQuizzesTaken averageQuizScore \
    totalAssignmentsCompleted averageAssignmentScore } } }";

/// What is measured here.
pub(super) const READS: &str = "dashboards read";
/// The same with profiles kept in memory.
const CACHED_READS: &str = "dashboards read, --cache";

/// Measures reads.
///
/// # Errors
/// When a server does not start, or refuses a read.
pub(super) async fn measure(round: &mut Round<'_>) -> Outcome {
    compare(round, READS, &UNLIMITED).await?;
    compare(round, CACHED_READS, &[&UNLIMITED[..], &["--cache"]].concat()).await
}

async fn compare(round: &mut Round<'_>, what: &str, options: &[&str]) -> Outcome {
    let server = round.programs.serve_with(&round.arena.url, options).await?;
    let answer = server.connect().await?.ask(dashboard(0)).await?;
    let file = round.programs.shared_file("answer");
    fs::write(&file, &answer)?;
    let bare = round.programs.serve_bare(&file).await?;
    for connections in round.options.connections().iter().copied() {
        let (tally, bare) = in_turn(
            round.bare_first(),
            async || rate(round, &server, connections).await,
            async || rate(round, &bare, connections).await,
        )
        .await?;
        round.compare(Part::Reads, what, connections, tally, bare);
    }
    round.note_memory(&format!("memory of tally-api, {what}"), server.memory()?);
    bare.stop().await?;
    server.stop().await
}

/// How many dashboards of random students a server answers in a second.
///
/// # Errors
/// When it refuses one.
pub(super) async fn rate(round: &Round<'_>, server: &Server, connections: usize) -> Outcome<f64> {
    load::rate(readers(round, server, connections).await?, round.options.lasting()).await
}

struct Reader {
    connection: Connection,
    students: usize,
    random: StdRng,
}

impl Caller for Reader {
    async fn call(&mut self) -> Outcome {
        let student = self.random.random_range(0..self.students);
        self.connection.ask(dashboard(student)).await.map(drop)
    }
}

async fn readers(round: &Round<'_>, server: &Server, count: usize) -> Outcome<Vec<Reader>> {
    let mut readers = Vec::new();
    for nth in 0..count {
        readers.push(Reader {
            connection: server.connect().await?,
            students: round.arena.students.len(),
            random: StdRng::seed_from_u64(round.seed(nth)),
        });
    }
    Ok(readers)
}

fn dashboard(student: usize) -> String {
    format!(r#"{{"query":"{DASHBOARD}","variables":{{"id":"{}"}}}}"#, facts::student(student))
}
