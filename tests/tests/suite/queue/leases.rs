//! Claims, leases, and the end of a worker.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use chrono::{DateTime, Utc};
use entity::clock::{Clock, SharedClock, SystemClock};
use entity::job::{BACKFILL_PRIORITY, State};
use entity::sea_orm::EntityTrait;
use tests::{TestApp, on_both_backends};
use tokio_util::sync::CancellationToken;
use worker::audit::Pace;
use worker::{Metrics, Settings, Worker, queue};

use super::{Enqueue, jobs, only_job, school, sql, student_id};

const LEASE: Duration = Duration::from_secs(30);

/// Lets all leases run out, as if their workers had been killed long ago.
async fn expire_leases(app: &TestApp) {
    sql(app, "UPDATE job SET lease_expires_at = enqueued_at WHERE state = 'running'").await;
}

/// A clock that holds a job up in its middle until it is let go.
#[derive(Debug, Default)]
struct Gate {
    open: Mutex<bool>,
    reached: tokio::sync::Notify,
    opened: Condvar,
}

impl Gate {
    fn open(&self) {
        *self.open.lock().unwrap() = true;
        self.opened.notify_all();
    }
}

impl Clock for Gate {
    fn now(&self) -> DateTime<Utc> {
        self.reached.notify_one();
        let open = self.open.lock().unwrap();
        drop(self.opened.wait_while(open, |open| !*open).unwrap());
        SystemClock.now()
    }
}

on_both_backends! {
    async fn a_job_whose_worker_was_killed_runs_again_and_counts_the_attempt(backend) {
        let app = TestApp::start(backend).await;
        school(&app, &["ada"]).await;
        app.attempt("ada", "a1", "q1", "80").await;
        assert_eq!(queue::claim(app.db(), "killed", 10, LEASE).await.unwrap().jobs.len(), 1);
        assert_eq!(app.drain().await, 0, "a job under a lease belongs to its worker");
        assert_eq!(queue::reclaim_lost(app.db()).await.unwrap(), 0, "the lease still holds");
        expire_leases(&app).await;
        assert_eq!(queue::reclaim_lost(app.db()).await.unwrap(), 1);
        assert_eq!(app.settled_profile("ada").await.overall.as_deref(), Some("80.00"));
        let job = only_job(&app, "ada").await;
        assert_eq!((job.state, job.attempt), (State::Completed, 2));
    }

    async fn a_heartbeat_keeps_the_lease(backend) {
        let app = TestApp::start(backend).await;
        school(&app, &["ada"]).await;
        app.attempt("ada", "a1", "q1", "80").await;
        let claim = queue::claim(app.db(), "alive", 10, LEASE).await.unwrap();
        expire_leases(&app).await;
        queue::extend(app.db(), &[claim.id], LEASE).await.unwrap();
        assert_eq!(queue::reclaim_lost(app.db()).await.unwrap(), 0);
        assert_eq!(only_job(&app, "ada").await.state, State::Running);
    }

    /// A claim whose answer was lost on its way is in nobody's hands, though a worker of that name is alive.
    async fn a_heartbeat_keeps_no_claim_that_did_not_reach_its_worker(backend) {
        let app = TestApp::start(backend).await;
        school(&app, &["ada", "ben"]).await;
        app.attempt("ada", "a1", "q1", "80").await;
        queue::claim(app.db(), "alive", 1, LEASE).await.unwrap();
        app.attempt("ben", "a1", "q1", "80").await;
        let held = queue::claim(app.db(), "alive", 1, LEASE).await.unwrap();
        expire_leases(&app).await;
        queue::extend(app.db(), &[held.id], LEASE).await.unwrap();
        assert_eq!(queue::reclaim_lost(app.db()).await.unwrap(), 1);
        assert_eq!(only_job(&app, "ada").await.state, State::Retryable);
        assert_eq!(only_job(&app, "ben").await.state, State::Running);
    }

    async fn a_job_that_kills_its_worker_each_time_ends_discarded_and_the_others_go_on(backend) {
        let app = TestApp::start(backend).await;
        school(&app, &["ada", "ben"]).await;
        app.attempt("ada", "a1", "q1", "80").await;
        for attempt in 1..=20 {
            let claim = queue::claim(app.db(), "doomed", 1, LEASE).await.unwrap();
            assert_eq!(claim.jobs[0].attempt, attempt);
            expire_leases(&app).await;
            assert_eq!(queue::reclaim_lost(app.db()).await.unwrap(), 1);
        }
        let job = only_job(&app, "ada").await;
        assert_eq!(job.state, State::Discarded);
        assert_eq!(job.last_error.as_deref(), Some("the worker stopped reporting before the job was done"));
        app.attempt("ben", "a1", "q1", "70").await;
        assert!(!app.settled_profile("ben").await.stale);
    }

    async fn jobs_that_are_handed_back_count_no_attempt(backend) {
        let app = TestApp::start(backend).await;
        school(&app, &["ada", "ben"]).await;
        app.attempt("ada", "a1", "q1", "80").await;
        app.attempt("ben", "a1", "q1", "80").await;
        queue::claim(app.db(), "leaving", 10, LEASE).await.unwrap();
        assert_eq!(queue::release_all(app.db(), "leaving").await.unwrap(), 2);
        for student in ["ada", "ben"] {
            let job = only_job(&app, student).await;
            assert_eq!((job.state, job.attempt), (State::Retryable, 0));
        }
        assert_eq!(app.drain().await, 2);
    }

    async fn a_worker_that_is_asked_to_stop_finishes_what_it_runs(backend) {
        let app = TestApp::start(backend).await;
        school(&app, &["ada"]).await;
        app.attempt("ada", "a1", "q1", "80").await;
        let gate = Arc::new(Gate::default());
        let clock: SharedClock = gate.clone();
        let settings = Settings::for_backend(app.db().backend());
        // The recalculation alone reads the clock.
        let audit = Pace { students: 0, ..settings.audit };
        let settings = Settings { sweep_every: Duration::from_hours(1), audit, ..settings };
        let worker = Worker::new(app.db().clone(), clock, settings, Metrics::new());
        let name = worker.name().to_owned();
        let stop = CancellationToken::new();
        let running = tokio::spawn(worker.run(stop.clone()));
        gate.reached.notified().await;
        stop.cancel();
        gate.open();
        running.await.unwrap().unwrap();
        assert!(!app.profile("ada").await.stale);
        assert!(jobs(&app).await.iter().all(|job| job.state == State::Completed));
        let row = entity::worker::Entity::find_by_id(name).one(app.db().reader()).await.unwrap().unwrap();
        assert!(row.stopped_at.is_some(), "a worker that stops says so");
    }

    async fn live_changes_come_before_a_backfill(backend) {
        let app = TestApp::start(backend).await;
        let students = ["ada", "ben", "cyd"];
        school(&app, &students).await;
        let mut ids = Vec::new();
        for student in students {
            ids.push(student_id(&app, student).await);
        }
        let backfill = Enqueue { students: ids.iter().copied().collect(), priority: BACKFILL_PRIORITY };
        app.db().write(&backfill).await.unwrap();
        app.attempt("cyd", "a1", "q1", "80").await;
        app.assert_waiting_jobs(3).await;
        let first = queue::claim(app.db(), "one", 1, LEASE).await.unwrap();
        assert_eq!(first.jobs[0].student_id, ids[2], "the live change took over the waiting job and its turn");
    }
}
