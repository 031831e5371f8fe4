//! No update is lost: changes that cross a recalculation, claims that are lost, results that cannot be written.

use std::collections::BTreeSet;
use std::time::Duration;

use entity::clock::Clock;
use entity::database::WriteTransaction;
use entity::id::StudentId;
use entity::sea_orm::sea_query::Expr;
use entity::sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter};
use entity::{change, job, quiz_attempt, student};
use serde_json::json;
use tests::{TestApp, on_both_backends};
use worker::queue::{self, Claim};
use worker::recalculation::{Recalculated, recalculate};

const LEASE: Duration = Duration::from_secs(30);

/// Ada has one quiz of 80 % in maths.
async fn school(backend: tests::Backend) -> TestApp {
    let app = TestApp::start(backend).await;
    app.student("ada").await;
    app.course("maths").await;
    app.quiz("quiz", "maths").await;
    app.enroll("ada", "maths", "ACTIVE").await;
    app.attempt("ada", "first", "quiz", "80").await;
    app.drain().await;
    assert_eq!(quizzes(&app).await, "1 at 80.00");
    app
}

/// Ada's quizzes as the profile has them now: `1 at 80.00`.
async fn quizzes(app: &TestApp) -> String {
    app.profile("ada").await.to_string().split(',').next().expect("the part about quizzes").to_owned()
}

async fn claim(app: &TestApp, worker: &str) -> Claim {
    queue::claim(app.db(), worker, 100, LEASE).await.expect("a claim")
}

async fn finish(app: &TestApp, claim: &Claim) -> Recalculated {
    recalculate(app.db(), &*app.shared_clock(), claim).await.expect("a recalculation")
}

/// Makes the lease of everything that runs end long ago.
async fn expire_leases(app: &TestApp) {
    let expired = job::Entity::update_many()
        .col_expr(job::Column::LeaseExpiresAt, Expr::value(app.clock.now() - chrono::TimeDelta::days(3650)))
        .filter(job::Column::State.eq(job::State::Running))
        .exec(app.db().writer())
        .await
        .expect("leases can be changed by hand");
    assert!(expired.rows_affected > 0, "a lease that could end");
}

/// Makes everything that waits for its time due.
async fn make_due(app: &TestApp) {
    job::Entity::update_many()
        .col_expr(job::Column::RunAt, Expr::value(app.clock.now() - chrono::TimeDelta::days(3650)))
        .filter(job::Column::State.eq(job::State::Retryable))
        .exec(app.db().writer())
        .await
        .expect("due times can be changed by hand");
}

async fn execute(app: &TestApp, sql: &str) {
    app.db().writer().execute_unprepared(sql).await.expect("a statement by hand");
}

async fn ada(app: &TestApp) -> BTreeSet<StudentId> {
    let ada = student::Entity::find()
        .filter(student::Column::SourcedId.eq("ada"))
        .one(app.db().reader())
        .await
        .expect("students can be read")
        .expect("ada is there");
    BTreeSet::from([ada.id])
}

/// A change of ada's first attempt to 40 % that goes as far as its commit.
async fn uncommitted_change(app: &TestApp) -> WriteTransaction {
    let txn = app.db().begin_write().await.expect("a transaction");
    let ada = ada(app).await;
    change::lock_students(&txn, &ada).await.expect("a lock");
    quiz_attempt::Entity::update_many()
        .col_expr(quiz_attempt::Column::Score, Expr::value(4000))
        .exec(&*txn)
        .await
        .expect("an attempt is rescored");
    change::record(&txn, &ada, app.clock.now()).await.expect("a record of the change");
    txn
}

