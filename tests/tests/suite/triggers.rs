//! What changes a number: each way is taken once, and the profile must follow. And what changes none.

use serde_json::{Value, json};
use tests::{TestApp, on_both_backends};

/// What a change must bring about.
enum Then {
    /// The numbers of the student, recomputed by exactly one job.
    Numbers(&'static str),
    /// Nothing at all: no job, and nobody is stale.
    Nothing,
}
use Then::{Nothing, Numbers};

/// What a student has: `2 at 85.00, 1 at 70.00, all at 80.00`.
const ALL: &str = "3 at 80.00, 2 at 75.00, all at 78.00";

/// Ada takes maths and art, and not history. In maths: quizzes of 70 and 80 %, a submission of 60 %; in art: a quiz and
/// a submission of 90 %.
async fn school(backend: tests::Backend) -> TestApp {
    let app = TestApp::start(backend).await;
    app.student("ada").await;
    for course in ["art", "history", "maths"] {
        app.course(course).await;
        app.quiz(&format!("{course} quiz"), course).await;
        app.assignment(&format!("{course} essay"), course).await;
    }
    app.enroll("ada", "maths", "ACTIVE").await;
    app.enroll("ada", "art", "ACTIVE").await;
    app.attempt("ada", "m1", "maths quiz", "70").await;
    app.attempt("ada", "m2", "maths quiz", "80").await;
    app.attempt("ada", "a1", "art quiz", "90").await;
    app.submission("ada", "m1", "maths essay", "60").await;
    app.submission("ada", "a1", "art essay", "90").await;
    assert_eq!(app.settled_profile("ada").await.to_string(), ALL);
    assert_eq!(app.parts("ada").await, ["art: 1 at 90.00, 1 at 90.00", "maths: 2 at 75.00, 1 at 60.00"]);
    app
}

/// `input` with the fields of `more`.
fn with(mut input: Value, more: &Value) -> Value {
    for (field, value) in more.as_object().expect("fields") {
        input[field] = value.clone();
    }
    input
}

/// Writes a fact about ada, of which `then` must be the outcome: first the mark and one waiting job, then the numbers.
async fn change(app: &TestApp, what: &str, mutation: &str, fact: Value, then: Then) {
    let input = with(json!({ "student": { "sourcedId": "ada" } }), &fact);
    let before = app.profile("ada").await;
    assert!(!before.stale, "stale before: {what}");
    let written = app.write(mutation, input).await;
    match then {
        Numbers(expected) => {
            assert!(written.recalculation_enqueued, "enqueued by: {what}");
            let between = app.profile("ada").await;
            assert!(between.stale, "stale after: {what}");
            assert_eq!(between.numbers(), before.numbers(), "the numbers before the job ran: {what}");
            app.assert_waiting_jobs(1).await;
            assert_eq!(app.settled_profile("ada").await.to_string(), expected, "{what}");
        }
        Nothing => {
            assert!(!written.recalculation_enqueued, "enqueued by: {what}");
            app.assert_waiting_jobs(0).await;
            assert_eq!(app.profile("ada").await, before, "{what}");
        }
    }
    app.assert_parts_add_up().await;
}

async fn attempt(app: &TestApp, what: &str, fact: Value, then: Then) {
    let attempt = with(json!({ "sourcedId": "m1" }), &fact);
    change(app, what, "recordQuizAttempt", attempt, then).await;
}

async fn submission(app: &TestApp, what: &str, fact: Value, then: Then) {
    let submission = with(json!({ "sourcedId": "m1" }), &fact);
    change(app, what, "recordSubmission", submission, then).await;
}

async fn attempt_standing(app: &TestApp, how: &str, then: Then) {
    let fact = json!({ "attempt": { "sourcedId": "m1" }, "change": how });
    change(app, how, "changeQuizAttemptStanding", fact, then).await;
}

async fn submission_standing(app: &TestApp, how: &str, then: Then) {
    let fact = json!({ "submission": { "sourcedId": "m1" }, "change": how });
    change(app, how, "changeSubmissionStanding", fact, then).await;
}

async fn status(app: &TestApp, status: &str, then: Then) {
    let fact = json!({ "enrollment": { "sourcedId": "ada-maths" }, "status": status });
    change(app, status, "setEnrollmentStatus", fact, then).await;
}

const WITHOUT_M1: &str = "2 at 85.00, 2 at 75.00, all at 80.00";
const WITHOUT_ESSAY: &str = "3 at 80.00, 1 at 90.00, all at 82.50";
const ART_ALONE: &str = "1 at 90.00, 1 at 90.00, all at 90.00";

fn percent(score: &str) -> Value {
    json!({ "score": { "percentage": score } })
}

on_both_backends! {
    async fn an_attempt_is_started_completed_and_scored(backend) {
        let app = school(backend).await;
        let input = json!({
            "sourcedId": "m3", "quiz": { "sourcedId": "maths quiz" }, "startedAt": "2026-03-02T07:00:00Z",
        });
        change(&app, "started", "recordQuizAttempt", input, Nothing).await;
        let provisional = json!({ "sourcedId": "m3", "score": { "percentage": "50" } });
        change(&app, "a score under way", "recordQuizAttempt", provisional, Nothing).await;
        let completed = json!({ "sourcedId": "m3", "completedAt": "2026-03-02T07:30:00Z" });
        let with_m3 = "4 at 72.50, 2 at 75.00, all at 73.33";
        change(&app, "completed", "recordQuizAttempt", completed, Numbers(with_m3)).await;
        let started = json!({ "sourcedId": "m3", "startedAt": "2026-03-02T07:01:00Z" });
        change(&app, "begun a minute later", "recordQuizAttempt", started, Nothing).await;
        let under_way = json!({ "sourcedId": "m3", "completedAt": null });
        change(&app, "under way again", "recordQuizAttempt", under_way, Numbers(ALL)).await;
        assert_eq!(app.parts("ada").await[1], "maths: 2 at 75.00, 1 at 60.00");
    }

    async fn an_attempt_is_rescored_and_loses_its_score(backend) {
        let app = school(backend).await;
        let rescored = "3 at 90.00, 2 at 75.00, all at 84.00";
        attempt(&app, "rescored", percent("100"), Numbers(rescored)).await;
        assert_eq!(app.parts("ada").await[1], "maths: 2 at 90.00, 1 at 60.00");
        attempt(&app, "not scored", json!({ "score": null }), Numbers(WITHOUT_M1)).await;
        attempt(&app, "still not scored", json!({ "score": null }), Nothing).await;
        attempt(&app, "scored again", percent("70"), Numbers(ALL)).await;
    }

    /// The same attempt turns out to be one at the quiz of another course.
    async fn an_attempt_moves_to_another_quiz(backend) {
        let app = school(backend).await;
        let quiz = |quiz: &str| json!({ "quiz": { "sourcedId": quiz } });
        attempt(&app, "to art", quiz("art quiz"), Numbers(ALL)).await;
        assert_eq!(app.parts("ada").await, ["art: 2 at 80.00, 1 at 90.00", "maths: 1 at 80.00, 1 at 60.00"]);
        attempt(&app, "to a course that ada does not take", quiz("history quiz"), Numbers(WITHOUT_M1)).await;
        attempt(&app, "back", quiz("maths quiz"), Numbers(ALL)).await;
    }

    async fn an_attempt_is_excused_voided_deleted_and_restored(backend) {
        let app = school(backend).await;
        for how in ["EXCUSE", "VOID", "DELETE"] {
            attempt_standing(&app, how, Numbers(WITHOUT_M1)).await;
            assert_eq!(app.parts("ada").await[1], "maths: 1 at 80.00, 1 at 60.00", "{how}");
            attempt_standing(&app, how, Nothing).await;
            attempt_standing(&app, "RESTORE", Numbers(ALL)).await;
        }
        attempt_standing(&app, "RESTORE", Nothing).await;
        attempt_standing(&app, "EXCUSE", Numbers(WITHOUT_M1)).await;
        attempt_standing(&app, "VOID", Nothing).await;
        attempt(&app, "a voided attempt is rescored", percent("100"), Nothing).await;
        attempt_standing(&app, "DELETE", Nothing).await;
        attempt(&app, "recorded anew after its deletion", percent("70"), Numbers(ALL)).await;
    }

    async fn a_submission_is_handed_in_graded_regraded_and_ungraded(backend) {
        let app = school(backend).await;
        let handed_in = json!({
            "sourcedId": "m2", "assignment": { "sourcedId": "maths essay" },
            "submittedAt": "2026-03-02T07:00:00Z",
        });
        change(&app, "handed in", "recordSubmission", handed_in, Nothing).await;
        let provisional = json!({ "sourcedId": "m2", "score": { "percentage": "10" } });
        change(&app, "a provisional score", "recordSubmission", provisional, Nothing).await;
        for (what, score, expected) in [
            ("graded as the score was", "10", "3 at 80.00, 3 at 53.33, all at 66.67"),
            ("regraded", "30", "3 at 80.00, 3 at 60.00, all at 70.00"),
        ] {
            let grade = json!({ "submission": { "sourcedId": "m2" }, "score": { "percentage": score } });
            change(&app, what, "gradeSubmission", grade.clone(), Numbers(expected)).await;
            change(&app, "the same grade", "gradeSubmission", grade, Nothing).await;
        }
        assert_eq!(app.parts("ada").await[1], "maths: 2 at 75.00, 2 at 45.00");
        let ungraded = json!({ "submission": { "sourcedId": "m2" } });
        change(&app, "ungraded", "ungradeSubmission", ungraded.clone(), Numbers(ALL)).await;
        change(&app, "ungraded again", "ungradeSubmission", ungraded, Nothing).await;
    }

    async fn a_submission_is_rescored_and_loses_its_score_or_its_grading(backend) {
        let app = school(backend).await;
        let rescored = "3 at 80.00, 2 at 95.00, all at 86.00";
        submission(&app, "rescored", percent("100"), Numbers(rescored)).await;
        submission(&app, "not scored", json!({ "score": null }), Numbers(WITHOUT_ESSAY)).await;
        submission(&app, "scored again", percent("60"), Numbers(ALL)).await;
        let awaiting = json!({ "gradedAt": null });
        submission(&app, "awaiting grading", awaiting, Numbers(WITHOUT_ESSAY)).await;
        submission(&app, "a provisional score", percent("61"), Nothing).await;
        let graded = json!({ "gradedAt": "2026-03-01T12:00:00Z", "score": { "percentage": "60" } });
        submission(&app, "graded", graded, Numbers(ALL)).await;
        let moved = json!({ "assignment": { "sourcedId": "art essay" } });
        submission(&app, "to art", moved, Numbers(ALL)).await;
        assert_eq!(app.parts("ada").await, ["art: 1 at 90.00, 2 at 75.00", "maths: 2 at 75.00, 0 at -"]);
    }

    async fn a_submission_is_excused_voided_deleted_and_restored(backend) {
        let app = school(backend).await;
        for how in ["EXCUSE", "VOID", "DELETE"] {
            submission_standing(&app, how, Numbers(WITHOUT_ESSAY)).await;
            assert_eq!(app.parts("ada").await[1], "maths: 2 at 75.00, 0 at -", "{how}");
            submission_standing(&app, how, Nothing).await;
            submission_standing(&app, "RESTORE", Numbers(ALL)).await;
        }
        submission_standing(&app, "DELETE", Numbers(WITHOUT_ESSAY)).await;
        submission(&app, "recorded anew after its deletion", percent("60"), Numbers(ALL)).await;
    }

    /// Items count while the enrolment is active or completed, and a change between these two changes no number.
    async fn an_enrolment_goes_through_every_status(backend) {
        let app = school(backend).await;
        status(&app, "ACTIVE", Nothing).await;
        status(&app, "COMPLETED", Nothing).await;
        for (other, back) in [
            ("DROPPED", "ACTIVE"),
            ("PAUSED", "COMPLETED"),
            ("PENDING", "ACTIVE"),
            ("SUSPENDED", "COMPLETED"),
        ] {
            status(&app, other, Numbers(ART_ALONE)).await;
            assert_eq!(app.parts("ada").await[1], "maths: 0 at -, 0 at -", "{other}");
            status(&app, back, Numbers(ALL)).await;
            assert_eq!(app.parts("ada").await[1], "maths: 2 at 75.00, 1 at 60.00", "{back}");
        }
        status(&app, "DROPPED", Numbers(ART_ALONE)).await;
        for other in ["PAUSED", "PENDING", "SUSPENDED"] {
            status(&app, other, Nothing).await;
        }
        attempt(&app, "marked as stale all the same", percent("100"), Numbers(ART_ALONE)).await;
    }

    async fn an_enrolment_is_deleted_and_made_anew(backend) {
        let app = school(backend).await;
        let delete = json!({ "enrollment": { "sourcedId": "ada-maths" } });
        change(&app, "deleted", "deleteEnrollment", delete.clone(), Numbers(ART_ALONE)).await;
        assert_eq!(app.parts("ada").await, ["art: 1 at 90.00, 1 at 90.00"]);
        change(&app, "deleted again", "deleteEnrollment", delete.clone(), Nothing).await;
        let same = json!({ "sourcedId": "ada-maths", "course": { "sourcedId": "maths" } });
        change(&app, "the same enrolment anew", "upsertEnrollment", same, Numbers(ALL)).await;
        change(&app, "deleted", "deleteEnrollment", delete, Numbers(ART_ALONE)).await;
        let another = json!({ "sourcedId": "another", "course": { "sourcedId": "maths" } });
        change(&app, "another enrolment", "upsertEnrollment", another, Numbers(ALL)).await;
        assert_eq!(app.parts("ada").await[1], "maths: 2 at 75.00, 1 at 60.00");
    }

    /// Items may come before the enrolment that makes them count.
    async fn an_enrolment_is_created_after_the_items(backend) {
        let app = school(backend).await;
        let early = json!({
            "sourcedId": "h1", "quiz": { "sourcedId": "history quiz" }, "completedAt": "2026-03-01T10:00:00Z",
            "score": { "percentage": "0" },
        });
        change(&app, "without an enrolment", "recordQuizAttempt", early, Numbers(ALL)).await;
        let pending = json!({
            "sourcedId": "late", "course": { "sourcedId": "history" }, "status": "PENDING",
        });
        change(&app, "pending", "upsertEnrollment", pending, Nothing).await;
        let active = json!({ "sourcedId": "late", "status": "ACTIVE" });
        let with_history = "4 at 60.00, 2 at 75.00, all at 65.00";
        change(&app, "active", "upsertEnrollment", active, Numbers(with_history)).await;
        assert_eq!(app.parts("ada").await[1], "history: 1 at 0.00, 0 at -");
    }

    async fn an_enrolment_moves_to_another_course(backend) {
        let app = school(backend).await;
        let into = |course: &str| json!({ "sourcedId": "ada-maths", "course": { "sourcedId": course } });
        change(&app, "to history", "upsertEnrollment", into("history"), Numbers(ART_ALONE)).await;
        assert_eq!(app.parts("ada").await, ["art: 1 at 90.00, 1 at 90.00", "history: 0 at -, 0 at -"]);
        change(&app, "back", "upsertEnrollment", into("maths"), Numbers(ALL)).await;
        let error = app.refused("upsertEnrollment", json!({
            "student": { "sourcedId": "ada" },
            "sourcedId": "ada-maths",
            "course": { "sourcedId": "art" },
        })).await;
        assert_eq!((error.code.as_str(), error.field.as_deref()), ("CONFLICT", Some("input.course")));
    }

    async fn names_and_guardians_change_no_number(backend) {
        let app = school(backend).await;
        let before = app.profile("ada").await;
        for (mutation, input) in [
            ("upsertStudent", json!({ "sourcedId": "ada", "displayName": "Ada the Second" })),
            ("upsertCourse", json!({ "sourcedId": "maths", "title": "Mathematics" })),
            ("upsertQuiz", json!({ "sourcedId": "maths quiz", "title": "Algebra" })),
            ("upsertAssignment", json!({ "sourcedId": "maths essay", "title": "On zero" })),
            ("upsertGuardian", json!({ "sourcedId": "byron", "displayName": "Byron" })),
            ("grantGuardianship", json!({
                "student": { "sourcedId": "ada" }, "guardian": { "sourcedId": "byron" },
            })),
            ("revokeGuardianship", json!({
                "student": { "sourcedId": "ada" }, "guardian": { "sourcedId": "byron" },
            })),
        ] {
            let written = app.write(mutation, input).await;
            assert_ne!(written.outcome, "UNCHANGED", "{mutation}");
            assert!(!written.recalculation_enqueued, "{mutation}");
        }
        app.assert_waiting_jobs(0).await;
        assert_eq!(app.profile("ada").await, before);
    }
}
