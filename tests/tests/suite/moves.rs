//! What changes the numbers of several students, or of one who takes the place of another: moved quizzes and
//! assignments, merged and deleted students.

use std::collections::BTreeSet;
use std::time::Duration;

use entity::id::StudentId;
use entity::sea_orm::sea_query::Expr;
use entity::sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use entity::{change, quiz_attempt, student};
use serde_json::{Value, json};
use tests::{TestApp, on_both_backends};

/// Ada and Bo take maths and art, Cy takes maths alone; nobody takes history. Ada and Bo have a quiz and an essay in
/// maths, Cy has nothing.
async fn school(backend: tests::Backend) -> TestApp {
    let app = TestApp::start(backend).await;
    for course in ["art", "history", "maths"] {
        app.course(course).await;
    }
    app.quiz("quiz", "maths").await;
    app.assignment("essay", "maths").await;
    for (student, score) in [("ada", "80"), ("bo", "60"), ("cy", "")] {
        app.student(student).await;
        app.enroll(student, "maths", "ACTIVE").await;
        if score.is_empty() {
            continue;
        }
        app.enroll(student, "art", "ACTIVE").await;
        app.attempt(student, "q", "quiz", score).await;
        app.submission(student, "e", "essay", score).await;
    }
    app.drain().await;
    assert_eq!(numbers(&app, "ada").await, "1 at 80.00, 1 at 80.00, all at 80.00");
    app
}

async fn numbers(app: &TestApp, student: &str) -> String {
    app.settled_profile(student).await.to_string()
}

/// Fails unless exactly ada and bo are stale, each with one job; then runs the jobs.
async fn ada_and_bo_are_recalculated(app: &TestApp, what: &str) {
    for (student, stale) in [("ada", true), ("bo", true), ("cy", false)] {
        assert_eq!(app.profile(student).await.stale, stale, "{student} after: {what}");
    }
    app.assert_waiting_jobs(2).await;
    assert_eq!(app.drain().await, 2, "{what}");
    app.assert_parts_add_up().await;
}

/// Moves what `mutation` writes through the courses, and looks where it counts.
async fn moved_through_courses(
    app: &TestApp,
    mutation: &str,
    task: &str,
    counts: impl Fn(&str) -> [String; 2],
) {
    for (course, expected) in [("history", "-"), ("art", "art"), ("maths", "maths")] {
        let written =
            app.write(mutation, json!({ "sourcedId": task, "course": { "sourcedId": course } })).await;
        assert!(written.recalculation_enqueued, "a move to {course}");
        ada_and_bo_are_recalculated(app, course).await;
        assert_eq!(app.parts("ada").await, counts(expected), "after a move to {course}");
        assert!(!app.profile("bo").await.stale);
        let again =
            app.write(mutation, json!({ "sourcedId": task, "course": { "sourcedId": course } })).await;
        assert_eq!(again.outcome, "UNCHANGED", "a second move to {course}");
        app.assert_waiting_jobs(0).await;
    }
}

async fn students_call(app: &TestApp, call: &str, selection: &str) -> Value {
    app.service().data(&format!("mutation {{ {call} {{ {selection} }} }}"), json!({})).await
}

async fn merge(app: &TestApp, from: &str, into: &str) {
    let call = format!("mergeStudents(from: {{ sourcedId: \"{from}\" }}, into: {{ sourcedId: \"{into}\" }})");
    let kept = students_call(app, &call, "sourcedId").await;
    assert_eq!(kept["mergeStudents"]["sourcedId"], into);
}

async fn delete(app: &TestApp, student: &str) {
    let call = format!("deleteStudent(student: {{ sourcedId: \"{student}\" }})");
    students_call(app, &call, "deletedId").await;
}

async fn student_id(app: &TestApp, sourced_id: &str) -> StudentId {
    let of_that_name = student::Entity::find().filter(student::Column::SourcedId.eq(sourced_id));
    of_that_name.one(app.db().reader()).await.expect("students can be read").expect("a student").id
}

async fn exists(app: &TestApp, student: &str) -> bool {
    let query = "query($id: String!) { studentProfile(sourcedId: $id) { id } }";
    !app.admin().data(query, json!({ "id": student })).await["studentProfile"].is_null()
}

