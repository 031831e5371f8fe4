//! Deletions by age are judged by no clock that stands alone.

use std::time::Duration;

use api::auth::Role;
use chrono::{DateTime, TimeDelta, Utc};
use entity::clock::{Clock, ManualClock, SystemClock};
use entity::sea_orm::{EntityTrait, PaginatorTrait};
use entity::{access_log, job, performance_snapshot, retention_clock, session};
use serde_json::json;
use tests::{Backend, TestApp, on_both_backends};
use worker::retention::{self, RetentionClock};
use worker::{Metrics, Settings};

use crate::queue::{school, sql};
use crate::sessions::sign_in_by_token;

/// The time between two looks at what is old.
const ROUND: Duration = Duration::from_secs(10);

/// A worker's part that deletes what is old.
struct Worker {
    clock: ManualClock,
    retention_clock: RetentionClock,
    uptime: Duration,
    metrics: Metrics,
}

impl Worker {
    fn at(time: DateTime<Utc>) -> Self {
        Self {
            clock: ManualClock::starting_at(time),
            retention_clock: RetentionClock::default(),
            uptime: Duration::ZERO,
            metrics: Metrics::new(),
        }
    }

    /// Deletes what is old, and returns whether it could judge that.
    async fn round(&mut self, app: &TestApp) -> bool {
        self.uptime += ROUND;
        let settings = Settings::for_backend(app.db().backend());
        let (clock, uptime) = (&self.clock, self.uptime);
        retention::run(app.db(), clock, &self.retention_clock, uptime, &settings, &self.metrics)
            .await
            .expect("old rows can be deleted");
        let status = entity::queue_status::QueueStatus::read(app.db()).await.expect("figures");
        let metrics = self.metrics.encode(&status, app.db()).expect("metrics");
        !metrics.contains("tally_retention_suspended 1\n")
    }
}

/// A server by the real time, which is the database's, with some of everything that grows old.
async fn with_old_rows(backend: Backend) -> TestApp {
    let app = TestApp::start(backend).await;
    app.clock.set(SystemClock.now());
    school(&app, &["ada"]).await;
    for (n, score) in ["80", "90", "70"].iter().enumerate() {
        app.attempt("ada", &format!("a{n}"), "q1", score).await;
        app.drain().await;
    }
    sign_in_by_token(&app, Role::Admin, "admin").await;
    app.profile("ada").await;
    app.admin().data("{ accessLog { nodes { subject } } }", json!({})).await;
    app
}

/// Row counts of all tables with a retention.
async fn rows(app: &TestApp) -> [u64; 4] {
    let db = app.db().reader();
    [
        access_log::Entity::find().count(db).await.expect("a count"),
        performance_snapshot::Entity::find().count(db).await.expect("a count"),
        job::Entity::find().count(db).await.expect("a count"),
        session::Entity::find().count(db).await.expect("a count"),
    ]
}

async fn reached(app: &TestApp) -> DateTime<Utc> {
    let row = retention_clock::Entity::find().one(app.db().reader()).await.expect("a row");
    row.and_then(|row| row.reached_at).expect("a time")
}

on_both_backends! {
    async fn a_worker_whose_clock_is_ahead_deletes_nothing_and_says_so(backend) {
        let app = with_old_rows(backend).await;
        let before = rows(&app).await;
        assert!(before.iter().all(|count| *count > 0), "{before:?}");
        let mut right = Worker::at(app.clock.now());
        let mut wrong = Worker::at(app.clock.now() + TimeDelta::days(450));
        assert!(right.round(&app).await);
        for _ in 0..20 {
            assert!(!wrong.round(&app).await, "it says so");
            assert!(right.round(&app).await, "the other one goes on");
        }
        assert_eq!(rows(&app).await, before);

        // One whose clock is right deletes what is old.
        sql(&app, "UPDATE job SET finished_at = '2020-01-01T00:00:00+00:00'").await;
        sql(&app, "UPDATE session SET expires_at = '2020-01-01T00:00:00+00:00'").await;
        assert!(!wrong.round(&app).await);
        assert!(right.round(&app).await);
        assert_eq!(rows(&app).await, [before[0], before[1], 0, 0]);
    }

    async fn a_wrong_clock_alone_deletes_nothing_either(backend) {
        let app = with_old_rows(backend).await;
        let before = rows(&app).await;
        // From the first look on: nothing but what is stored says what time it is.
        let mut wrong = Worker::at(app.clock.now() + TimeDelta::days(450));
        for _ in 0..50 {
            assert!(!wrong.round(&app).await);
        }
        assert_eq!(rows(&app).await, before);
    }

    async fn a_machine_that_was_switched_off_catches_up(backend) {
        let app = with_old_rows(backend).await;
        let mut worker = Worker::at(app.clock.now());
        assert!(worker.round(&app).await);
        sql(&app, "UPDATE job SET finished_at = '2020-01-01T00:00:00+00:00'").await;
        let at = (app.clock.now() - TimeDelta::hours(12)).to_rfc3339();
        sql(&app, &format!("UPDATE retention_clock SET reached_at = '{at}'")).await;
        let mut rounds = 0;
        while !worker.round(&app).await {
            rounds += 1;
            assert!(job::Entity::find().count(app.db().reader()).await.expect("a count") > 0);
        }
        // 12 hours at ten times the pace of time, less the tolerance. The database's time goes on meanwhile.
        assert!(rounds >= 425, "{rounds} rounds, reached {}", reached(&app).await);
        assert_eq!(job::Entity::find().count(app.db().reader()).await.expect("a count"), 0);
    }
}
