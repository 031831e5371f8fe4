//! What keeps the queue whole.

use chrono::{TimeDelta, Utc};
use entity::clock::{Clock, SystemClock};
use entity::id::JobId;
use entity::job::{self, State};
use entity::job_failure;
use entity::sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait, PaginatorTrait};
use serde_json::json;
use tests::{TestApp, on_both_backends};
use worker::queue::{self, Retention};

use super::{jobs, only_job, poison, school, sql, student_id};

on_both_backends! {
    async fn the_sweep_finds_stale_students_without_a_job(backend) {
        let app = TestApp::start(backend).await;
        school(&app, &["ada", "ben", "cyd"]).await;
        app.attempt("ada", "a1", "q1", "80").await;
        app.attempt("ben", "a1", "q1", "90").await;
        assert_eq!(queue::sweep_stale(app.db(), &*app.clock).await.unwrap(), 0, "their jobs will see to it");
        sql(&app, "DELETE FROM job").await;
        assert_eq!(queue::sweep_stale(app.db(), &*app.clock).await.unwrap(), 2);
        assert_eq!(app.settled_profile("ada").await.overall.as_deref(), Some("80.00"));
        assert_eq!(app.settled_profile("ben").await.overall.as_deref(), Some("90.00"));
        assert_eq!(queue::sweep_stale(app.db(), &*app.clock).await.unwrap(), 0);
    }

    async fn a_cancelled_job_leaves_its_student_to_the_sweep(backend) {
        let app = TestApp::start(backend).await;
        school(&app, &["ada"]).await;
        app.attempt("ada", "a1", "q1", "80").await;
        let id = only_job(&app, "ada").await.id.to_string();
        let cancel = "mutation($id: ID!) { cancelJob(id: $id) { state } }";
        let cancelled = app.admin().data(cancel, json!({ "id": id })).await;
        assert_eq!(cancelled["cancelJob"]["state"], "CANCELLED");
        assert_eq!(app.drain().await, 0);
        assert_eq!(queue::sweep_stale(app.db(), &*app.clock).await.unwrap(), 1);
        assert!(!app.settled_profile("ada").await.stale);
    }

    async fn a_discarded_job_is_left_alone_for_a_while(backend) {
        let app = TestApp::start(backend).await;
        school(&app, &["ada"]).await;
        poison(&app, "ada").await;
        app.attempt("ada", "a1", "q1", "80").await;
        sql(&app, "UPDATE job SET max_attempts = 1 WHERE state = 'available'").await;
        app.drain().await;
        assert_eq!(only_job(&app, "ada").await.state, State::Discarded);
        assert_eq!(queue::sweep_stale(app.db(), &*app.clock).await.unwrap(), 0);
        let long_ago = SystemClock.now() - TimeDelta::hours(2);
        age_all_jobs(&app, long_ago).await;
        assert_eq!(queue::sweep_stale(app.db(), &*app.clock).await.unwrap(), 1, "the cause may be gone");
    }

    async fn finished_jobs_are_pruned_after_their_retention(backend) {
        let app = TestApp::start(backend).await;
        school(&app, &["ada", "ben"]).await;
        poison(&app, "ben").await;
        app.attempt("ada", "a1", "q1", "80").await;
        app.attempt("ben", "a1", "q1", "80").await;
        sql(&app, "UPDATE job SET max_attempts = 1 WHERE state = 'available'").await;
        app.drain().await;
        assert_eq!(queue::prune(app.db(), Retention::default(), SystemClock.now()).await.unwrap(), 0, "all are fresh");
        age_all_jobs(&app, SystemClock.now() - TimeDelta::hours(25)).await;
        let pruned = queue::prune(app.db(), Retention::default(), SystemClock.now()).await.unwrap();
        assert_eq!(pruned, 1, "completed jobs go after a day");
        assert_eq!(jobs(&app).await[0].state, State::Discarded);
        assert_eq!(job_failure::Entity::find().count(app.db().reader()).await.unwrap(), 1);
        age_all_jobs(&app, SystemClock.now() - TimeDelta::days(8)).await;
        assert_eq!(queue::prune(app.db(), Retention::default(), SystemClock.now()).await.unwrap(), 1, "discarded jobs after a week");
        assert_eq!(job_failure::Entity::find().count(app.db().reader()).await.unwrap(), 0, "and their failures");
    }

    async fn jobs_of_unknown_kinds_are_left_alone_and_those_of_retired_kinds_cancelled(backend) {
        let app = TestApp::start(backend).await;
        school(&app, &["ada"]).await;
        let student = student_id(&app, "ada").await;
        for kind in ["retired", "of_the_future"] {
            let job = job::ActiveModel {
                student_id: Set(student),
                id: Set(JobId::new(app.clock.now())),
                kind: Set(kind.to_owned()),
                state: Set(State::Available),
                priority: Set(0),
                max_attempts: Set(1),
                ..Default::default()
            };
            job.insert(app.db().writer()).await.unwrap();
        }
        assert_eq!(app.drain().await, 0);
        assert_eq!(queue::cancel_retired(app.db(), &["retired"]).await.unwrap(), 1);
        let states: Vec<(String, State)> =
            jobs(&app).await.into_iter().map(|job| (job.kind, job.state)).filter(|(kind, _)| kind != job::RECALCULATE).collect();
        assert!(states.contains(&("retired".to_owned(), State::Cancelled)));
        assert!(states.contains(&("of_the_future".to_owned(), State::Available)));
    }

    async fn a_paused_kind_waits_until_it_is_resumed(backend) {
        let app = TestApp::start(backend).await;
        school(&app, &["ada"]).await;
        let admin = app.admin();
        let paused = admin.data("mutation { pauseJobs(kind: RECALCULATE) { pausedKinds } }", json!({})).await;
        assert_eq!(paused["pauseJobs"]["pausedKinds"], json!(["recalculate"]));
        app.attempt("ada", "a1", "q1", "80").await;
        assert_eq!(app.drain().await, 0);
        let resumed = admin.data("mutation { resumeJobs(kind: RECALCULATE) { pausedKinds } }", json!({})).await;
        assert_eq!(resumed["resumeJobs"]["pausedKinds"], json!([]));
        assert_eq!(app.drain().await, 1);
    }
}

async fn age_all_jobs(app: &TestApp, finished_at: chrono::DateTime<Utc>) {
    let finished_at = finished_at.format("%Y-%m-%dT%H:%M:%S+00:00");
    sql(app, &format!("UPDATE job SET finished_at = '{finished_at}' WHERE finished_at IS NOT NULL")).await;
}
