//! On PostgreSQL, whoever waits for a row, or for an answer that never comes, waits alone and not for ever. SQLite has
//! neither locks on rows nor a network.

use std::time::Duration;

use entity::database::{Database, UnitOfWork, WriteTransaction, is_transient};
use entity::job::State;
use entity::sea_orm::{ConnectionTrait, DbErr};
use futures::future::join_all;
use serde_json::json;
use tests::relay::Relay;
use tests::{Backend, TestApp};
use worker::queue;

use crate::queue::{only_job, school, sql, student_id};

/// Locks are waited for half as long. A statement that waits for nobody takes a thousandth of it.
const STATEMENT_WITHIN: Duration = Duration::from_secs(3);

/// Somebody who has forgotten to end a transaction that holds a row.
async fn hold(app: &TestApp, row: &str) -> WriteTransaction {
    let txn = app.db().begin_write().await.expect("a transaction");
    // Or the server would end it before everything that waits for it has given up.
    txn.execute_unprepared("SET LOCAL idle_in_transaction_session_timeout = 0").await.expect("patience");
    txn.execute_unprepared(&format!("SELECT 1 FROM {row} FOR UPDATE")).await.expect(row);
    txn
}

async fn profile_of(app: &TestApp, student: &str) -> String {
    format!("student_profile WHERE student_id = '{}'", student_id(app, student).await.0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn facts_do_not_wait_for_one_whose_student_is_held() {
    let app = TestApp::start_within(Backend::Postgres, STATEMENT_WITHIN).await;
    let students = ["ada", "ben", "cyd", "dan"];
    school(&app, &students).await;
    let held = hold(&app, &profile_of(&app, "cyd").await).await;
    let record = async |student: &str| {
        let mutation =
            "mutation($input: RecordQuizAttemptInput!) { recordQuizAttempt(input: $input) { outcome } }";
        let input = json!({
            "student": { "sourcedId": student }, "quiz": { "sourcedId": "q1" }, "sourcedId": student,
            "completedAt": "2026-03-01T10:00:00Z", "score": { "percentage": "80" },
        });
        app.service().send(mutation, json!({ "input": input })).await.body
    };
    for (student, answer) in students.iter().zip(join_all(students.iter().map(|it| record(it))).await) {
        if *student == "cyd" {
            assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAVAILABLE", "{answer}");
        } else {
            assert_eq!(answer["data"]["recordQuizAttempt"]["outcome"], "CREATED", "{student}: {answer}");
        }
    }
    drop(held);
    assert_eq!(record("cyd").await["data"]["recordQuizAttempt"]["outcome"], "CREATED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_does_not_wait_for_one_student_who_is_held() {
    let app = TestApp::start_within(Backend::Postgres, STATEMENT_WITHIN).await;
    let students = ["ada", "ben", "cyd"];
    school(&app, &students).await;
    for student in students {
        app.attempt(student, "a1", "q1", "80").await;
    }
    let held = hold(&app, &profile_of(&app, "ben").await).await;
    assert_eq!(app.drain().await, 3);
    for student in ["ada", "cyd"] {
        assert_eq!(only_job(&app, student).await.state, State::Completed, "{student}");
    }
    let job = only_job(&app, "ben").await;
    assert_eq!((job.state, job.attempt), (State::Retryable, 0), "as if it had not been tried");
    let error = job.last_error.unwrap_or_default();
    assert!(error.contains("lock timeout"), "an admin sees why it waits: {error}");
    drop(held);
    sql(&app, "UPDATE job SET run_at = enqueued_at").await;
    assert_eq!(app.settled_profile("ben").await.overall.as_deref(), Some("80.00"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_jobs_are_taken_back_though_one_of_them_is_held() {
    let app = TestApp::start_within(Backend::Postgres, STATEMENT_WITHIN).await;
    school(&app, &["ada", "ben"]).await;
    for student in ["ada", "ben"] {
        app.attempt(student, "a1", "q1", "80").await;
    }
    queue::claim(app.db(), "vanished", 10, Duration::from_secs(30)).await.unwrap();
    sql(&app, "UPDATE job SET lease_expires_at = enqueued_at").await;
    let held = hold(&app, &format!("job WHERE student_id = '{}'", student_id(&app, "ben").await.0)).await;
    assert_eq!(queue::reclaim_lost(app.db()).await.unwrap(), 1);
    assert_eq!(only_job(&app, "ada").await.state, State::Retryable);
    drop(held);
    assert_eq!(queue::reclaim_lost(app.db()).await.unwrap(), 1);
    assert_eq!(only_job(&app, "ben").await.state, State::Retryable);
}

/// Work in the middle of which the server is heard of no more.
struct Interrupted<'a>(&'a Relay);

impl UnitOfWork for Interrupted<'_> {
    type Output = ();
    type Error = DbErr;

    async fn run(&self, txn: &WriteTransaction) -> Result<(), DbErr> {
        txn.execute_unprepared("SELECT 1").await?;
        self.0.silence();
        txn.execute_unprepared("SELECT 2").await?;
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_falls_silent_is_not_waited_for_for_ever() {
    let app = TestApp::start(Backend::Postgres).await;
    let relay = Relay::to(app.database_url()).await;
    let db = Database::connect(&relay.url, 2).await.expect("a way to the database");
    let db = db.within(Duration::from_millis(500)).await.expect("the same way");
    let error = db.write(&Interrupted(&relay)).await.expect_err("there was no answer");
    assert!(is_transient(&error), "{error}");
    relay.restore();
    db.writer().execute_unprepared("SELECT 3").await.expect("the server answers again");
}