on_both_backends! {
    /// The change is committed after the claim and before the recalculation: its own job runs afterwards, for nothing.
    async fn a_change_during_a_claim_gets_a_job_of_its_own(backend) {
        let app = school(backend).await;
        app.attempt("ada", "first", "quiz", "70").await;
        let claimed = claim(&app, "early").await;
        assert_eq!(claimed.jobs.len(), 1);
        app.assert_waiting_jobs(0).await;

        app.attempt("ada", "second", "quiz", "50").await;
        app.assert_waiting_jobs(1).await;
        assert_eq!(finish(&app, &claimed).await.completed, 1);
        app.assert_waiting_jobs(1).await;
        assert_eq!(app.drain().await, 1);
        assert_eq!(quizzes(&app).await, "2 at 60.00");
    }

    /// The change is committed after the claim has been recalculated: the profile is stale again, with a job waiting.
    async fn a_change_after_a_recalculation_leaves_the_profile_stale(backend) {
        let app = school(backend).await;
        app.attempt("ada", "first", "quiz", "70").await;
        let claimed = claim(&app, "early").await;
        finish(&app, &claimed).await;
        app.attempt("ada", "second", "quiz", "50").await;
        // A second run of the same claim has nothing to complete, and must not take the mark away.
        assert_eq!(finish(&app, &claimed).await.completed, 0);
        assert!(app.profile("ada").await.stale);
        assert_eq!(quizzes(&app).await, "1 at 70.00");
        app.assert_waiting_jobs(1).await;
        app.drain().await;
        assert!(!app.profile("ada").await.stale);
        assert_eq!(quizzes(&app).await, "2 at 60.00");
    }

    /// A recalculation that starts before the commit of a change waits for it, and sees it.
    async fn a_recalculation_waits_for_a_change_that_is_about_to_commit(backend) {
        let app = school(backend).await;
        app.attempt("ada", "first", "quiz", "70").await;
        let claimed = claim(&app, "early").await;
        let change = uncommitted_change(&app).await;
        let (db, clock) = (app.db().clone(), app.shared_clock());
        let mut running = tokio::spawn(async move { recalculate(&db, &*clock, &claimed).await });
        let early = tokio::time::timeout(Duration::from_millis(100), &mut running).await;
        assert!(early.is_err(), "the recalculation did not wait for the change");
        change.commit().await.expect("a commit");

        let recalculated = running.await.expect("no panic").expect("a recalculation");
        assert_eq!(recalculated.completed, 1);
        assert_eq!(quizzes(&app).await, "1 at 40.00");
        app.assert_waiting_jobs(1).await;
        app.drain().await;
        assert!(!app.profile("ada").await.stale);
        assert_eq!(quizzes(&app).await, "1 at 40.00");
    }

    /// A job that waits takes a change upon itself, and so cannot be started before the change is committed.
    async fn a_waiting_job_is_not_started_while_a_change_takes_it_up(backend) {
        let app = school(backend).await;
        app.attempt("ada", "first", "quiz", "70").await;
        let change = uncommitted_change(&app).await;
        // On SQLite nobody can claim while somebody writes.
        if app.db().backend() == DbBackend::Postgres {
            assert_eq!(claim(&app, "early").await.jobs, []);
        }
        change.commit().await.expect("a commit");
        assert_eq!(app.drain().await, 1);
        assert!(!app.profile("ada").await.stale);
        assert_eq!(quizzes(&app).await, "1 at 40.00");
    }

    /// A change that is rolled back leaves neither a mark nor a job.
    async fn a_change_that_is_rolled_back_enqueues_nothing(backend) {
        let app = school(backend).await;
        drop(uncommitted_change(&app).await);
        assert!(!app.profile("ada").await.stale);
        app.assert_waiting_jobs(0).await;
        app.attempt("ada", "first", "quiz", "70").await;
        app.drain().await;
        assert_eq!(quizzes(&app).await, "1 at 70.00");
    }

    /// What a worker computes after it has lost its lease is older than what others may have written since.
    async fn a_claim_that_lost_its_lease_writes_nothing(backend) {
        let app = school(backend).await;
        app.attempt("ada", "first", "quiz", "70").await;
        let lost = claim(&app, "slow").await;
        expire_leases(&app).await;
        assert_eq!(queue::reclaim_lost(app.db()).await.expect("a look for lost leases"), 1);
        let before = app.profile("ada").await;
        let recalculated = finish(&app, &lost).await;
        assert_eq!((recalculated.completed, recalculated.stale_since.len()), (0, 0));
        assert_eq!(app.profile("ada").await, before);
        app.assert_waiting_jobs(1).await;

        let held = claim(&app, "quick").await;
        assert_eq!((held.jobs.len(), held.jobs[0].attempt), (1, 2));
        assert_eq!(finish(&app, &lost).await.completed, 0, "the job runs again, under another claim");
        assert!(app.profile("ada").await.stale);
        assert_eq!(finish(&app, &held).await.completed, 1);
        let after = app.profile("ada").await;
        assert!(!after.stale);
        app.advance(chrono::TimeDelta::minutes(1));
        assert_eq!(finish(&app, &lost).await.completed, 0);
        assert_eq!(app.profile("ada").await, after);
    }

    /// The facts cannot be read: the numbers and the mark stay as they were, and the job is tried again.
    async fn a_recalculation_that_fails_leaves_the_mark(backend) {
        let app = school(backend).await;
        app.attempt("ada", "first", "quiz", "70").await;
        let before = app.profile("ada").await;
        execute(&app, "ALTER TABLE assignment_submission RENAME TO hidden").await;
        assert_eq!(app.drain().await, 1);
        execute(&app, "ALTER TABLE hidden RENAME TO assignment_submission").await;
        assert_eq!(app.profile("ada").await, before);
        assert!(before.stale);
        app.assert_waiting_jobs(1).await;
        let failed = app.jobs().await.into_iter().find(|job| job.state == job::State::Retryable);
        assert!(failed.expect("a job to be tried again").last_error.is_some());

        make_due(&app).await;
        assert_eq!(app.drain().await, 1);
        assert!(!app.profile("ada").await.stale);
        assert_eq!(quizzes(&app).await, "1 at 70.00");
    }

    /// A failed job waits, and a new change does not: both then run, and neither is lost.
    async fn a_change_does_not_wait_for_a_job_that_has_failed(backend) {
        let app = school(backend).await;
        app.attempt("ada", "first", "quiz", "70").await;
        let failing = claim(&app, "failing").await;
        queue::fail(app.db(), "failing", &failing, "a test of failure").await.expect("a failure");
        app.attempt("ada", "second", "quiz", "50").await;
        app.assert_waiting_jobs(2).await;
        make_due(&app).await;
        assert_eq!(app.drain().await, 2);
        assert!(!app.profile("ada").await.stale);
        assert_eq!(quizzes(&app).await, "2 at 60.00");
    }

    async fn a_job_of_a_deleted_student_succeeds(backend) {
        let app = school(backend).await;
        app.attempt("ada", "first", "quiz", "70").await;
        let delete = "mutation { deleteStudent(student: { sourcedId: \"ada\" }) { deletedId } }";
        app.service().data(delete, json!({})).await;
        app.assert_waiting_jobs(1).await;
        assert_eq!(app.drain().await, 1);
        let jobs = app.jobs().await;
        assert!(jobs.iter().all(|job| job.state == job::State::Completed && job.last_error.is_none()));
        app.assert_waiting_jobs(0).await;
    }

    /// However much is written, one job waits, and it knows how many requests it stands for.
    async fn fifty_changes_of_a_student_wait_as_one_job(backend) {
        let app = school(backend).await;
        for n in 1..=50 {
            let written = app.attempt("ada", "first", "quiz", &n.to_string()).await;
            assert!(written.recalculation_enqueued);
        }
        app.assert_waiting_jobs(1).await;
        let waiting = app.jobs().await.into_iter().find(|job| job.state == job::State::Available);
        assert_eq!(waiting.expect("the job that waits").coalesced, 49);
        assert_eq!(app.drain().await, 1);
        assert_eq!(quizzes(&app).await, "1 at 50.00");
    }
}
