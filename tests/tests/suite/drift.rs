//! The search for aggregates that are not what the facts say. It should never find any: here, rows are damaged by hand.

use std::time::Duration;

use entity::clock::SystemClock;
use entity::sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use tests::{TestApp, binary, on_both_backends};
use tokio_util::sync::CancellationToken;
use worker::audit::{self, Audited, Pace};
use worker::{Metrics, Settings, Worker};

const STUDENTS: [&str; 5] = ["ada", "ben", "cyd", "dan", "eve"];
/// All students in one step, as often as one likes.
const ALL: Pace = Pace { students: 100, every: Duration::ZERO };
const HARM: &str = "UPDATE student_profile SET total_quizzes_completed = 9, overall_average_score = NULL";

/// Five students with an attempt each, and a submission of ada.
async fn school(app: &TestApp) {
    app.course("maths").await;
    app.quiz("q", "maths").await;
    app.assignment("t", "maths").await;
    for student in STUDENTS {
        app.student(student).await;
        app.enroll(student, "maths", "ACTIVE").await;
        app.attempt(student, "a", "q", "80").await;
    }
    app.submission("ada", "s", "t", "90.5").await;
    app.drain().await;
}

async fn sql(app: &TestApp, statement: &str) {
    app.db().writer().execute_unprepared(statement).await.expect(statement);
}

/// Does harm to the rows of one student.
async fn harm(app: &TestApp, student: &str, statement: &str) {
    let of_student = format!("(SELECT id FROM student WHERE sourced_id = '{student}')");
    sql(app, &format!("{statement} WHERE student_id = {of_student}")).await;
}

async fn step(app: &TestApp, pace: Pace) -> Option<Audited> {
    audit::step(app.db(), &*app.clock, pace).await.unwrap()
}

/// How many students were judged, and how many drifts were new.
async fn audited(app: &TestApp, pace: Pace) -> (usize, usize) {
    let audited = step(app, pace).await.expect("it is time");
    (audited.checked, audited.found.len())
}

/// The students with open findings, and what differs, as an admin sees it.
async fn told(app: &TestApp) -> Vec<(String, Vec<Value>)> {
    let query = "{ aggregateDrift(first: 100) { totalCount nodes { student { sourcedId } foundAt
        differences { enrollmentId field stored computed } } } }";
    let drift = app.admin().data(query, json!({})).await["aggregateDrift"].clone();
    let nodes = drift["nodes"].as_array().unwrap();
    assert_eq!(drift["totalCount"], json!(nodes.len()));
    let (_, metrics) = app.ops("/metrics").await;
    assert!(metrics.contains(&format!("tally_drifted_profiles {}\n", nodes.len())), "{metrics}");
    let node = |node: &Value| {
        let student = node["student"]["sourcedId"].as_str().unwrap().to_owned();
        (student, node["differences"].as_array().unwrap().clone())
    };
    nodes.iter().map(node).collect()
}

/// How many findings are written down, open or not.
async fn written_down(app: &TestApp) -> usize {
    use entity::sea_orm::EntityTrait;
    entity::aggregate_drift::Entity::find().all(app.db().reader()).await.unwrap().len()
}

