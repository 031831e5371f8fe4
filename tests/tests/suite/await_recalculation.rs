//! Writers who want to see their own fact counted.

use std::sync::Arc;
use std::time::Duration;

use entity::clock::SystemClock;
use entity::database::Database;
use entity::feed;
use serde_json::{Value, json};
use tests::{TestApp, on_both_backends};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use worker::{Metrics, Settings, Worker, wakeup};

const PAYLOAD: &str = "outcome counted profile { overallAverageScore isStale version }";
/// Long enough that a test in which only a timer worked would not end.
const NEVER: Duration = Duration::from_hours(1);

async fn school(app: &TestApp) {
    app.course("maths").await;
    app.quiz("q", "maths").await;
    app.assignment("t", "maths").await;
    app.student("ada").await;
    app.enroll("ada", "maths", "ACTIVE").await;
    app.drain().await;
}

fn attempt(sourced_id: &str, percentage: &str) -> Value {
    json!({
        "student": { "sourcedId": "ada" },
        "sourcedId": sourced_id,
        "quiz": { "sourcedId": "q" },
        "completedAt": "2026-03-01T10:00:00Z",
        "score": { "percentage": percentage },
    })
}

/// Writes a fact and awaits its recalculation for so many milliseconds.
async fn write(app: &TestApp, mutation: &str, input: Value, patience: i64) -> Value {
    let mut input_type = format!("{mutation}Input");
    input_type[..1].make_ascii_uppercase();
    let query = format!(
        "mutation($input: {input_type}!, $patience: Int) \
         {{ {mutation}(input: $input, awaitRecalculation: $patience) {{ {PAYLOAD} }} }}"
    );
    let data = app.service().data(&query, json!({ "input": input, "patience": patience })).await;
    data[mutation].clone()
}

/// Runs a worker on `db` that does nothing unless it is woken.
fn run_worker(db: &Database, stop: &CancellationToken) -> JoinHandle<()> {
    let settings = Settings { poll: NEVER, sweep_every: NEVER, ..Settings::for_backend(db.backend()) };
    let worker = Worker::new(db.clone(), Arc::new(SystemClock), settings, Metrics::new());
    let running = worker.run(stop.clone());
    tokio::spawn(async move { running.await.expect("the worker runs") })
}

fn shows(payload: &Value, overall: &str) {
    assert_eq!(payload["counted"], true, "{payload}");
    assert_eq!(payload["profile"]["overallAverageScore"], overall, "{payload}");
    assert_eq!(payload["profile"]["isStale"], false, "{payload}");
}

