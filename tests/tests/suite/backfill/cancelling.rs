//! Runs that are called off.

use std::time::Duration;

use entity::job::State;
use serde_json::json;
use tests::{TestApp, on_both_backends};
use worker::backfill::Step;
use worker::queue;

use super::{assert_figures, settle, start, step, students, waiting_items, walker};
use crate::queue::{jobs, sql, student_id};

const CANCEL: &str = "mutation($id: ID!) { cancelBackfill(id: $id) { state } }";

on_both_backends! {
    async fn a_run_that_is_called_off_enqueues_nobody_and_takes_its_jobs_back(backend) {
        let app = TestApp::start(backend).await;
        students(&app, 700).await;
        let run = start(&app, json!({ "scope": "ALL" })).await;
        let mut walker = walker(&app, "one");
        step(&mut walker).await;
        let claim = queue::claim(app.db(), "a worker", 100, Duration::from_secs(30)).await.unwrap();
        worker::recalculation::recalculate(app.db(), &*app.clock, &claim).await.unwrap();
        step(&mut walker).await;
        let cancelled = app.admin().data(CANCEL, json!({ "id": run })).await;
        assert_eq!(cancelled["cancelBackfill"]["state"], "CANCELLED");
        assert_figures(&app, &run, json!({
            "total": 700, "enqueued": 500, "pending": 0, "done": 100, "unchanged": 100, "calledOff": 400,
        }))
        .await;
        app.assert_waiting_jobs(0).await;
        assert_eq!(waiting_items(&app).await, 0);
        assert_eq!(step(&mut walker).await, Step::Idle);
        assert_figures(&app, &run, json!({ "enqueued": 500 })).await;
        let error = app.admin().error(CANCEL, json!({ "id": run })).await;
        assert_eq!((error.code.as_str(), error.field.as_deref()), ("CONFLICT", Some("id")));
        let unknown = "backfillRun:0193d1b2-0000-7000-8000-000000000000";
        assert_eq!(app.admin().error(CANCEL, json!({ "id": unknown })).await.code, "NOT_FOUND");
    }

    async fn what_others_have_asked_for_is_done_all_the_same(backend) {
        let app = TestApp::start(backend).await;
        let names = students(&app, 4).await;
        // Before the run, after it, and by another run.
        app.attempt(&names[0], "b", "q1", "100").await;
        let all = start(&app, json!({ "scope": "ALL" })).await;
        let mut walker = walker(&app, "one");
        step(&mut walker).await;
        app.attempt(&names[1], "b", "q1", "100").await;
        let some = start(&app, json!({ "scope": "STUDENTS", "students": [{ "sourcedId": names[2] }] })).await;
        step(&mut walker).await;
        app.admin().data(CANCEL, json!({ "id": all })).await;
        assert_figures(&app, &all, json!({ "state": "CANCELLED", "calledOff": 4 })).await;
        let alone = student_id(&app, &names[3]).await;
        for job in jobs(&app).await {
            let expected = if job.student_id == alone { State::Cancelled } else { State::Available };
            assert_eq!(job.state, expected);
        }
        settle(&app).await;
        for name in &names[..2] {
            assert_eq!(app.profile(name).await.overall.as_deref(), Some("90.00"));
        }
        assert_figures(&app, &some, json!({ "state": "FINISHED", "done": 1 })).await;
    }

    async fn a_named_student_who_was_not_enqueued_is_not_counted(backend) {
        let app = TestApp::start(backend).await;
        let names = students(&app, 2).await;
        let named = json!([{ "sourcedId": names[0] }, { "sourcedId": names[1] }]);
        let run = start(&app, json!({ "scope": "STUDENTS", "students": named })).await;
        app.admin().data(CANCEL, json!({ "id": run })).await;
        assert_figures(&app, &run, json!({ "state": "CANCELLED", "enqueued": 0, "calledOff": 0, "done": 0 })).await;
        assert_eq!(waiting_items(&app).await, 0);
    }

    /// Whoever called it off was killed after the first of two steps.
    async fn a_worker_does_what_is_left_of_calling_off(backend) {
        let app = TestApp::start(backend).await;
        students(&app, 3).await;
        let run = start(&app, json!({ "scope": "ALL" })).await;
        let mut walker = walker(&app, "one");
        step(&mut walker).await;
        sql(&app, "UPDATE backfill_run SET state = 'cancelling'").await;
        assert_figures(&app, &run, json!({ "state": "CANCELLING", "pending": 3 })).await;
        step(&mut walker).await;
        assert_figures(&app, &run, json!({ "state": "CANCELLED", "calledOff": 3 })).await;
        app.assert_waiting_jobs(0).await;
    }

    async fn a_dry_run_can_be_called_off(backend) {
        let app = TestApp::start(backend).await;
        students(&app, 300).await;
        let run = start(&app, json!({ "scope": "ALL", "dryRun": true })).await;
        step(&mut walker(&app, "one")).await;
        app.admin().data(CANCEL, json!({ "id": run })).await;
        assert_figures(&app, &run, json!({ "state": "CANCELLED", "done": 250, "unchanged": 250 })).await;
    }
}
