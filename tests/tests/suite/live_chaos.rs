//! A profile that is followed while the worker that computes it is killed and started again.

use entity::clock::{Clock, SystemClock};
use serde_json::json;
use tests::Socket;
use tests::app::token;
use tests::client::Client;
use tests::fleet::{Fleet, Member};
use tests::postgres::{Cluster, Durability};

const CHANGES: usize = 1000;
const KILL_EVERY: usize = 150;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite_every_change_comes_in_order_and_the_last_one_last() {
    let folder = tempfile::tempdir().unwrap();
    follow(&format!("sqlite:{}", folder.path().join("tally.db").display())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres_every_change_comes_in_order_and_the_last_one_last() {
    let cluster = Cluster::create(Durability::Fast).await;
    follow(&cluster.url("postgres")).await;
}

/// The worker is a process of its own.
async fn follow(database_url: &str) {
    let mut fleet = Fleet::start(database_url, 1).await;
    let service = fleet.service();
    let student = prepare(&service).await;
    let token = token(api::auth::Role::Admin, "admin", SystemClock.now());
    let mut socket = Socket::connect(&fleet.url, &token).await;
    let query =
        "subscription($id: ID!) { performanceUpdated(studentId: $id) { version overallAverageScore } }";
    socket.subscribe("1", query, json!({ "id": student })).await;
    let followed = tokio::spawn(to_the_last(socket));
    for change in 1..=CHANGES {
        score(&service, change).await;
        if change % KILL_EVERY == 0 {
            fleet.kill(Member::Worker(0)).await;
        }
    }
    let came = followed.await.unwrap();
    assert!(came > 1, "{came} values came");
}

/// Takes values until the last has come, each newer than the one before. Returns how many came.
async fn to_the_last(mut socket: Socket) -> usize {
    let (mut version, mut average, mut came) = (-1, None, 0);
    while average.as_deref() != Some(percentage(CHANGES).as_str()) {
        let profile = socket.data("1").await["performanceUpdated"].clone();
        let newer = profile["version"].as_i64().unwrap();
        assert!(newer > version, "{newer} came after {version}");
        let next = profile["overallAverageScore"].as_str().map(|score| format!("{score:0>6}"));
        assert!(next >= average, "{next:?} came after {average:?}");
        (version, average, came) = (newer, next, came + 1);
    }
    came
}

/// The score that the attempt has after so many changes, in a form that sorts.
fn percentage(change: usize) -> String {
    format!("{:03}.{:02}", change / 100, change % 100)
}

async fn score(service: &Client, change: usize) {
    let input = json!({
        "student": { "sourcedId": "ada" },
        "sourcedId": "a",
        "quiz": { "sourcedId": "q" },
        "completedAt": "2026-03-01T10:00:00Z",
        "score": { "percentage": percentage(change) },
    });
    service.mutate("recordQuizAttempt", "RecordQuizAttemptInput", input, "outcome").await;
}

/// A student in a course with a quiz. Returns the student's id.
pub(crate) async fn prepare(service: &Client) -> serde_json::Value {
    let course = json!({ "sourcedId": "maths", "title": "Maths" });
    service.mutate("upsertCourse", "UpsertCourseInput", course, "outcome").await;
    let quiz = json!({ "sourcedId": "q", "title": "Quiz", "course": { "sourcedId": "maths" } });
    service.mutate("upsertQuiz", "UpsertQuizInput", quiz, "outcome").await;
    let ada = json!({ "sourcedId": "ada", "displayName": "Ada" });
    let payload = service.mutate("upsertStudent", "UpsertStudentInput", ada, "fact { id }").await;
    let enrollment = json!({
        "student": { "sourcedId": "ada" }, "sourcedId": "ada-maths", "course": { "sourcedId": "maths" },
    });
    service.mutate("upsertEnrollment", "UpsertEnrollmentInput", enrollment, "outcome").await;
    payload["fact"]["id"].clone()
}
