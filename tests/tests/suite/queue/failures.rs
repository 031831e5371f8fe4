//! Jobs that fail.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use entity::clock::{Clock, SharedClock};
use entity::job::State;
use serde_json::json;
use tests::{TestApp, on_both_backends};

use super::{heal, only_job, poison, school, sql};

/// A clock that panics in the middle of a job.
#[derive(Debug)]
struct Broken;

impl Clock for Broken {
    fn now(&self) -> DateTime<Utc> {
        panic!("the clock is broken");
    }
}

on_both_backends! {
    async fn one_poisoned_student_of_a_batch_fails_alone(backend) {
        let app = TestApp::start(backend).await;
        let students = ["ada", "ben", "cyd", "dan"];
        school(&app, &students).await;
        poison(&app, "cyd").await;
        for student in students {
            app.attempt(student, "a1", "q1", "80").await;
        }
        app.drain().await;
        for student in ["ada", "ben", "dan"] {
            assert!(!app.profile(student).await.stale, "{student} has nothing to do with it");
        }
        assert!(app.profile("cyd").await.stale);
        let job = only_job(&app, "cyd").await;
        assert_eq!((job.state, job.attempt), (State::Retryable, 1));
        assert!(job.last_error.expect("an error").contains("poisoned"));
        assert!(job.run_at > job.started_at.expect("a start"), "it waits before it is tried again");
    }

    async fn a_panic_is_an_ordinary_failure(backend) {
        let app = TestApp::start(backend).await;
        school(&app, &["ada"]).await;
        app.attempt("ada", "a1", "q1", "80").await;
        let broken: SharedClock = Arc::new(Broken);
        worker::drain(app.db(), &broken).await.expect("jobs are claimed");
        let job = only_job(&app, "ada").await;
        assert_eq!((job.state, job.attempt), (State::Retryable, 1));
        assert_eq!(job.last_error.as_deref(), Some("panicked: the clock is broken"));
        assert!(app.profile("ada").await.stale);
        sql(&app, "UPDATE job SET run_at = enqueued_at").await;
        assert_eq!(app.settled_profile("ada").await.overall.as_deref(), Some("80.00"));
    }

    async fn after_its_last_attempt_a_job_is_discarded_and_can_be_retried_by_hand(backend) {
        let app = TestApp::start(backend).await;
        school(&app, &["ada", "ben"]).await;
        poison(&app, "ada").await;
        app.attempt("ada", "a1", "q1", "80").await;
        for _ in 0..20 {
            app.drain().await;
            sql(&app, "UPDATE job SET run_at = enqueued_at").await;
        }
        let job = only_job(&app, "ada").await;
        assert_eq!((job.state, job.attempt), (State::Discarded, 20));
        assert_eq!(app.drain().await, 0, "a discarded job is not tried again");
        app.attempt("ben", "a1", "q1", "70").await;
        assert!(!app.settled_profile("ben").await.stale, "the others go on");

        let admin = app.admin();
        let id = job.id.to_string();
        let query = "query($id: ID!) { job(id: $id) { state attempt lastError failures { attempt error worker } } }";
        let seen = admin.data(query, json!({ "id": id })).await;
        assert_eq!(seen["job"]["state"], "DISCARDED");
        let failures = seen["job"]["failures"].as_array().expect("failures").clone();
        let attempts: Vec<i64> = failures.iter().filter_map(|failure| failure["attempt"].as_i64()).collect();
        assert_eq!(attempts, (1..=20).collect::<Vec<i64>>(), "every failed attempt is kept");

        heal(&app).await;
        admin.data("mutation($id: ID!) { retryJob(id: $id) { state } }", json!({ "id": id })).await;
        assert_eq!(app.settled_profile("ada").await.overall.as_deref(), Some("80.00"));
        let again = admin.error("mutation($id: ID!) { retryJob(id: $id) { state } }", json!({ "id": id })).await;
        assert_eq!(again.code, "CONFLICT", "a job that succeeded is not retried");
    }

    async fn a_change_after_a_failure_does_not_wait_for_the_retry(backend) {
        let app = TestApp::start(backend).await;
        school(&app, &["ada"]).await;
        poison(&app, "ada").await;
        app.attempt("ada", "a1", "q1", "80").await;
        app.drain().await;
        heal(&app).await;
        app.attempt("ada", "a2", "q1", "90").await;
        assert_eq!(app.settled_profile("ada").await.overall.as_deref(), Some("85.00"));
    }
}
