//! Many facts in one call: all or nothing, or a result for each.

use serde_json::{Value, json};
use tests::{TestApp, on_both_backends};

/// Ada and Bo take maths, in which there is one quiz.
async fn school(backend: tests::Backend) -> TestApp {
    let app = TestApp::start(backend).await;
    app.course("maths").await;
    app.quiz("quiz", "maths").await;
    for student in ["ada", "bo"] {
        app.student(student).await;
        app.enroll(student, "maths", "ACTIVE").await;
    }
    app.drain().await;
    app
}

fn attempt(student: &str, attempt: &str, quiz: &str, score: &str) -> Value {
    json!({
        "student": { "sourcedId": student },
        "sourcedId": attempt,
        "quiz": { "sourcedId": quiz },
        "completedAt": "2026-03-01T10:00:00Z",
        "score": { "percentage": score },
    })
}

on_both_backends! {
    /// One refused fact takes the others with it: their rows, the marks and the jobs.
    async fn one_refused_fact_rolls_back_the_whole_call(backend) {
        let app = school(backend).await;
        app.attempt("ada", "known", "quiz", "80").await;
        app.drain().await;
        let before = app.all_numbers().await;
        let jobs = app.jobs().await.len();
        for (bad, code, field) in [
            (attempt("ada", "bad", "no such quiz", "50"), "NOT_FOUND", "inputs[2].quiz"),
            (attempt("nobody", "bad", "quiz", "50"), "NOT_FOUND", "inputs[2].student"),
            (attempt("bo", "bad", "quiz", "1000"), "BAD_USER_INPUT", "inputs[2].score"),
        ] {
            let inputs =
                [attempt("ada", "known", "quiz", "10"), attempt("bo", "new", "quiz", "20"), bad];
            let answer = app.send_all("recordQuizAttempt", &inputs, false).await;
            let error = answer.error().expect("an error");
            assert_eq!((error.code.as_str(), error.field.as_deref()), (code, Some(field)));
            app.assert_waiting_jobs(0).await;
            assert_eq!(app.jobs().await.len(), jobs);
            assert_eq!(app.stale_students().await, 0);
        }
        assert_eq!(app.attempt("ada", "known", "quiz", "80").await.outcome, "UNCHANGED");
        app.rebuild().await;
        assert_eq!(app.all_numbers().await, before);
        assert_eq!(app.attempt("bo", "new", "quiz", "20").await.outcome, "CREATED");
    }

    async fn partial_results_say_what_became_of_each_fact(backend) {
        let app = school(backend).await;
        app.attempt("ada", "known", "quiz", "80").await;
        app.drain().await;
        let inputs = [
            attempt("ada", "known", "quiz", "80"),
            attempt("nobody", "bad", "quiz", "50"),
            attempt("ada", "new", "quiz", "40"),
            attempt("ada", "bad", "quiz", "-1"),
            attempt("bo", "new", "quiz", "50"),
            attempt("bo", "bad", "no such quiz", "50"),
        ];
        let written = app.write_all("recordQuizAttempt", &inputs, true).await;
        assert_eq!(written.results, [
            "UNCHANGED",
            "NOT_FOUND student",
            "CREATED",
            "BAD_USER_INPUT score",
            "CREATED",
            "NOT_FOUND quiz",
        ]);
        assert_eq!((written.written, written.refused, written.recalculations), (2, 3, 2));
        app.assert_waiting_jobs(2).await;
        assert_eq!(app.settled_profile("ada").await.to_string(), "2 at 60.00, 0 at -, all at 60.00");
        assert_eq!(app.settled_profile("bo").await.to_string(), "1 at 50.00, 0 at -, all at 50.00");
    }

    /// Facts about one thing are done in the order in which they stand, in one call as in several.
    async fn the_same_thing_twice_in_one_call_is_done_in_order(backend) {
        let app = school(backend).await;
        let inputs = [
            attempt("ada", "one", "quiz", "10"),
            attempt("ada", "one", "quiz", "90"),
            attempt("ada", "one", "quiz", "90"),
        ];
        let written = app.write_all("recordQuizAttempt", &inputs, false).await;
        assert_eq!(written.results, ["CREATED", "UPDATED", "UNCHANGED"]);
        assert_eq!(written.written, 2);
        app.assert_waiting_jobs(1).await;
        assert_eq!(app.settled_profile("ada").await.overall.as_deref(), Some("90.00"));

        let standing = |change: &str| json!({
            "student": { "sourcedId": "ada" }, "attempt": { "sourcedId": "one" }, "change": change,
        });
        let inputs = ["VOID", "DELETE", "EXCUSE", "RESTORE"].map(standing);
        let written = app.write_all("changeQuizAttemptStanding", &inputs, true).await;
        assert_eq!(written.results, [
            "UPDATED", "UPDATED", "NOT_FOUND attempt", "UPDATED",
        ]);
        // In the end it stands as it stood before, so nobody has to recompute anything.
        app.assert_waiting_jobs(0).await;
        assert_eq!(app.settled_profile("ada").await.overall.as_deref(), Some("90.00"));
    }

    /// Within one call, too, what is older than what was accepted is refused.
    async fn the_order_of_events_holds_within_one_call(backend) {
        let app = school(backend).await;
        let at = |score: &str, minute: u32| {
            let mut input = attempt("ada", "one", "quiz", score);
            input["occurredAt"] = json!(format!("2026-03-01T10:{minute:02}:00Z"));
            input
        };
        let inputs = [at("50", 2), at("40", 1), at("70", 3), at("60", 3)];
        let written = app.write_all("recordQuizAttempt", &inputs, true).await;
        assert_eq!(written.results, [
            "CREATED",
            "CONFLICT occurredAt",
            "UPDATED",
            "CONFLICT occurredAt",
        ]);
        assert_eq!(app.settled_profile("ada").await.overall.as_deref(), Some("70.00"));
    }

    /// Every kind of fact about a student can be written in bulk, and one job for each student follows.
    async fn a_call_with_many_facts_of_each_student_enqueues_one_job_for_each(backend) {
        let app = school(backend).await;
        let inputs: Vec<Value> = (0..1000)
            .map(|n| attempt(["ada", "bo"][n % 2], &format!("attempt {n}"), "quiz", "50"))
            .collect();
        let written = app.write_all("recordQuizAttempt", &inputs, false).await;
        assert_eq!((written.written, written.recalculations, written.refused), (1000, 1000, 0));
        app.assert_waiting_jobs(2).await;
        assert_eq!(app.settled_profile("bo").await.to_string(), "500 at 50.00, 0 at -, all at 50.00");
    }

    async fn a_call_with_more_than_a_thousand_facts_is_refused(backend) {
        let app = school(backend).await;
        let inputs: Vec<Value> =
            (0..1001).map(|n| attempt("ada", &format!("attempt {n}"), "quiz", "50")).collect();
        for partial in [false, true] {
            let answer = app.send_all("recordQuizAttempt", &inputs, partial).await;
            let error = answer.error().expect("an error");
            assert_eq!((error.code.as_str(), error.field.as_deref()), ("LIMIT_EXCEEDED", Some("inputs")));
        }
        app.assert_waiting_jobs(0).await;
        assert_eq!(app.settled_profile("ada").await.quizzes, 0);
    }
}
