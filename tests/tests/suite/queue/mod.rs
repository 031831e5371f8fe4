//! The queue's promises: each test here fails without the promise it is named after.

mod clock_set_back;
mod failures;
mod leases;
mod upkeep;
mod wakeups;
mod watching;

use std::collections::BTreeSet;

use entity::change;
use entity::clock::Clock;
use entity::database::{UnitOfWork, WriteTransaction};
use entity::id::StudentId;
use entity::job;
use entity::sea_orm::{ConnectionTrait, DbErr, EntityTrait};
use tests::TestApp;

/// A course with one quiz, and students who are enrolled in it, with an empty queue.
pub(crate) async fn school(app: &TestApp, students: &[&str]) {
    app.course("maths").await;
    app.quiz("q1", "maths").await;
    for student in students {
        app.student(student).await;
        app.enroll(student, "maths", "ACTIVE").await;
    }
    app.drain().await;
    sql(app, "DELETE FROM job").await;
}

/// All jobs.
pub(crate) async fn jobs(app: &TestApp) -> Vec<job::Model> {
    job::Entity::find().all(app.db().reader()).await.expect("jobs")
}

/// The one job of a student.
pub(crate) async fn only_job(app: &TestApp, student: &str) -> job::Model {
    let id = student_id(app, student).await;
    let mut jobs: Vec<_> = jobs(app).await.into_iter().filter(|job| job.student_id == id).collect();
    assert_eq!(jobs.len(), 1, "jobs of {student}");
    jobs.remove(0)
}

pub(crate) async fn student_id(app: &TestApp, student: &str) -> StudentId {
    let data = app
        .admin()
        .data(
            "query($s: String!) { studentProfile(sourcedId: $s) { student { id } } }",
            serde_json::json!({ "s": student }),
        )
        .await;
    data["studentProfile"]["student"]["id"].as_str().and_then(|id| id.parse().ok()).expect("a student's id")
}

/// Runs a statement straight on the database, for what nobody could do through the API.
pub(crate) async fn sql(app: &TestApp, statement: &str) {
    app.db().writer().execute_unprepared(statement).await.expect(statement);
}

/// Makes the database refuse to write the profile of `student`, as a damaged row would.
pub(crate) async fn poison(app: &TestApp, student: &str) {
    let id = student_id(app, student).await.0;
    if app.database_url().starts_with("sqlite") {
        let hex = id.simple().to_string();
        sql(
            app,
            &format!(
                "CREATE TRIGGER poison BEFORE UPDATE OF last_performance_update ON student_profile \
                 WHEN NEW.student_id = x'{hex}' BEGIN SELECT RAISE(ABORT, 'poisoned'); END"
            ),
        )
        .await;
    } else {
        sql(
            app,
            "CREATE FUNCTION poisoned() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN RAISE EXCEPTION 'poisoned'; END $$",
        )
        .await;
        sql(
            app,
            &format!(
                "CREATE TRIGGER poison BEFORE UPDATE OF last_performance_update ON student_profile \
                 FOR EACH ROW WHEN (NEW.student_id = '{id}') EXECUTE FUNCTION poisoned()"
            ),
        )
        .await;
    }
}

/// Takes back what [`poison`] did.
pub(crate) async fn heal(app: &TestApp) {
    let on = if app.database_url().starts_with("sqlite") { "" } else { " ON student_profile" };
    sql(app, &format!("DROP TRIGGER poison{on}")).await;
}

/// Enqueues a recalculation without a change of facts.
struct Enqueue {
    students: BTreeSet<StudentId>,
    priority: i16,
}

impl UnitOfWork for Enqueue {
    type Output = ();
    type Error = DbErr;

    async fn run(&self, txn: &WriteTransaction) -> Result<(), DbErr> {
        change::enqueue_recalculation(txn, &self.students, self.priority, entity::clock::SystemClock.now())
            .await
    }
}
