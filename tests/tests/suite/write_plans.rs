//! What it costs to write a fact does not grow with the school: every row is found by an index.

use api::demo;
use entity::clock::Clock as _;
use entity::database::Database;
use entity::sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::json;
use tests::{TestApp, on_both_backends};

/// Facts about rows that are named by the one kind of id, by the other, and by both.
const WRITES: [&str; 9] = [
    r#"recordQuizAttempt(input: { student: { sourcedId: "demo-student-01" }, sourcedId: "new",
        quiz: { sourcedId: "demo-quiz-biology-1" }, completedAt: "2026-03-02T10:00:00Z", score: { percentage: "85" } })
        { outcome }"#,
    r#"recordQuizAttempt(input: { student: { id: "STUDENT" }, sourcedId: "new", score: { percentage: "75" } }) { outcome }"#,
    r#"recordQuizAttempts(inputs: [
        { student: { id: "STUDENT" }, sourcedId: "new", score: { percentage: "65" } }
        { student: { sourcedId: "demo-student-02" }, sourcedId: "new", quiz: { sourcedId: "demo-quiz-biology-1" } }
        ]) { results { outcome } }"#,
    r#"recordSubmission(input: { student: { sourcedId: "demo-student-01" }, sourcedId: "new-too",
        assignment: { sourcedId: "demo-assignment-biology-1" }, submittedAt: "2026-03-02T10:00:00Z" }) { outcome }"#,
    r#"gradeSubmission(input: { student: { id: "STUDENT" }, submission: { sourcedId: "new-too" },
        gradedAt: "2026-03-03T10:00:00Z", score: { percentage: "70" } }) { outcome }"#,
    r#"upsertEnrollment(input: { student: { sourcedId: "demo-student-01" }, course: { sourcedId: "demo-course-biology" },
        sourcedId: "again", status: ACTIVE }) { outcome }"#,
    r#"upsertStudent(input: { sourcedId: "newcomer", displayName: "New" }) { outcome }"#,
    r#"upsertGuardian(input: { sourcedId: "aunt", displayName: "Aunt" }) { outcome }"#,
    r#"grantGuardianship(input: { student: { id: "STUDENT" }, guardian: { sourcedId: "aunt" } }) { outcome }"#,
];

/// The tables that grow with the school.
const GROWING: [&str; 13] = [
    "student",
    "student_profile",
    "course",
    "enrollment",
    "quiz",
    "quiz_attempt",
    "assignment",
    "assignment_submission",
    "guardian",
    "guardianship",
    "job",
    "performance_snapshot",
    "weekly_performance",
];

/// The tables of which a statement reads all rows, by SQLite's plan.
async fn read_whole(db: &Database, sql: &str) -> Vec<String> {
    let explain = Statement::from_string(DbBackend::Sqlite, format!("EXPLAIN QUERY PLAN {sql}"));
    let lines = db.reader().query_all_raw(explain).await.expect("a plan");
    let lines = lines.iter().map(|line| line.try_get::<String>("", "detail").expect("a line"));
    lines.filter(|line| line.strip_prefix("SCAN ").is_some_and(is_of_growing_table)).collect()
}

fn is_of_growing_table(scan: &str) -> bool {
    // In this index there are the jobs that wait, and no others.
    let of_those_that_wait = scan.ends_with(" USING INDEX ix_job_claim");
    scan.split(' ').next().is_some_and(|table| GROWING.contains(&table)) && !of_those_that_wait
}

/// Whether two values are compared with each other, and nothing that is stored. Whatever is combined with that by OR, the
/// database does not look for by an index.
fn compares_values(sql: &str) -> bool {
    let is_value = |word: &str| word.starts_with(['?', '$']);
    let words: Vec<&str> = sql.split_whitespace().map(|word| word.trim_matches(['(', ')'])).collect();
    words.windows(3).any(|it| it[1] == "=" && is_value(it[0]) && is_value(it[2]))
}

on_both_backends! {
    async fn no_fact_has_a_whole_table_read(backend) {
        let app = TestApp::start(backend).await;
        demo::fill(app.db(), app.clock.now()).await.unwrap();
        app.drain().await;
        let admin = app.admin();
        let student = admin.data("{ studentProfile(sourcedId: \"demo-student-01\") { student { id } } }", json!({})).await;
        let student = student["studentProfile"]["student"]["id"].as_str().expect("an id").to_owned();
        for write in WRITES {
            let document = format!("mutation {{ {} }}", write.replace("STUDENT", &student));
            let (_, mut statements) = app.statements_of(admin.data(&document, json!({}))).await;
            statements.extend(app.statements_of(app.drain()).await.1);
            assert!(statements.len() >= 3, "{write} takes more than {statements:?}");
            for sql in statements {
                assert!(!compares_values(&sql), "{write}\n{sql}");
                if app.db().backend() == DbBackend::Sqlite {
                    let whole = read_whole(app.db(), &sql).await;
                    assert!(whole.is_empty(), "{write}\n{sql}\n{whole:?}");
                }
            }
        }
    }
}