on_both_backends! {
    async fn the_profile_comes_back_with_the_fact_in_it(backend) {
        let app = TestApp::start(backend).await;
        school(&app).await;
        let stop = CancellationToken::new();
        let running = run_worker(app.db(), &stop);
        shows(&write(&app, "recordQuizAttempt", attempt("a", "60"), 10_000).await, "60.00");
        shows(&write(&app, "recordQuizAttempt", attempt("b", "80"), 10_000).await, "70.00");
        let submission = json!({
            "student": { "sourcedId": "ada" }, "sourcedId": "s", "assignment": { "sourcedId": "t" },
            "submittedAt": "2026-03-01T10:00:00Z",
        });
        shows(&write(&app, "recordSubmission", submission, 10_000).await, "70.00");
        let of_ada = |name: &str, id: &str| json!({ "student": { "sourcedId": "ada" }, name: { "sourcedId": id } });
        let with = |mut input: Value, name: &str, value: Value| { input[name] = value; input };
        let grade = with(of_ada("submission", "s"), "score", json!({ "percentage": "100" }));
        shows(&write(&app, "gradeSubmission", grade, 10_000).await, "80.00");
        shows(&write(&app, "ungradeSubmission", of_ada("submission", "s"), 10_000).await, "70.00");
        let void = with(of_ada("submission", "s"), "change", json!("VOID"));
        shows(&write(&app, "changeSubmissionStanding", void, 10_000).await, "70.00");
        let void = with(of_ada("attempt", "b"), "change", json!("VOID"));
        shows(&write(&app, "changeQuizAttemptStanding", void, 10_000).await, "60.00");
        let pause = with(of_ada("enrollment", "ada-maths"), "status", json!("PAUSED"));
        let payload = write(&app, "setEnrollmentStatus", pause, 10_000).await;
        assert_eq!((&payload["counted"], &payload["profile"]["overallAverageScore"]), (&json!(true), &Value::Null));
        let resumed = json!({
            "student": { "sourcedId": "ada" }, "sourcedId": "ada-maths", "status": "ACTIVE",
        });
        shows(&write(&app, "upsertEnrollment", resumed, 10_000).await, "60.00");
        let payload = write(&app, "deleteEnrollment", of_ada("enrollment", "ada-maths"), 10_000).await;
        assert_eq!((&payload["counted"], &payload["profile"]["overallAverageScore"]), (&json!(true), &Value::Null));
        stop.cancel();
        running.await.unwrap();
    }

    async fn a_worker_in_another_process_is_awaited_too(backend) {
        let app = TestApp::start(backend).await;
        school(&app).await;
        // Another set of connections shares nothing with the server's, as another process would.
        let elsewhere = Database::connect(app.database_url(), 4).await.unwrap();
        let stop = CancellationToken::new();
        let running = run_worker(&elsewhere, &stop);
        let told = tokio::spawn(feed::announce(elsewhere, stop.clone()));
        let woken = tokio::spawn(wakeup::announce(app.db().clone(), stop.clone()));
        for (score, average) in [("60", "60.00"), ("80", "70.00"), ("100", "80.00")] {
            shows(&write(&app, "recordQuizAttempt", attempt(score, score), 10_000).await, average);
        }
        stop.cancel();
        running.await.unwrap();
        told.await.unwrap();
        woken.await.unwrap();
    }

    async fn when_the_time_is_up_the_answer_says_so(backend) {
        let app = TestApp::start(backend).await;
        school(&app).await;
        for patience in [0, 20] {
            let payload = write(&app, "recordQuizAttempt", attempt(&patience.to_string(), "60"), patience).await;
            assert_eq!(payload["outcome"], "CREATED");
            assert_eq!((&payload["counted"], &payload["profile"]["isStale"]), (&json!(false), &json!(true)));
            assert_eq!(payload["profile"]["overallAverageScore"], Value::Null);
        }
        // The same fact again is still not counted, and then it is.
        let again = write(&app, "recordQuizAttempt", attempt("0", "60"), 0).await;
        assert_eq!((&again["outcome"], &again["counted"]), (&json!("UNCHANGED"), &json!(false)));
        app.drain().await;
        let again = write(&app, "recordQuizAttempt", attempt("0", "60"), 0).await;
        assert_eq!(again["outcome"], "UNCHANGED");
        shows(&again, "60.00");
    }

    async fn a_later_fact_does_not_hide_that_this_one_is_counted(backend) {
        let app = TestApp::start(backend).await;
        school(&app).await;
        let first = write(&app, "recordQuizAttempt", attempt("a", "60"), 10_000);
        let then = async {
            // As soon as the first is written, before it is awaited to its end.
            while app.waiting_jobs().await == 0 {
                tokio::task::yield_now().await;
            }
            app.drain().await;
            app.attempt("ada", "b", "q", "80").await;
        };
        let (payload, ()) = tokio::join!(first, then);
        assert_eq!((&payload["counted"], &payload["profile"]["overallAverageScore"]), (&json!(true), &json!("60.00")));
    }

    async fn nothing_is_awaited_unasked_and_nothing_for_ever(backend) {
        let app = TestApp::start(backend).await;
        school(&app).await;
        let query = format!("mutation($input: RecordQuizAttemptInput!) {{ recordQuizAttempt(input: $input) {{ {PAYLOAD} }} }}");
        let data = app.service().data(&query, json!({ "input": attempt("a", "60") })).await;
        let payload = &data["recordQuizAttempt"];
        assert_eq!((&payload["counted"], &payload["profile"]), (&Value::Null, &Value::Null));
        app.drain().await;
        for patience in [-1, 10_001] {
            let query = "mutation($input: RecordQuizAttemptInput!, $patience: Int) \
                { recordQuizAttempt(input: $input, awaitRecalculation: $patience) { outcome } }";
            let variables = json!({ "input": attempt("b", "60"), "patience": patience });
            let error = app.service().error(query, variables).await;
            assert_eq!((error.code.as_str(), error.field.as_deref()), ("BAD_USER_INPUT", Some("awaitRecalculation")));
        }
        app.assert_waiting_jobs(0).await;
        assert_eq!(app.profile("ada").await.quizzes, 1, "what was refused was not written");
    }
}
