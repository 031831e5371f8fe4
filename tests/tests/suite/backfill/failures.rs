//! Students who cannot be recalculated.

use std::time::Duration;

use serde_json::json;
use tests::{TestApp, on_both_backends};
use worker::backfill::Step;
use worker::queue;

use super::{assert_figures, damage, select, settle, start, step, students, walker};
use crate::queue::{heal, only_job, poison, sql};

const RETRY: &str = "mutation($id: ID!) { retryBackfillFailures(id: $id) { id retryOf scope } }";

on_both_backends! {
    async fn a_poisoned_student_fails_alone_and_can_be_retried(backend) {
        let app = TestApp::start(backend).await;
        let names = students(&app, 4).await;
        damage(&app, &names[2]).await;
        poison(&app, &names[2]).await;
        let run = start(&app, json!({ "scope": "ALL", "priority": 20 })).await;
        let mut walker = walker(&app, "one");
        step(&mut walker).await;
        let early = app.admin().error(RETRY, json!({ "id": run })).await;
        assert_eq!(early.code, "CONFLICT", "it has not ended");
        for attempt in 1..=5 {
            app.drain().await;
            let failed = i32::from(attempt == 5);
            assert_figures(&app, &run, json!({ "unchanged": 3, "pending": 1 - failed, "failed": failed })).await;
            sql(&app, "UPDATE job SET run_at = enqueued_at").await;
        }
        assert_eq!(step(&mut walker).await, Step::Moved);
        assert_figures(&app, &run, json!({ "state": "FINISHED", "done": 4, "unchanged": 3, "failed": 1 })).await;
        let failures = select(&app, &run, "failures { nodes { student { sourcedId } error attempts } }").await;
        let failure = &failures["failures"]["nodes"][0];
        assert_eq!((&failure["student"]["sourcedId"], &failure["attempts"]), (&json!(names[2]), &json!(5)));
        assert!(failure["error"].as_str().unwrap().contains("poisoned"), "{failure}");

        heal(&app).await;
        let retry = app.admin().data(RETRY, json!({ "id": run })).await["retryBackfillFailures"].clone();
        assert_eq!((&retry["retryOf"], &retry["scope"]), (&json!(run), &json!("FAILURES")));
        let twice = app.admin().data(RETRY, json!({ "id": run })).await;
        assert_eq!(twice["retryBackfillFailures"]["id"], retry["id"], "one retry goes at a time");
        settle(&app).await;
        let retry = retry["id"].as_str().unwrap();
        assert_figures(&app, retry, json!({ "state": "FINISHED", "total": 1, "done": 1, "changed": 1 })).await;
        assert_eq!(app.profile(&names[2]).await.quizzes, 1);
        let none = app.admin().error(RETRY, json!({ "id": retry })).await;
        assert_eq!(none.code, "CONFLICT", "nobody failed in it");
    }

    async fn a_job_that_kills_its_workers_is_a_failure_of_the_run(backend) {
        let app = TestApp::start(backend).await;
        students(&app, 1).await;
        let run = start(&app, json!({ "scope": "ALL" })).await;
        let mut walker = walker(&app, "one");
        step(&mut walker).await;
        for _ in 1..=5 {
            queue::claim(app.db(), "doomed", 1, Duration::from_secs(30)).await.unwrap();
            sql(&app, "UPDATE job SET lease_expires_at = enqueued_at").await;
            queue::reclaim_lost(app.db()).await.unwrap();
        }
        step(&mut walker).await;
        assert_figures(&app, &run, json!({ "state": "FINISHED", "failed": 1 })).await;
        let failures = select(&app, &run, "failures { nodes { error attempts } }").await;
        let error = "the worker stopped reporting before the job was done";
        assert_eq!(failures["failures"]["nodes"], json!([{ "error": error, "attempts": 5 }]));
    }

    async fn a_job_that_is_cancelled_by_hand_is_a_failure_of_the_run(backend) {
        let app = TestApp::start(backend).await;
        let names = students(&app, 1).await;
        let run = start(&app, json!({ "scope": "ALL" })).await;
        let mut walker = walker(&app, "one");
        step(&mut walker).await;
        let id = only_job(&app, &names[0]).await.id.to_string();
        app.admin().data("mutation($id: ID!) { cancelJob(id: $id) { id } }", json!({ "id": id })).await;
        step(&mut walker).await;
        assert_figures(&app, &run, json!({ "state": "FINISHED", "failed": 1 })).await;
        let failures = select(&app, &run, "failures { nodes { error } }").await;
        assert_eq!(failures["failures"]["nodes"], json!([{ "error": "the job was cancelled" }]));
    }

    /// Only the end of the job that an item waits for ends it.
    async fn a_job_of_before_fails_without_the_run(backend) {
        let app = TestApp::start(backend).await;
        let names = students(&app, 1).await;
        poison(&app, &names[0]).await;
        app.attempt(&names[0], "b", "q1", "100").await;
        sql(&app, "UPDATE job SET max_attempts = 2").await;
        app.drain().await;
        sql(&app, "UPDATE job SET run_at = '2999-01-01T00:00:00+00:00'").await;
        let run = start(&app, json!({ "scope": "ALL" })).await;
        step(&mut walker(&app, "one")).await;
        let live = queue::claim(app.db(), "a worker", 1, Duration::from_secs(30)).await.unwrap();
        assert_eq!(live.jobs.len(), 1, "the job of the run: the other one waits for its retry");
        queue::release(app.db(), &live, Duration::from_hours(1), None).await.unwrap();
        sql(&app, "UPDATE job SET run_at = enqueued_at WHERE attempt = 1").await;
        app.drain().await;
        assert_figures(&app, &run, json!({ "pending": 1, "failed": 0 })).await;
        heal(&app).await;
        sql(&app, "UPDATE job SET run_at = enqueued_at").await;
        settle(&app).await;
        assert_figures(&app, &run, json!({ "state": "FINISHED", "changed": 1, "failed": 0 })).await;
    }
}
