//! Facts that come at the same time are written together, and each caller is told its own result.

use std::collections::BTreeSet;
use std::time::Duration;

use entity::job;
use entity::sea_orm::{ConnectionTrait, EntityTrait};
use futures::future::join_all;
use serde_json::{Value, json};
use tests::{Backend, TestApp, on_both_backends};
use tokio::task::JoinHandle;

/// How long facts are given to come together. More time would let more of them.
const GATHERING: Duration = Duration::from_millis(300);

async fn school(backend: Backend, students: &[String]) -> TestApp {
    let app = TestApp::start(backend).await;
    app.course("maths").await;
    app.quiz("quiz", "maths").await;
    for student in students {
        app.student(student).await;
        app.enroll(student, "maths", "ACTIVE").await;
    }
    app.drain().await;
    job::Entity::delete_many().exec(app.db().writer()).await.expect("an empty queue");
    app
}

fn students(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("student-{n}")).collect()
}

fn attempt(student: &str, attempt: &str) -> Value {
    json!({
        "student": { "sourcedId": student }, "quiz": { "sourcedId": "quiz" }, "sourcedId": attempt,
        "completedAt": "2026-03-01T10:00:00Z", "score": { "percentage": "80" },
    })
}

/// Records attempts one by one, all at the same time, while nobody can write for a moment; returns the answers.
async fn record_together(app: &TestApp, inputs: Vec<Value>) -> Vec<Value> {
    let busy = app.db().begin_write().await.expect("a transaction");
    busy.execute_unprepared("UPDATE quiz SET title = title").await.expect("the quiz is being written");
    let requests: Vec<JoinHandle<Value>> = inputs
        .into_iter()
        .map(|input| {
            let service = app.service();
            let mutation = "mutation($input: RecordQuizAttemptInput!) { \
                 recordQuizAttempt(input: $input) { outcome fact { sourcedId } } }";
            tokio::spawn(async move { service.send(mutation, json!({ "input": input })).await.body })
        })
        .collect();
    tokio::time::sleep(GATHERING).await;
    busy.commit().await.expect("a commit");
    join_all(requests).await.into_iter().map(|answer| answer.expect("an answer")).collect()
}

/// Makes the database refuse to store the attempt with this `sourcedId`.
async fn refuse(app: &TestApp, sourced_id: &str) {
    let statements = if app.database_url().starts_with("sqlite") {
        vec![format!(
            "CREATE TRIGGER refuse BEFORE INSERT ON quiz_attempt WHEN NEW.sourced_id = '{sourced_id}' \
             BEGIN SELECT RAISE(ABORT, 'refused'); END"
        )]
    } else {
        vec![
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN RAISE EXCEPTION 'refused'; END $$"
                .to_owned(),
            format!(
                "CREATE TRIGGER refuse BEFORE INSERT ON quiz_attempt FOR EACH ROW \
                 WHEN (NEW.sourced_id = '{sourced_id}') EXECUTE FUNCTION refuse()"
            ),
        ]
    };
    for statement in statements {
        app.db().writer().execute_unprepared(&statement).await.expect("a trigger");
    }
}

on_both_backends! {
    async fn facts_that_come_together_are_committed_together(backend) {
        let students = students(20);
        let app = school(backend, &students).await;
        let inputs = students.iter().map(|student| attempt(student, student)).collect();
        let answers = record_together(&app, inputs).await;
        for (answer, student) in answers.iter().zip(&students) {
            let payload = &answer["data"]["recordQuizAttempt"];
            assert_eq!((&payload["outcome"], &payload["fact"]["sourcedId"]), (&json!("CREATED"), &json!(student)));
        }
        // What one statement enqueues has one time.
        let jobs = job::Entity::find().all(app.db().reader()).await.expect("jobs");
        let statements: BTreeSet<_> = jobs.iter().map(|job| job.enqueued_at).collect();
        assert_eq!(jobs.len(), 20);
        assert!(statements.len() < 20, "each was written by itself");
        app.drain().await;
        app.assert_parts_add_up().await;
    }

    /// Refused by our rules, or by the database: either way it is the caller's own affair.
    async fn each_caller_is_told_its_own_result(backend) {
        let students = students(3);
        let app = school(backend, &students).await;
        refuse(&app, "refused").await;
        let mut inputs: Vec<Value> = students.iter().map(|student| attempt(student, "kept")).collect();
        inputs.push(attempt("nobody", "kept"));
        inputs.push(attempt(&students[0], "refused"));
        let answers = record_together(&app, inputs).await;
        for answer in &answers[..3] {
            assert_eq!(answer["data"]["recordQuizAttempt"]["outcome"], "CREATED", "{answer}");
        }
        let error = |answer: &Value| answer["errors"][0]["extensions"].clone();
        assert_eq!(error(&answers[3])["code"], "NOT_FOUND");
        assert_eq!(error(&answers[3])["field"], "input.student");
        assert_eq!(error(&answers[4])["code"], "INTERNAL");
        for student in &students {
            assert_eq!(app.settled_profile(student).await.quizzes, 1, "{student}");
        }
    }

    /// Sixteen of one student, some of them the same fact.
    async fn the_same_fact_from_many_callers_is_created_once(backend) {
        let students = students(1);
        let app = school(backend, &students).await;
        let inputs = (0..16).map(|n| attempt(&students[0], &format!("attempt-{}", n % 4))).collect();
        let answers = record_together(&app, inputs).await;
        let created = answers.iter().filter(|answer| answer["data"]["recordQuizAttempt"]["outcome"] == "CREATED");
        assert_eq!(created.count(), 4, "{answers:#?}");
        assert_eq!(app.settled_profile(&students[0]).await.quizzes, 4);
    }
}
