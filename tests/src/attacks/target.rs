//! The server that is attacked.

use std::collections::BTreeMap;
use std::path::Path;

use api::auth::Role;
use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};

use super::{ARGUMENTS, Outcome};
use crate::client::Client;
use crate::live_bench::server::Server;

/// A server with a small school: Ada, whose guardians are Gwen and Hugo; and Bea, whom neither may see.
pub struct Target {
    /// The server.
    pub server: Server,
    http: reqwest::Client,
}

impl Target {
    /// Starts `program` over an empty database, with its files in `folder`.
    pub async fn start(program: &Path, database_url: &str, folder: &Path) -> Self {
        let server = Server::start_limited(program, database_url, folder, &ARGUMENTS).await;
        let target = Self { server, http: Client::single_connections() };
        let service = target.client(Role::Service, "lms");
        let mutation = "mutation {
            ada: upsertStudent(input: { sourcedId: \"ada\", displayName: \"Ada\" }) { outcome }
            bea: upsertStudent(input: { sourcedId: \"bea\", displayName: \"Bea\" }) { outcome }
            gwen: upsertGuardian(input: { sourcedId: \"gwen\", displayName: \"Gwen\" }) { outcome }
            hugo: upsertGuardian(input: { sourcedId: \"hugo\", displayName: \"Hugo\" }) { outcome }
            ofGwen: grantGuardianship(input: { student: { sourcedId: \"ada\" }, guardian: { sourcedId: \"gwen\" } }) { outcome }
            ofHugo: grantGuardianship(input: { student: { sourcedId: \"ada\" }, guardian: { sourcedId: \"hugo\" } }) { outcome }
            upsertCourse(input: { sourcedId: \"maths\", title: \"Maths\" }) { outcome }
            upsertQuiz(input: { sourcedId: \"q\", title: \"Q\", course: { sourcedId: \"maths\" } }) { outcome }
            upsertEnrollment(input: { sourcedId: \"ada-maths\", student: { sourcedId: \"ada\" },
                course: { sourcedId: \"maths\" } }) { outcome } }";
        service.data(mutation, json!({})).await;
        target
    }

    /// A client of whoever is named.
    pub fn client(&self, role: Role, subject: &str) -> Client {
        Client::sharing(&self.http, &self.server.url, Some(self.server.token(role, subject)))
    }

    /// A POST to the endpoint with nothing set.
    pub(super) fn post(&self) -> RequestBuilder {
        self.http.post(format!("{}/graphql", self.server.url))
    }

    /// A GET of this path.
    pub(super) fn get(&self, path: &str) -> RequestBuilder {
        self.http.get(format!("{}{path}", self.server.url))
    }

    /// What a guardian's document is answered, by its status and code.
    pub(super) async fn document(&self, query: &str, variables: Value) -> String {
        self.asked(Role::Guardian, "gwen", query, variables).await
    }

    /// What anybody's document is answered.
    pub(super) async fn asked(&self, role: Role, subject: &str, query: &str, variables: Value) -> String {
        let body = json!({ "query": query, "variables": variables });
        let request = self.post().bearer_auth(self.server.token(role, subject));
        let request = request.header("accept", "application/graphql-response+json").json(&body);
        answer(request.send().await).await
    }

    /// Notes what an attack was answered, once the server has shown that it still answers.
    pub(super) async fn note(
        &self,
        outcomes: &mut Vec<Outcome>,
        attack: &'static str,
        expected: &'static str,
        answer: String,
    ) {
        // Somebody who has nothing to do with it: the attacker may have to wait.
        let me = self.asked(Role::Student, "watcher", "{ me { role } }", json!({})).await;
        assert_eq!(me, "200", "after {attack:?} the server should answer as ever");
        outcomes.push(Outcome { attack, expected, answer, memory: self.server.memory() });
    }
}

/// The status of a response, and what its first error says of itself.
pub(super) async fn answer(response: reqwest::Result<Response>) -> String {
    // What it was told before may be lost with the connection.
    let Ok(response) = response else { return "closed".to_owned() };
    let status = response.status().as_u16();
    let body: Value = response.json().await.unwrap_or_default();
    let extensions = &body["errors"][0]["extensions"];
    let told = [&extensions["code"], &extensions["limit"], &extensions["field"]];
    let told = told.into_iter().filter_map(Value::as_str);
    let mut answer = status.to_string();
    for part in told {
        answer.push(' ');
        answer.push_str(part);
    }
    answer
}

/// Whoever is refused while still speaking may find the connection closed before the answer is read.
pub(super) fn or_cut_off(answer: String, expected: &str) -> String {
    if answer == "closed" || answer == expected { format!("{expected}, or cut off") } else { answer }
}

/// Many answers in one: how often each came.
pub(super) fn tally(answers: impl IntoIterator<Item = String>) -> String {
    let mut counts = BTreeMap::new();
    for answer in answers {
        *counts.entry(answer).or_insert(0) += 1;
    }
    let counts: Vec<String> =
        counts.into_iter().map(|(answer, count)| format!("{count} x {answer}")).collect();
    counts.join(", ")
}
