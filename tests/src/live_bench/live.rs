//! What followed profiles cost, and how soon a change reaches who follows.

use std::time::Duration;

use api::auth::Role;
use entity::id::StudentId;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, MissedTickBehavior};

use super::rows::School;
use super::server::Server;
use crate::Socket;
use crate::client::Client;

/// How many sockets are opened at once.
const AT_ONCE: usize = 64;
const FOLLOW: &str =
    "subscription($id: ID!) { performanceUpdated(studentId: $id) { version overallAverageScore } }";
const RECORD: &str =
    "mutation($input: RecordQuizAttemptInput!) { recordQuizAttempt(input: $input) { outcome } }";

/// Values as they come: whose, and when.
type Arrivals = UnboundedReceiver<(usize, Instant)>;

/// Many sockets, each of which follows a student of its own.
pub struct Followers {
    arrivals: Arrivals,
}

impl Followers {
    /// Opens `count` sockets, and returns when all have their first value.
    ///
    /// # Panics
    /// When a socket cannot be opened.
    pub async fn open(server: &Server, school: &School, count: usize) -> Self {
        let (arrived, mut arrivals) = unbounded_channel();
        let token = server.token(Role::Service, "crowd");
        for begin in (0..count).step_by(AT_ONCE) {
            let end = count.min(begin + AT_ONCE);
            let opened = (begin..end).map(|n| follow(server, &token, n, school.students[n], arrived.clone()));
            futures::future::join_all(opened).await;
        }
        for _ in 0..count {
            arrivals.recv().await.expect("the first values come");
        }
        Self { arrivals }
    }

    /// Writes a fact about each of the first `count` students, so many a second, and measures from when the writer sent it to
    /// when its profile has come.
    ///
    /// # Panics
    /// When a fact is refused.
    pub async fn measure(
        &mut self,
        server: &Server,
        school: &School,
        count: usize,
        per_second: u32,
    ) -> Vec<Duration> {
        let service = Client::new(&server.url, Some(server.token(Role::Service, "lms")));
        let mut ticks = tokio::time::interval(Duration::from_secs(1) / per_second);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut sent = Vec::new();
        let mut writes = Vec::new();
        for n in 0..count {
            ticks.tick().await;
            let (service, input) = (service.clone(), attempt(school, n));
            sent.push(Instant::now());
            writes.push(tokio::spawn(async move { service.data(RECORD, json!({ "input": input })).await }));
        }
        for write in writes {
            write.await.expect("the writer does not panic");
        }
        let mut took = Vec::new();
        while took.len() < count {
            let (n, at) = self.arrivals.recv().await.expect("the changes come");
            took.push(at - sent[n]);
        }
        took.sort_unstable();
        took
    }
}

async fn follow(
    server: &Server,
    token: &str,
    n: usize,
    student: StudentId,
    arrived: UnboundedSender<(usize, Instant)>,
) {
    let mut socket = Socket::connect(&server.url, token).await;
    socket.subscribe("1", FOLLOW, json!({ "id": student.to_string() })).await;
    tokio::spawn(async move {
        while let Some(Ok(message)) = socket.next_within(Duration::from_hours(1)).await {
            assert_eq!(message["type"], "next", "{message}");
            if arrived.send((n, Instant::now())).is_err() {
                return;
            }
        }
    });
}

fn attempt(school: &School, n: usize) -> Value {
    json!({
        "student": { "id": school.students[n].to_string() },
        "sourcedId": format!("live-{n}-{}", rand::random::<u32>()),
        "quiz": { "id": school.quizzes[n % school.quizzes.len()][0].to_string() },
        "completedAt": "2026-03-01T10:00:00Z",
        "score": { "percentage": "80" },
    })
}
