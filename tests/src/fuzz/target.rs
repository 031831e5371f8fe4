//! The server that is fuzzed.

use std::fs;
use std::path::{Path, PathBuf};

use api::auth::Role;
use serde_json::{Value, json};

use super::Field;
use crate::client::Client;
use crate::live_bench::server::Server;

/// A server of its own process, whose log is kept.
pub struct Fuzzed {
    /// The server.
    pub server: Server,
    log: PathBuf,
}

impl Fuzzed {
    /// Starts `program` over an empty database, with its files in `folder`.
    pub async fn start(program: &Path, database_url: &str, folder: &Path) -> Self {
        let log = folder.join("stderr.log");
        let free = ["--max-address-rate", "off", "--max-subject-rate", "off"];
        Self { server: Server::start_logged(program, database_url, folder, &free, &log).await, log }
    }

    /// What is to be fuzzed there: a small school, and tokens of every role.
    pub async fn field(&self) -> Field {
        let tokens = [
            (Role::Admin, "admin"),
            (Role::Service, "lms"),
            (Role::Guardian, "gwen"),
            (Role::Student, "ada"),
        ];
        Field::new(&self.server.url, tokens.map(|(role, subject)| self.server.token(role, subject)).to_vec())
            .await
    }

    /// What the log tells of panics.
    pub fn panics(&self) -> Vec<String> {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        log.lines().filter(|line| line.contains("panicked")).map(str::to_owned).collect()
    }
}

impl Field {
    /// A server at `url`, where a small school is made. The second of the `tokens` is that of somebody who may write.
    pub async fn new(url: &str, tokens: Vec<String>) -> Self {
        let service = Client::new(url, tokens.get(1).cloned());
        let data = service.data(SCHOOL, json!({})).await;
        let fields = data.as_object().into_iter().flatten();
        let ids =
            fields.map(|(_, payload)| &payload["fact"]["id"]).filter_map(Value::as_str).map(str::to_owned);
        Self { url: url.to_owned(), ids: ids.collect(), tokens }
    }
}

const SCHOOL: &str = "mutation {
    ada: upsertStudent(input: { sourcedId: \"ada\", displayName: \"Ada\" }) { fact { id } }
    bea: upsertStudent(input: { sourcedId: \"bea\", displayName: \"Bea\" }) { fact { id } }
    upsertGuardian(input: { sourcedId: \"gwen\", displayName: \"Gwen\" }) { fact { id } }
    grantGuardianship(input: { student: { sourcedId: \"ada\" }, guardian: { sourcedId: \"gwen\" } }) { outcome }
    upsertCourse(input: { sourcedId: \"maths\", title: \"Maths\" }) { fact { id } }
    upsertQuiz(input: { sourcedId: \"q\", title: \"Q\", course: { sourcedId: \"maths\" } }) { fact { id } }
    upsertAssignment(input: { sourcedId: \"t\", title: \"T\", course: { sourcedId: \"maths\" } }) { fact { id } }
    upsertEnrollment(input: { sourcedId: \"ada-maths\", student: { sourcedId: \"ada\" },
        course: { sourcedId: \"maths\" } }) { fact { id } }
    recordQuizAttempt(input: { sourcedId: \"a\", student: { sourcedId: \"ada\" }, quiz: { sourcedId: \"q\" },
        completedAt: \"2026-03-01T10:00:00Z\", score: { percentage: \"80\" } }) { fact { id } }
    recordSubmission(input: { sourcedId: \"s\", student: { sourcedId: \"ada\" }, assignment: { sourcedId: \"t\" },
        gradedAt: \"2026-03-01T10:00:00Z\", score: { percentage: \"90\" } }) { fact { id } } }";
