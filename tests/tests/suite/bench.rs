//! The benchmark measures what it says, on data like that of the API.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::process::Stdio;

use entity::sea_orm::EntityTrait;
use entity::{
    assignment, assignment_submission, course, enrollment, quiz, quiz_attempt, student, student_profile,
    weekly_performance,
};
use serde_json::{Value, json};
use tests::backend::TestDatabase;
use tests::bench::school::{self, facts};
use tests::{Backend, TestApp, binary, on_both_backends};
use tokio::process::Command;

const STUDENTS: usize = 20;
/// The courses, each with its quizzes and assignments; the students, each with a profile, and enrolments that have an
/// item for each quiz and assignment, and a week for each two of them.
const ROWS: usize =
    facts::COURSES * (1 + 2 * facts::TASKS) + STUDENTS * (2 + facts::ENROLLMENTS * (1 + 3 * facts::TASKS));

/// What is measured of each database and each size, under which load, and whether next to something else.
const FIGURES: [&str; 33] = [
    "commit to stamp, worker in another process, max | 20 | alone",
    "commit to stamp, worker in another process, max | 200 | alone",
    "commit to stamp, worker in another process, p50 | 20 | alone",
    "commit to stamp, worker in another process, p50 | 200 | alone",
    "commit to stamp, worker in another process, p99 | 20 | alone",
    "commit to stamp, worker in another process, p99 | 200 | alone",
    "commit to stamp, worker in the same process, max | 20 | alone",
    "commit to stamp, worker in the same process, max | 200 | alone",
    "commit to stamp, worker in the same process, p50 | 20 | alone",
    "commit to stamp, worker in the same process, p50 | 200 | alone",
    "commit to stamp, worker in the same process, p99 | 20 | alone",
    "commit to stamp, worker in the same process, p99 | 200 | alone",
    "dashboards read | 1 | compared",
    "dashboards read | 2 | compared",
    "dashboards read, --cache | 1 | compared",
    "dashboards read, --cache | 2 | compared",
    "dashboards read, limits and access log next to none | 2 | compared",
    "drain of recalculation jobs | 0 | compared",
    "facts in bulk, 10 a call | 1 | alone",
    "facts in bulk, 10 a call | 4 | alone",
    "facts written, limits and access log next to none | 2 | compared",
    "facts written, one student | 16 | compared",
    "facts written, random students | 1 | compared",
    "facts written, random students | 2 | compared",
    "memory of tally-api, bulk | 0 | alone",
    "memory of tally-api, dashboards read | 0 | alone",
    "memory of tally-api, dashboards read, --cache | 0 | alone",
    "memory of tally-api, idle | 0 | alone",
    "memory of tally-api, writes | 0 | alone",
    "memory of tally-worker, drain | 0 | alone",
    "memory of tally-worker, freshness | 0 | alone",
    "start to first answer | 0 | alone",
    "start to first answer, without a database file | 0 | alone",
];

/// Loads the school as a learning system would.
async fn load_through_the_api(app: &TestApp) {
    let all: Vec<facts::Facts> = (0..STUDENTS).map(facts::Facts::of).collect();
    let each_course = 0..facts::COURSES;
    let tasks = || each_course.clone().flat_map(|course| (0..facts::TASKS).map(move |nth| (course, nth)));
    let reference = |sourced_id: String| json!({ "sourcedId": sourced_id });
    let courses = each_course
        .clone()
        .map(|number| json!({ "sourcedId": facts::course(number), "title": format!("Course {number}") }));
    let quizzes = tasks().map(|(course, nth)| {
        let title = format!("Quiz {nth}");
        json!({ "sourcedId": facts::quiz(course, nth), "title": title, "course": reference(facts::course(course)) })
    });
    let assignments = tasks().map(|(course, nth)| {
        let (id, title) = (facts::assignment(course, nth), format!("Assignment {nth}"));
        json!({ "sourcedId": id, "title": title, "course": reference(facts::course(course)) })
    });
    write(app, "upsertCourse", courses).await;
    write(app, "upsertQuiz", quizzes).await;
    write(app, "upsertAssignment", assignments).await;

    let students = all.iter().map(|student| {
        json!({ "sourcedId": student.sourced_id(), "displayName": format!("Student {}", student.number) })
    });
    write(app, "upsertStudent", students).await;
    let taken =
        || all.iter().flat_map(|student| student.enrollments.iter().map(move |taken| (student, taken)));
    let enrollments = taken().map(|(student, taken)| {
        json!({
            "student": reference(student.sourced_id()),
            "sourcedId": facts::enrollment(taken.course),
            "course": reference(facts::course(taken.course)),
            "status": "ACTIVE",
        })
    });
    let attempts = taken().flat_map(|(student, taken)| {
        taken.attempts.iter().enumerate().map(move |(nth, score)| {
            json!({
                "student": reference(student.sourced_id()),
                "sourcedId": facts::attempt(taken.course, nth),
                "quiz": reference(facts::quiz(taken.course, nth)),
                "completedAt": facts::done_at(nth),
                "score": { "percentage": score.to_string() },
            })
        })
    });
    let submissions = taken().flat_map(|(student, taken)| {
        taken.submissions.iter().enumerate().map(move |(nth, score)| {
            json!({
                "student": reference(student.sourced_id()),
                "sourcedId": facts::submission(taken.course, nth),
                "assignment": reference(facts::assignment(taken.course, nth)),
                "submittedAt": facts::done_at(nth),
                "gradedAt": facts::done_at(nth),
                "score": { "percentage": score.to_string() },
            })
        })
    });
    write(app, "upsertEnrollment", enrollments).await;
    write(app, "recordQuizAttempt", attempts).await;
    write(app, "recordSubmission", submissions).await;
    app.drain().await;
}

