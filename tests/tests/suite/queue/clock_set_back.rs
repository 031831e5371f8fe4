//! The clock is set back by an hour while work waits: nothing that is due waits for the hour.

use std::time::Duration;

use entity::job::{self, State};
use entity::sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::json;
use tests::{Backend, TestApp, on_both_backends};
use worker::backfill::Step;
use worker::{Settings, audit, queue};

use super::{heal, only_job, poison, school, sql};
use crate::backfill::walker;

const LEASE: Duration = Duration::from_mins(5);

/// Every instant that the database's clock stamps and something waits for.
const INSTANTS: [(&str, &[&str]); 4] = [
    ("job", &["run_at", "enqueued_at", "lease_expires_at", "started_at", "finished_at"]),
    ("backfill_run", &["started_at", "due_at", "leased_at", "lease_expires_at"]),
    ("worker", &["started_at", "last_heartbeat_at"]),
    ("audit_cursor", &["due_at"]),
];

/// Has the database's clock jump back by an hour, as everything that is stored sees it.
async fn set_clock_back(app: &TestApp) {
    for (table, columns) in INSTANTS {
        let later = |column: &&str| match app.db().backend() {
            DbBackend::Sqlite => {
                format!("{column} = strftime('%Y-%m-%dT%H:%M:%f+00:00', {column}, '+3600 seconds')")
            }
            _ => format!("{column} = {column} + interval '1 hour'"),
        };
        let columns: Vec<String> = columns.iter().map(later).collect();
        sql(app, &format!("UPDATE {table} SET {}", columns.join(", "))).await;
    }
}

/// Age of the oldest waiting job, as the queue reports it.
async fn oldest_waiting(app: &TestApp) -> serde_json::Value {
    app.admin().data("{ queue { oldestWaitingSeconds } }", json!({})).await["queue"]["oldestWaitingSeconds"]
        .clone()
}

on_both_backends! {
    async fn a_job_that_waits_runs_and_is_seen_to_wait(backend) {
        let app = TestApp::start(backend).await;
        school(&app, &["ada", "ben"]).await;
        app.attempt("ada", "a1", "q1", "80").await;
        app.attempt("ben", "a1", "q1", "90").await;
        set_clock_back(&app).await;
        assert!(oldest_waiting(&app).await.is_number());
        // A new fact joins the job that waits, and has it due at the present time.
        app.attempt("ada", "a2", "q1", "90").await;
        let job = only_job(&app, "ada").await;
        assert_eq!((job.state, job.coalesced), (State::Available, 1));
        assert!(job.run_at < only_job(&app, "ben").await.run_at);
        assert_eq!(app.settled_profile("ada").await.overall.as_deref(), Some("85.00"));
        assert_eq!(app.settled_profile("ben").await.overall.as_deref(), Some("90.00"));
    }

    async fn a_job_that_waits_to_be_retried_runs(backend) {
        let app = TestApp::start(backend).await;
        school(&app, &["ada"]).await;
        poison(&app, "ada").await;
        app.attempt("ada", "a1", "q1", "80").await;
        app.drain().await;
        assert_eq!(only_job(&app, "ada").await.state, State::Retryable);
        heal(&app).await;
        set_clock_back(&app).await;
        assert!(oldest_waiting(&app).await.is_number());
        assert_eq!(app.settled_profile("ada").await.overall.as_deref(), Some("80.00"));
    }

    async fn the_job_of_a_dead_worker_is_taken_back(backend) {
        let app = TestApp::start(backend).await;
        school(&app, &["ada"]).await;
        app.attempt("ada", "a1", "q1", "80").await;
        queue::claim(app.db(), "vanished", 10, LEASE).await.expect("a claim");
        assert_eq!(queue::reclaim_lost(app.db()).await.expect("a look"), 0, "the lease holds");
        set_clock_back(&app).await;
        assert_eq!(queue::reclaim_lost(app.db()).await.expect("a look"), 1);
        assert_eq!(app.settled_profile("ada").await.overall.as_deref(), Some("80.00"));
    }

    async fn a_student_whose_job_was_discarded_is_swept(backend) {
        let app = TestApp::start(backend).await;
        school(&app, &["ada"]).await;
        poison(&app, "ada").await;
        app.attempt("ada", "a1", "q1", "80").await;
        sql(&app, "UPDATE job SET max_attempts = 1").await;
        app.drain().await;
        heal(&app).await;
        assert_eq!(queue::sweep_stale(app.db(), &*app.clock).await.expect("a sweep"), 0, "it rests for an hour");
        set_clock_back(&app).await;
        assert_eq!(queue::sweep_stale(app.db(), &*app.clock).await.expect("a sweep"), 1);
    }

    async fn the_backfill_of_a_dead_walker_goes_on(backend) {
        let app = TestApp::start(backend).await;
        school(&app, &["ada", "ben", "cyd"]).await;
        let start = "mutation { backfillStudentAggregates(input: { scope: ALL, ratePerSecond: 4 }) { id } }";
        app.admin().data(start, json!({})).await;
        assert_eq!(walker(&app, "vanished").step().await.expect("a step"), Step::Moved);
        assert_eq!(walker(&app, "other").step().await.expect("a step"), Step::Idle, "the lease holds");
        set_clock_back(&app).await;
        assert_eq!(walker(&app, "other").step().await.expect("a step"), Step::Moved);
    }

    async fn the_audit_goes_on(backend) {
        let app = TestApp::start(backend).await;
        school(&app, &["ada"]).await;
        let pace = Settings::for_backend(app.db().backend()).audit;
        let audited = async || audit::step(app.db(), &*app.clock, pace).await.expect("a step").is_some();
        assert!(audited().await);
        assert!(!audited().await, "it is not time yet");
        set_clock_back(&app).await;
        assert!(audited().await);
    }

    async fn a_worker_that_reported_before_is_not_taken_to_be_alive(backend) {
        let app = TestApp::start(backend).await;
        sql(&app, "INSERT INTO worker (name, host, pid, version) VALUES ('w', 'h', 1, '0.1.0')").await;
        let alive = async || worker::engine::is_alive(app.db(), "w", LEASE).await.expect("an answer");
        assert!(alive().await);
        set_clock_back(&app).await;
        assert!(!alive().await);
    }

    /// The claim reads the first jobs of its index, however many wait, and sorts nothing.
    async fn the_claim_sorts_nothing(backend) {
        let app = TestApp::start(backend).await;
        let due = job::due_sql(app.db().backend());
        let select = format!("SELECT id FROM job WHERE {due} ORDER BY priority, run_at LIMIT 100");
        let txn = app.db().begin_write().await.expect("a transaction");
        let (explain, column) = match backend {
            Backend::Sqlite => ("EXPLAIN QUERY PLAN", "detail"),
            Backend::Postgres => ("EXPLAIN", "QUERY PLAN"),
        };
        if backend == Backend::Postgres {
            // It would read and sort a table as small as this one.
            let others = "SET LOCAL enable_sort = off; SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off";
            txn.execute_unprepared(others).await.expect("settings");
        }
        let statement = Statement::from_string(app.db().backend(), format!("{explain} {select}"));
        let rows = txn.query_all_raw(statement).await.expect("a plan");
        let plan: Vec<String> = rows.iter().map(|row| row.try_get("", column).expect("a line")).collect();
        let plan = plan.join("\n");
        assert!(plan.contains("ix_job_claim") && !plan.contains("TEMP B-TREE") && !plan.contains("Sort"), "{plan}");
    }
}
