//! The queue as admins, terminals and metrics see it.

use std::time::Duration;

use entity::job::State;
use serde_json::{Value, json};
use tests::{TestApp, on_both_backends};
use worker::{queue, status};

use super::{only_job, poison, school, sql};

/// One job in each state, and one more that is completed.
async fn one_job_in_each_state(app: &TestApp) {
    let students = ["completed", "discarded", "retryable", "cancelled", "scheduled", "running", "available"];
    school(app, &students).await;
    app.attempt("completed", "a1", "q1", "80").await;
    app.drain().await;

    poison(app, "discarded").await;
    app.attempt("discarded", "a1", "q1", "80").await;
    sql(app, "UPDATE job SET max_attempts = 1 WHERE state = 'available'").await;
    app.drain().await;
    app.attempt("retryable", "a1", "q1", "80").await;
    let claim = queue::claim(app.db(), "a worker", 1, Duration::from_secs(30)).await.unwrap();
    queue::fail(app.db(), "a worker", &claim, "it did not work").await.unwrap();
    sql(app, "UPDATE job SET run_at = '2999-01-01T00:00:00+00:00' WHERE state = 'retryable'").await;

    app.attempt("cancelled", "a1", "q1", "80").await;
    let id = only_job(app, "cancelled").await.id.to_string();
    app.admin().data("mutation($id: ID!) { cancelJob(id: $id) { id } }", json!({ "id": id })).await;
    app.attempt("scheduled", "a1", "q1", "80").await;
    sql(
        app,
        "UPDATE job SET state = 'scheduled', run_at = '2999-01-01T00:00:00+00:00' WHERE state = 'available'",
    )
    .await;
    app.attempt("running", "a1", "q1", "80").await;
    queue::claim(app.db(), "a worker", 1, Duration::from_secs(30)).await.unwrap();
    app.attempt("available", "a1", "q1", "80").await;
}

const STATES: [State; 7] = [
    State::Available,
    State::Scheduled,
    State::Running,
    State::Retryable,
    State::Completed,
    State::Discarded,
    State::Cancelled,
];

on_both_backends! {
    async fn every_state_is_seen_alike_by_graphql_by_the_status_and_by_the_metrics(backend) {
        let app = TestApp::start(backend).await;
        one_job_in_each_state(&app).await;

        let query = "{ queue { counts { kind state count } staleProfiles oldestWaitingSeconds failedRecently } }";
        let seen = app.admin().data(query, json!({})).await;
        let report = status::report(app.db()).await.unwrap();
        let (_, metrics) = app.ops("/metrics").await;
        for state in STATES {
            let name = state.as_str();
            let count = json!({ "kind": "recalculate", "state": name.to_uppercase(), "count": 1 });
            assert!(seen["queue"]["counts"].as_array().unwrap().contains(&count), "{name} in {seen:#}");
            assert!(report.contains(&format!("  {name:<12} {:>10}\n", 1)), "{name} in\n{report}");
            let gauge = format!("tally_jobs{{kind=\"recalculate\",state=\"{name}\"}} 1\n");
            assert!(metrics.contains(&gauge), "{gauge} in\n{metrics}");
        }
        // All but the completed one are stale.
        assert_eq!(seen["queue"]["staleProfiles"], 6);
        assert!(report.contains("stale profiles             6\n"), "{report}");
        assert!(metrics.contains("tally_stale_profiles 6\n"), "{metrics}");
        assert_eq!(seen["queue"]["failedRecently"], 2);
        assert!(seen["queue"]["oldestWaitingSeconds"].as_f64().is_some(), "one is due");
    }

    async fn jobs_are_listed_by_pages_and_filters(backend) {
        let app = TestApp::start(backend).await;
        one_job_in_each_state(&app).await;
        let admin = app.admin();
        let page = "query($after: String) { jobs(first: 3, after: $after) \
                    { edges { cursor node { id state student { sourcedId } } } pageInfo { hasNextPage endCursor } } }";
        let (mut seen, mut after) = (Vec::new(), Value::Null);
        loop {
            let data = admin.data(page, json!({ "after": after })).await;
            let jobs = &data["jobs"];
            seen.extend(jobs["edges"].as_array().unwrap().iter().map(|edge| edge["node"]["id"].clone()));
            if jobs["pageInfo"]["hasNextPage"] == json!(false) {
                break;
            }
            after = jobs["pageInfo"]["endCursor"].clone();
        }
        let mut distinct = seen.clone();
        distinct.sort_by_key(Value::to_string);
        distinct.dedup();
        assert_eq!((seen.len(), distinct.len()), (7, 7), "each job once");

        let filtered = "query($state: JobState) { jobs(state: $state, kind: RECALCULATE) { nodes { state student { sourcedId } } } }";
        for state in STATES {
            let name = state.as_str();
            let data = admin.data(filtered, json!({ "state": name.to_uppercase() })).await;
            let expected = json!([{ "state": name.to_uppercase(), "student": { "sourcedId": name } }]);
            assert_eq!(data["jobs"]["nodes"], expected);
        }
        let error = admin.error("{ jobs(first: 101) { nodes { id } } }", json!({})).await;
        assert_eq!((error.code.as_str(), error.field.as_deref()), ("BAD_USER_INPUT", Some("first")));
        let error = admin.error("{ jobs(after: \"x\") { nodes { id } } }", json!({})).await;
        assert_eq!((error.code.as_str(), error.field.as_deref()), ("BAD_USER_INPUT", Some("after")));
    }

    async fn only_admins_see_the_queue(backend) {
        let app = TestApp::start(backend).await;
        for query in [
            "{ queue { staleProfiles } }",
            "{ jobs { nodes { id } } }",
            "{ workers { name } }",
            "{ job(id: \"job:0193d1b2-0000-7000-8000-000000000000\") { id } }",
            "mutation { pauseJobs(kind: RECALCULATE) { staleProfiles } }",
        ] {
            assert_eq!(app.service().error(query, json!({})).await.code, "FORBIDDEN", "{query}");
        }
    }

    async fn a_process_tells_whether_it_is_there_and_ready(backend) {
        let app = TestApp::start(backend).await;
        assert_eq!(app.ops("/healthz").await, (200, "ok\n".to_owned()));
        assert_eq!(app.ops("/readyz").await, (200, "ready\n".to_owned()));
        sql(&app, "DELETE FROM seaql_migrations WHERE version = 'm0003_queue'").await;
        let (status, text) = app.ops("/readyz").await;
        assert_eq!((status, text.as_str()), (503, "the database lacks migrations: m0003_queue\n"));
    }
}