async fn write(app: &TestApp, mutation: &str, inputs: impl Iterator<Item = Value>) {
    let inputs: Vec<Value> = inputs.collect();
    for page in inputs.chunks(1000) {
        let written = app.write_all(mutation, page, false).await;
        assert_eq!(usize::try_from(written.written).unwrap(), page.len(), "{mutation}");
    }
}

/// All that is stored about facts and aggregates, with the writing system's ids in place of our own, which are new
/// wherever a row is made.
async fn stored(app: &TestApp) -> BTreeSet<String> {
    let mut rows = Vec::new();
    let mut names = HashMap::new();
    macro_rules! read {
        ($($table:ident),+) => {$(
            for row in $table::Entity::find().all(app.db().reader()).await.unwrap() {
                names.insert(row.id.0.to_string(), row.sourced_id.clone());
                rows.push(format!("{row:?}"));
            }
        )+};
    }
    read!(student, course, quiz, assignment, enrollment, quiz_attempt, assignment_submission);
    for profile in student_profile::Entity::find().all(app.db().reader()).await.unwrap() {
        assert!(!profile.is_stale());
        // These count the writes, which were fewer or more.
        let counted =
            student_profile::Model { facts_revision: 0, aggregated_revision: 0, version: 0, ..profile };
        rows.push(format!("{counted:?}"));
    }
    for week in weekly_performance::Entity::find().all(app.db().reader()).await.unwrap() {
        rows.push(format!("{week:?}"));
    }
    assert_eq!(rows.len(), ROWS);
    rows.iter().map(|row| with_names(row, &names)).collect()
}

fn with_names(row: &str, names: &HashMap<String, String>) -> String {
    let mut parts = row.split("Id(");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (id, rest) = part.split_once(')').unwrap();
        text.extend(["Id(", &names[id], ")", rest]);
    }
    text
}

on_both_backends! {
    async fn the_generated_school_is_what_the_api_would_have_stored(backend) {
        let told = TestApp::start(backend).await;
        load_through_the_api(&told).await;
        let generated = TestApp::start(backend).await;
        school::fill(generated.database_url(), STUDENTS).await.unwrap();

        let (told_rows, generated_rows) = (stored(&told).await, stored(&generated).await);
        assert_eq!(generated_rows.difference(&told_rows).next(), None);
        assert_eq!(told_rows.difference(&generated_rows).next(), None);
        for number in 0..STUDENTS {
            let student = facts::student(number);
            assert_eq!(generated.profile(&student).await, told.profile(&student).await);
            assert_eq!(generated.parts(&student).await, told.parts(&student).await);
        }

        let numbers = generated.all_numbers().await;
        generated.rebuild().await;
        assert_eq!(generated.all_numbers().await, numbers);
    }

    /// Everything at its smallest, with the real programs.
    async fn every_figure_is_measured(backend) {
        let folder = tempfile::tempdir().unwrap();
        let base = TestDatabase::empty(backend).await;
        let out = folder.path().join("out");
        let mut bench = Command::new(binary::built("bench"));
        bench.args(["--students", "20,40", "--rounds", "1", "--seconds", "0.02", "--connections", "1,2"]);
        bench.args(["--bulk", "10", "--database", &base.url, "--out"]).arg(&out).stdin(Stdio::null());
        let ended = bench.output().await.unwrap();
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));

        let report: Value = serde_json::from_slice(&fs::read(out.join("bench.json")).unwrap()).unwrap();
        assert_eq!(report["databases"][0]["durable"], backend == Backend::Sqlite);
        let figures = report["figures"].as_array().unwrap();
        let mut measured: Vec<String> = figures.iter().filter(|it| it["students"] == 40).map(line).collect();
        measured.sort();
        let embedded = |figure: &&str| figure.contains("without a database file");
        let expected = FIGURES.iter().copied().filter(|figure| backend == Backend::Sqlite || !embedded(figure));
        let expected: Vec<&str> = expected.collect();
        assert_eq!(measured, expected);
        let shown = String::from_utf8(ended.stdout).unwrap();
        for figure in figures {
            let what = figure["what"].as_str().unwrap();
            assert!(shown.contains(what), "{what} is not in:\n{shown}");
        }
        for plot in ["reads", "writes", "reads_by_size", "writes_by_size"] {
            let svg = fs::read_to_string(out.join(format!("{plot}.svg"))).unwrap();
            assert!(svg.starts_with("<svg") && svg.contains("polyline"), "{plot}");
        }
    }
}

/// What a figure is about, whether it is one, and whether it is compared with anything.
fn line(figure: &Value) -> String {
    let compared = if figure["bare"].is_number() { "compared" } else { "alone" };
    assert!(figure["tally"].is_number(), "{figure}");
    format!("{} | {} | {compared}", figure["what"].as_str().unwrap(), figure["load"])
}