on_both_backends! {
    /// To a course that the students do not take, to one that they do, and back.
    async fn a_moved_quiz_takes_its_attempts_with_it(backend) {
        let app = school(backend).await;
        moved_through_courses(&app, "upsertQuiz", "quiz", |course| {
            ["art", "maths"].map(|of| {
                let quizzes = if of == course { "1 at 80.00" } else { "0 at -" };
                let essays = if of == "maths" { "1 at 80.00" } else { "0 at -" };
                format!("{of}: {quizzes}, {essays}")
            })
        }).await;
        assert_eq!(numbers(&app, "bo").await, "1 at 60.00, 1 at 60.00, all at 60.00");
    }

    async fn a_moved_assignment_takes_its_submissions_with_it(backend) {
        let app = school(backend).await;
        moved_through_courses(&app, "upsertAssignment", "essay", |course| {
            ["art", "maths"].map(|of| {
                let quizzes = if of == "maths" { "1 at 80.00" } else { "0 at -" };
                let essays = if of == course { "1 at 80.00" } else { "0 at -" };
                format!("{of}: {quizzes}, {essays}")
            })
        }).await;
        assert_eq!(numbers(&app, "bo").await, "1 at 60.00, 1 at 60.00, all at 60.00");
    }

    /// While the quiz is in a course that nobody takes, its attempts count for nothing.
    async fn a_quiz_of_a_course_that_a_student_does_not_take_does_not_count(backend) {
        let app = school(backend).await;
        app.quiz("quiz", "history").await;
        assert_eq!(numbers(&app, "ada").await, "0 at -, 1 at 80.00, all at 80.00");
        app.enroll("ada", "history", "ACTIVE").await;
        assert_eq!(numbers(&app, "ada").await, "1 at 80.00, 1 at 80.00, all at 80.00");
        assert_eq!(numbers(&app, "bo").await, "0 at -, 1 at 60.00, all at 60.00");
    }

    /// Cy turns out to be ada: what both have is kept as it is under ada, the rest comes along.
    async fn a_merged_student_brings_the_items_along(backend) {
        let app = school(backend).await;
        app.enroll("cy", "history", "ACTIVE").await;
        app.quiz("history quiz", "history").await;
        app.attempt("cy", "q", "quiz", "0").await;
        app.attempt("cy", "q2", "quiz", "100").await;
        app.attempt("cy", "h", "history quiz", "90").await;
        app.submission("cy", "e2", "essay", "40").await;
        app.drain().await;

        merge(&app, "cy", "ada").await;
        assert!(app.profile("ada").await.stale);
        app.assert_waiting_jobs(1).await;
        assert_eq!(numbers(&app, "ada").await, "3 at 90.00, 2 at 60.00, all at 78.00");
        assert_eq!(app.parts("ada").await, [
            "art: 0 at -, 0 at -",
            "history: 1 at 90.00, 0 at -",
            "maths: 2 at 90.00, 2 at 60.00",
        ]);
        app.assert_parts_add_up().await;
        assert!(!exists(&app, "cy").await);
        assert_eq!(numbers(&app, "bo").await, "1 at 60.00, 1 at 60.00, all at 60.00");
    }

    /// Ada's own enrolment was deleted, so that the merged student's counts.
    async fn a_merged_enrolment_takes_the_place_of_a_deleted_one(backend) {
        let app = school(backend).await;
        app.write("deleteEnrollment", json!({
            "student": { "sourcedId": "ada" }, "enrollment": { "sourcedId": "ada-maths" },
        })).await;
        assert_eq!(numbers(&app, "ada").await, "0 at -, 0 at -, all at -");
        merge(&app, "cy", "ada").await;
        assert_eq!(numbers(&app, "ada").await, "1 at 80.00, 1 at 80.00, all at 80.00");
        assert_eq!(app.parts("ada").await, ["art: 0 at -, 0 at -", "maths: 1 at 80.00, 1 at 80.00"]);
    }

    /// A merge is done while the jobs of both students wait: that of the one who is gone finds nobody.
    async fn students_are_merged_while_their_jobs_wait(backend) {
        let app = school(backend).await;
        app.attempt("ada", "q", "quiz", "70").await;
        app.attempt("bo", "q3", "quiz", "90").await;
        merge(&app, "bo", "ada").await;
        app.assert_waiting_jobs(2).await;
        assert_eq!(numbers(&app, "ada").await, "2 at 80.00, 1 at 80.00, all at 80.00");
        app.assert_waiting_jobs(0).await;
    }

    /// A quiz is moved while a merge gives ada's attempt to cy: the move waits, and then concerns cy.
    async fn a_move_concerns_whoever_has_the_items_once_it_is_done(backend) {
        let app = school(backend).await;
        let (ada, cy) = (student_id(&app, "ada").await, student_id(&app, "cy").await);
        let merging = app.db().begin_write().await.expect("a transaction");
        change::lock_students(&merging, &BTreeSet::from([ada, cy])).await.expect("locks");
        quiz_attempt::Entity::update_many()
            .col_expr(quiz_attempt::Column::StudentId, Expr::value(cy))
            .filter(quiz_attempt::Column::StudentId.eq(ada))
            .exec(&*merging)
            .await
            .expect("the attempt is given to cy");

        let service = app.service();
        let input = json!({ "sourcedId": "quiz", "course": { "sourcedId": "history" } });
        let mut moving = tokio::spawn(async move {
            service.mutate("upsertQuiz", "UpsertQuizInput", input, "outcome").await
        });
        let early = tokio::time::timeout(Duration::from_millis(100), &mut moving).await;
        assert!(early.is_err(), "the move did not wait for the merge");
        merging.commit().await.expect("a commit");
        assert_eq!(moving.await.expect("no panic")["outcome"], "UPDATED");
        for (student, stale) in [("ada", false), ("bo", true), ("cy", true)] {
            assert_eq!(app.profile(student).await.stale, stale, "{student}");
        }
    }

    /// Nothing of a deleted student is left, and one of the same name begins with nothing.
    async fn a_deleted_student_takes_everything_along(backend) {
        let app = school(backend).await;
        delete(&app, "ada").await;
        assert!(!exists(&app, "ada").await);
        app.assert_waiting_jobs(0).await;
        let numbers_left = app.all_numbers().await;
        assert!(!numbers_left.contains("ada") && numbers_left.contains("bo"), "{numbers_left}");
        assert_eq!(numbers(&app, "bo").await, "1 at 60.00, 1 at 60.00, all at 60.00");

        app.student("ada").await;
        app.enroll("ada", "maths", "ACTIVE").await;
        assert_eq!(numbers(&app, "ada").await, "0 at -, 0 at -, all at -");
        app.quiz("quiz", "art").await;
        app.assert_waiting_jobs(1).await;
    }
}
