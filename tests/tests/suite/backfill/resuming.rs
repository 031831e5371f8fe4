//! Runs whose workers are killed.

use std::time::Duration;

use entity::database::Database;
use entity::sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use tests::backend::TestDatabase;
use tests::fleet::{Fleet, Member};
use tests::{TestApp, on_both_backends};
use worker::backfill::Step;

use super::{assert_figures, damage, settle, start, step, students, walker};
use crate::queue::{jobs, sql};

/// How long a run may take that is worked on again and again.
const PATIENCE: Duration = Duration::from_mins(2);

on_both_backends! {
    async fn a_run_is_walked_by_one_worker_at_a_time(backend) {
        let app = TestApp::start(backend).await;
        students(&app, 600).await;
        let run = start(&app, json!({ "scope": "ALL" })).await;
        let (mut one, mut other) = (walker(&app, "one"), walker(&app, "other"));
        assert_eq!(step(&mut one).await, Step::Moved);
        assert_eq!(step(&mut other).await, Step::Idle, "the lease is another's");
        assert_figures(&app, &run, json!({ "enqueued": 250 })).await;
    }

    async fn another_worker_goes_on_where_one_was_killed(backend) {
        let app = TestApp::start(backend).await;
        let names = students(&app, 600).await;
        damage(&app, &names[10]).await;
        damage(&app, &names[590]).await;
        let run = start(&app, json!({ "scope": "ALL" })).await;
        let mut killed = walker(&app, "killed");
        step(&mut killed).await;
        sql(&app, "UPDATE backfill_run SET lease_expires_at = started_at").await;
        let mut other = walker(&app, "other");
        assert_eq!(step(&mut other).await, Step::Moved);
        assert_figures(&app, &run, json!({ "enqueued": 500 })).await;
        // It was not dead, only slow: it holds no lease any more.
        assert_eq!(step(&mut killed).await, Step::Idle);
        assert_figures(&app, &run, json!({ "enqueued": 500 })).await;
        sql(&app, "UPDATE backfill_run SET lease_expires_at = started_at").await;
        settle(&app).await;
        assert_figures(&app, &run, json!({ "state": "FINISHED", "done": 600, "changed": 2, "unchanged": 598 })).await;
        assert_eq!(jobs(&app).await.len(), 600, "nobody was enqueued twice");
    }

    async fn a_run_survives_the_death_of_every_process(backend) {
        let database = TestDatabase::migrated(backend).await;
        let workers = match backend {
            tests::Backend::Sqlite => 1,
            tests::Backend::Postgres => 2,
        };
        let mut fleet = Fleet::start(&database.url, workers).await;
        school(&fleet, 1500).await;
        wait_until(&database.db, "SELECT COUNT(*) FROM student_profile WHERE facts_revision <> aggregated_revision").await;
        let right = export(&database.db).await;
        let wipe = "UPDATE student_profile SET total_quizzes_completed = 0, quiz_score_sum = 0, \
            overall_quiz_average_score = NULL, overall_average_score = NULL";
        database.db.writer().execute_unprepared(wipe).await.unwrap();

        let admin = fleet.admin();
        let begin = "mutation { backfillStudentAggregates(input: { scope: ALL, ratePerSecond: 1000 }) { id } }";
        let run = admin.data(begin, json!({})).await["backfillStudentAggregates"]["id"].clone();
        for at in [300, 900] {
            let query = "query($id: ID!) { backfillRun(id: $id) { done } }";
            let far = async {
                while admin.data(query, json!({ "id": run })).await["backfillRun"]["done"].as_i64() < Some(at) {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            };
            tokio::time::timeout(PATIENCE, far).await.expect("the run goes on");
            for worker in 0..workers {
                fleet.kill(Member::Worker(worker)).await;
            }
            fleet.kill(Member::Api).await;
            fleet.ready().await;
        }
        let seen = finished(&fleet, &run).await;
        assert_eq!((&seen["done"], &seen["failed"]), (&json!(1500), &json!(0)), "{seen}");
        assert_eq!(seen["changed"], 1500, "{seen}");
        assert_eq!(export(&database.db).await, right);
    }
}

/// Waits until the run has ended, and returns its figures.
async fn finished(fleet: &Fleet, run: &Value) -> Value {
    let query = format!("query($id: ID!) {{ backfillRun(id: $id) {{ {} }} }}", super::FIGURES);
    let ended = async {
        loop {
            let seen = fleet.admin().data(&query, json!({ "id": run })).await["backfillRun"].clone();
            if seen["state"] == "FINISHED" {
                return seen;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, ended).await.expect("the run comes to its end")
}

/// Students with an attempt each.
async fn school(fleet: &Fleet, students: usize) {
    let service = fleet.service();
    let course = json!({ "sourcedId": "maths", "title": "Maths" });
    service.mutate("upsertCourse", "UpsertCourseInput", course, "outcome").await;
    let quiz = json!({ "sourcedId": "q1", "title": "Quiz", "course": { "sourcedId": "maths" } });
    service.mutate("upsertQuiz", "UpsertQuizInput", quiz, "outcome").await;
    let names: Vec<String> = (0..students).map(|n| format!("s{n:04}")).collect();
    for page in names.chunks(500) {
        let people: Vec<Value> =
            page.iter().map(|it| json!({ "sourcedId": it, "displayName": it })).collect();
        let enrollments: Vec<Value> = page
            .iter()
            .map(|it| json!({ "student": { "sourcedId": it }, "sourcedId": "e", "course": { "sourcedId": "maths" } }))
            .collect();
        let attempts: Vec<Value> = page
            .iter()
            .map(|it| {
                json!({
                    "student": { "sourcedId": it }, "sourcedId": "a", "quiz": { "sourcedId": "q1" },
                    "completedAt": "2026-03-01T10:00:00Z", "score": { "percentage": "80" },
                })
            })
            .collect();
        for (mutation, inputs) in
            [("upsertStudent", people), ("upsertEnrollment", enrollments), ("recordQuizAttempt", attempts)]
        {
            let query = tests::writing::bulk_mutation(mutation);
            service.data(&query, json!({ "inputs": inputs, "partial": false })).await;
        }
    }
}

/// Waits until a count is zero.
async fn wait_until(db: &Database, count: &str) {
    let zero = async {
        loop {
            let statement = entity::sea_orm::Statement::from_string(db.backend(), count);
            let row = db.reader().query_one_raw(statement).await.unwrap().unwrap();
            if row.try_get_by_index::<i64>(0).unwrap() == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, zero).await.expect("the count comes to zero");
}

async fn export(db: &Database) -> String {
    let mut export = Vec::new();
    let columns = api::service::read::Columns::Numbers;
    api::service::read::export_profiles_unscoped(db.reader(), columns, &mut export).await.unwrap();
    String::from_utf8(export).unwrap()
}
