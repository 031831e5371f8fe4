//! The backfill's promises, as admins see them.

mod cancelling;
mod command_line;
mod dry_runs;
mod failures;
mod progress;
mod recalculating;
mod resuming;
mod runs;
mod scopes;
mod sharing;

use std::time::Duration;

use entity::backfill_item;
use entity::id::StudentId;
use entity::sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::{Value, json};
use tests::TestApp;
use worker::backfill::{Step, Walker};

use crate::queue::{sql, student_id};

/// Long enough that no lease runs out by itself.
const LEASE: Duration = Duration::from_mins(5);

/// The figures of a run.
const FIGURES: &str = "id state total enqueued pending done changed unchanged failed calledOff";

/// Students who are enrolled in a course with a quiz, each with an attempt and the numbers that follow from it, and an
/// empty queue. Returns their names, in the order of their ids.
async fn students(app: &TestApp, count: usize) -> Vec<String> {
    app.course("maths").await;
    app.quiz("q1", "maths").await;
    let names: Vec<String> = (0..count).map(|n| format!("s{n:04}")).collect();
    create(app, &names).await;
    names
}

/// Creates students as [`students`] are. The clock moves on, so that their ids come after all others.
async fn create(app: &TestApp, names: &[String]) {
    app.advance(chrono::TimeDelta::seconds(1));
    let of = |student: &String| json!({ "sourcedId": student });
    let people = |it: &String| json!({ "sourcedId": it, "displayName": it });
    let enrollment =
        |it: &String| json!({ "student": of(it), "sourcedId": "e", "course": { "sourcedId": "maths" } });
    let attempt = |it: &String| {
        json!({
            "student": of(it), "sourcedId": "a", "quiz": { "sourcedId": "q1" },
            "completedAt": "2026-03-01T10:00:00Z", "score": { "percentage": "80" },
        })
    };
    for page in names.chunks(1000) {
        app.write_all("upsertStudent", &page.iter().map(people).collect::<Vec<_>>(), false).await;
        app.write_all("upsertEnrollment", &page.iter().map(enrollment).collect::<Vec<_>>(), false).await;
        app.write_all("recordQuizAttempt", &page.iter().map(attempt).collect::<Vec<_>>(), false).await;
    }
    app.drain().await;
    sql(app, "DELETE FROM job").await;
}

/// Writes wrong numbers into the profile of a student, with no mark that says so.
pub(crate) async fn damage(app: &TestApp, student: &str) {
    let id = literal(app, student_id(app, student).await);
    sql(
        app,
        &format!(
            "UPDATE student_profile SET total_quizzes_completed = 7, quiz_score_sum = 70, \
             overall_quiz_average_score = 10, overall_average_score = NULL WHERE student_id = {id}"
        ),
    )
    .await;
}

/// An id in a statement.
fn literal(app: &TestApp, student: StudentId) -> String {
    if app.database_url().starts_with("sqlite") {
        format!("x'{}'", student.0.simple())
    } else {
        format!("'{}'", student.0)
    }
}

/// Starts a run and returns its id.
pub(super) async fn start(app: &TestApp, input: Value) -> String {
    let input_type = "BackfillStudentAggregatesInput";
    let run = app.admin().mutate("backfillStudentAggregates", input_type, input, "id").await;
    run["id"].as_str().expect("an id").to_owned()
}

/// The figures of a run.
async fn figures(app: &TestApp, run: &str) -> Value {
    select(app, run, FIGURES).await
}

async fn select(app: &TestApp, run: &str, selection: &str) -> Value {
    let query = format!("query($id: ID!) {{ backfillRun(id: $id) {{ {selection} }} }}");
    app.admin().data(&query, json!({ "id": run })).await["backfillRun"].clone()
}

/// Fails unless the figures of a run that `expected` names are these.
async fn assert_figures(app: &TestApp, run: &str, expected: Value) {
    let figures = figures(app, run).await;
    for (figure, value) in expected.as_object().expect("figures") {
        assert_eq!(&figures[figure], value, "{figure} of {figures:#}");
    }
}

pub(crate) fn walker(app: &TestApp, name: &str) -> Walker {
    Walker::new(app.db().clone(), app.shared_clock(), name.to_owned(), LEASE)
}

/// One step of a walker.
pub(crate) async fn step(walker: &mut Walker) -> Step {
    walker.step().await.expect("runs can be walked")
}

/// Walks all runs and runs their jobs, until every run has ended.
pub(crate) async fn settle(app: &TestApp) {
    let mut walker = walker(app, "one");
    while step(&mut walker).await != Step::Idle {
        app.drain().await;
    }
    assert_eq!(waiting_items(app).await, 0, "students whom an ended run waits for");
}

/// How many items there are that have come to no end.
async fn waiting_items(app: &TestApp) -> u64 {
    use backfill_item::{Column, Outcome};
    use entity::sea_orm::{ColumnTrait, QueryFilter};
    backfill_item::Entity::find()
        .filter(Column::Outcome.is_in([Outcome::Listed, Outcome::Pending]))
        .count(app.db().reader())
        .await
        .expect("items can be counted")
}