/// How `tally-worker verify` ends, and what it says.
async fn verify(app: &TestApp) -> (Option<i32>, String) {
    let mut command = tokio::process::Command::new(binary::built("tally-worker"));
    let output = command.args(["verify", "--database-url", app.database_url()]).output().await.unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

on_both_backends! {
    async fn a_damaged_profile_is_told_field_by_field_until_it_is_recalculated(backend) {
        let app = TestApp::start(backend).await;
        school(&app).await;
        assert_eq!(audited(&app, ALL).await, (5, 0), "nothing is wrong by itself");
        assert_eq!(told(&app).await, []);

        harm(&app, "ada", HARM).await;
        assert_eq!(audited(&app, ALL).await, (5, 1));
        assert_eq!(audited(&app, ALL).await, (5, 0), "it is known already");
        let differs = |field: &str, stored: Value, computed: Value| {
            json!({ "enrollmentId": null, "field": field, "stored": stored, "computed": computed })
        };
        let expected = vec![
            differs("totalQuizzesCompleted", json!("9"), json!("1")),
            differs("overallAverageScore", Value::Null, json!("85.25")),
        ];
        assert_eq!(told(&app).await, [("ada".to_owned(), expected)]);
        assert_eq!(app.profile("ada").await.quizzes, 9, "the audit repairs nothing");

        app.attempt("ada", "a2", "q", "70").await;
        app.drain().await;
        assert_eq!(told(&app).await, [], "at once, without another audit");
        assert_eq!(written_down(&app).await, 1);
        assert_eq!(audited(&app, ALL).await, (5, 0));
        assert_eq!(written_down(&app).await, 0);
    }

    async fn every_stored_number_is_compared(backend) {
        let app = TestApp::start(backend).await;
        school(&app).await;
        for (table, column, field) in [
            ("student_profile", "total_quizzes_completed", "totalQuizzesCompleted"),
            ("student_profile", "total_assignments_completed", "totalAssignmentsCompleted"),
            ("student_profile", "overall_quiz_average_score", "overallQuizAverageScore"),
            ("student_profile", "overall_assignment_average_score", "overallAssignmentAverageScore"),
            ("student_profile", "overall_average_score", "overallAverageScore"),
            ("student_profile", "quiz_score_sum", "quizScoreSum"),
            ("student_profile", "assignment_score_sum", "assignmentScoreSum"),
            ("enrollment", "total_quizzes_taken", "totalQuizzesTaken"),
            ("enrollment", "average_quiz_score", "averageQuizScore"),
            ("enrollment", "total_assignments_completed", "totalAssignmentsCompleted"),
            ("enrollment", "average_assignment_score", "averageAssignmentScore"),
            ("enrollment", "quiz_score_sum", "quizScoreSum"),
            ("enrollment", "assignment_score_sum", "assignmentScoreSum"),
        ] {
            harm(&app, "ada", &format!("UPDATE {table} SET {column} = {column} + 1")).await;
            step(&app, ALL).await.expect("it is time");
            let told = told(&app).await;
            assert_eq!(told.len(), 1, "{table}.{column}");
            let (student, differences) = &told[0];
            assert_eq!((student.as_str(), differences.len()), ("ada", 1), "{differences:?}");
            assert_eq!(differences[0]["field"], field);
            let of_enrollment = differences[0]["enrollmentId"].as_str().is_some_and(|id| id.starts_with("enrollment:"));
            assert_eq!(of_enrollment, table == "enrollment");
            harm(&app, "ada", &format!("UPDATE {table} SET {column} = {column} - 1")).await;
            step(&app, ALL).await.expect("it is time");
            assert_eq!(self::told(&app).await, [], "what was made good by hand is forgotten");
        }
    }

    async fn stale_students_are_not_judged(backend) {
        let app = TestApp::start(backend).await;
        school(&app).await;
        harm(&app, "ada", HARM).await;
        app.attempt("ada", "a2", "q", "70").await;
        assert_eq!(audited(&app, ALL).await, (4, 0));
        app.drain().await;
        assert_eq!(audited(&app, ALL).await, (5, 0), "the recalculation has seen to it");
    }

    async fn whatever_is_written_meanwhile_there_is_no_false_alarm(backend) {
        let app = TestApp::start(backend).await;
        school(&app).await;
        let stop = CancellationToken::new();
        let settings = Settings { audit: Pace { students: 0, ..ALL }, ..Settings::for_backend(app.db().backend()) };
        let worker = Worker::new(app.db().clone(), app.shared_clock(), settings, Metrics::new());
        let running = tokio::spawn(worker.run(stop.clone()));
        let done = std::cell::Cell::new(false);
        let writing = async {
            for attempt in 0..30 {
                for student in STUDENTS {
                    app.attempt(student, &format!("more-{attempt}"), "q", "55").await;
                }
            }
            done.set(true);
        };
        let checking = async {
            while !done.get() {
                audited(&app, ALL).await;
                assert_eq!(written_down(&app).await, 0);
            }
        };
        tokio::join!(writing, checking);
        stop.cancel();
        running.await.unwrap().unwrap();
        app.drain().await;
        assert_eq!(audited(&app, ALL).await, (5, 0));
    }

    async fn the_round_comes_to_everybody_and_begins_again(backend) {
        let app = TestApp::start(backend).await;
        school(&app).await;
        sql(&app, HARM).await;
        let two = Pace { students: 2, ..ALL };
        for expected in [(2, 2), (2, 2), (1, 1), (2, 0)] {
            assert_eq!(audited(&app, two).await, expected);
        }
        assert_eq!(told(&app).await.len(), 5);
        assert_eq!(step(&app, Pace { students: 0, ..ALL }).await, None, "no audit is wanted");
    }

    async fn workers_take_turns(backend) {
        let app = TestApp::start(backend).await;
        school(&app).await;
        let hourly = Pace { students: 2, every: Duration::from_hours(1) };
        let steps = (0..4).map(|_| audit::step(app.db(), &*app.clock, hourly));
        let audited = futures::future::join_all(steps).await;
        let turns = audited.into_iter().filter(|step| step.as_ref().unwrap().is_some()).count();
        assert_eq!(turns, 1);
    }

    async fn a_running_worker_finds_drift(backend) {
        let app = TestApp::start(backend).await;
        school(&app).await;
        harm(&app, "ben", HARM).await;
        let stop = CancellationToken::new();
        let pace = Pace { students: 100, every: Duration::from_millis(20) };
        let settings = Settings { audit: pace, ..Settings::for_backend(app.db().backend()) };
        let worker =
            Worker::new(app.db().clone(), std::sync::Arc::new(SystemClock), settings, Metrics::new());
        let running = tokio::spawn(worker.run(stop.clone()));
        let found = async {
            while written_down(&app).await == 0 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), found).await.expect("the worker audits");
        stop.cancel();
        running.await.unwrap().unwrap();
        assert_eq!(told(&app).await[0].0, "ben");
    }

    async fn verify_says_who_differs_and_how(backend) {
        let app = TestApp::start(backend).await;
        school(&app).await;
        let (code, said) = verify(&app).await;
        assert_eq!(code, Some(0), "{said}");
        assert!(said.starts_with("5 students checked in ") && said.ends_with(": 0 differ.\n"), "{said}");

        harm(&app, "ada", HARM).await;
        harm(&app, "ada", "UPDATE enrollment SET average_quiz_score = 7999").await;
        app.attempt("eve", "a2", "q", "70").await;
        let (code, said) = verify(&app).await;
        assert_eq!(code, Some(1), "{said}");
        let lines: Vec<&str> = said.lines().collect();
        assert_eq!(lines.len(), 5, "{said}");
        assert!(lines[..3].iter().all(|line| line.starts_with("student:")), "{said}");
        assert!(lines[0].ends_with(" totalQuizzesCompleted: stored 9, computed 1"), "{said}");
        assert!(lines[1].ends_with(" overallAverageScore: stored null, computed 85.25"), "{said}");
        assert!(lines[2].contains(" enrollment:"), "{said}");
        assert!(lines[2].ends_with(" averageQuizScore: stored 79.99, computed 80.00"), "{said}");
        assert!(lines[3].starts_with("4 students checked in ") && lines[3].ends_with(": 1 differ."), "{said}");
        assert_eq!(lines[4], "1 more were left out: their facts have just changed.");
        assert_eq!(written_down(&app).await, 0, "it reads only");
        assert_eq!(app.profile("ada").await.quizzes, 9);
    }
}
