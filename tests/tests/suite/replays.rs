//! What is said twice, and what comes late.

use chrono::TimeDelta;
use serde_json::{Value, json};
use tests::{TestApp, on_both_backends};

/// Ada takes maths, in which there are a quiz and an essay.
async fn school(backend: tests::Backend) -> TestApp {
    let app = TestApp::start(backend).await;
    app.student("ada").await;
    app.course("maths").await;
    app.quiz("quiz", "maths").await;
    app.assignment("essay", "maths").await;
    app.enroll("ada", "maths", "ACTIVE").await;
    app
}

/// Ada's one attempt, with a score, as an event of some time.
fn attempt(score: &str, occurred_at: Option<&str>) -> Value {
    json!({
        "student": { "sourcedId": "ada" },
        "sourcedId": "first",
        "quiz": { "sourcedId": "quiz" },
        "completedAt": "2026-03-01T10:00:00Z",
        "score": { "percentage": score },
        "occurredAt": occurred_at,
    })
}

const T1: Option<&str> = Some("2026-03-01T11:00:00Z");
const T2: Option<&str> = Some("2026-03-01T12:00:00Z");
const T3: Option<&str> = Some("2026-03-01T13:00:00Z");

on_both_backends! {
    /// Neither the profile nor the time of its last update moves, and nobody has to recompute anything.
    async fn the_same_fact_again_changes_nothing(backend) {
        let app = school(backend).await;
        app.attempt("ada", "first", "quiz", "80").await;
        app.submission("ada", "paper", "essay", "90").await;
        let before = app.settled_profile("ada").await;
        app.advance(TimeDelta::minutes(5));

        let again = [
            app.attempt("ada", "first", "quiz", "80").await,
            app.attempt("ada", "first", "quiz", "80.00").await,
            app.submission("ada", "paper", "essay", "90").await,
            app.enroll("ada", "maths", "ACTIVE").await,
            app.quiz("quiz", "maths").await,
            app.assignment("essay", "maths").await,
            app.write("gradeSubmission", json!({
                "student": { "sourcedId": "ada" },
                "submission": { "sourcedId": "paper" },
                "score": { "points": { "earned": "45", "possible": "50" } },
            })).await,
        ];
        for (at, written) in again.iter().enumerate() {
            assert_eq!(written.outcome, "UNCHANGED", "write {at}");
            assert!(!written.recalculation_enqueued, "write {at}");
        }
        app.assert_waiting_jobs(0).await;
        assert_eq!(app.drain().await, 0);
        assert_eq!(app.profile("ada").await, before);
        app.attempt("ada", "first", "quiz", "81").await;
        assert_ne!(app.settled_profile("ada").await.updated, before.updated, "the clock was moved");
    }

    /// What comes late is refused, and so is a second version of one moment: neither can be told to be the newer.
    async fn an_event_that_is_not_newer_than_the_last_one_is_a_conflict(backend) {
        let app = school(backend).await;
        app.write("recordQuizAttempt", attempt("80", T2)).await;
        let before = app.settled_profile("ada").await;
        app.advance(TimeDelta::minutes(5));
        for occurred_at in [T1, T2] {
            let error = app.refused("recordQuizAttempt", attempt("70", occurred_at)).await;
            assert_eq!(error.code, "CONFLICT");
            assert_eq!(error.field.as_deref(), Some("input.occurredAt"));
            let error = app.refused("changeQuizAttemptStanding", json!({
                "student": { "sourcedId": "ada" },
                "attempt": { "sourcedId": "first" },
                "change": "DELETE",
                "occurredAt": occurred_at,
            })).await;
            assert_eq!(error.code, "CONFLICT");
        }
        app.assert_waiting_jobs(0).await;
        assert_eq!(app.profile("ada").await, before);
        app.write("recordQuizAttempt", attempt("70", T3)).await;
        assert_eq!(app.settled_profile("ada").await.overall.as_deref(), Some("70.00"));
    }

    /// The third event said that the score was still 80 then, so the second one is out of date.
    async fn an_event_that_changes_nothing_still_makes_older_ones_late(backend) {
        let app = school(backend).await;
        app.write("recordQuizAttempt", attempt("80", T1)).await;
        app.drain().await;
        let same = app.write("recordQuizAttempt", attempt("80", T3)).await;
        assert_eq!((same.outcome.as_str(), same.recalculation_enqueued), ("UNCHANGED", false));
        app.assert_waiting_jobs(0).await;
        let error = app.refused("recordQuizAttempt", attempt("70", T2)).await;
        assert_eq!((error.code.as_str(), error.field.as_deref()), ("CONFLICT", Some("input.occurredAt")));
        assert_eq!(app.settled_profile("ada").await.overall.as_deref(), Some("80.00"));
        // The same late event may come again and again: what it says is so already.
        assert_eq!(app.write("recordQuizAttempt", attempt("80", T2)).await.outcome, "UNCHANGED");
    }

    /// A deleted item leaves its mark of time behind.
    async fn a_late_event_does_not_bring_back_what_was_deleted(backend) {
        let app = school(backend).await;
        app.write("recordQuizAttempt", attempt("80", T1)).await;
        app.write("changeQuizAttemptStanding", json!({
            "student": { "sourcedId": "ada" },
            "attempt": { "sourcedId": "first" },
            "change": "DELETE",
            "occurredAt": T3,
        })).await;
        assert_eq!(app.refused("recordQuizAttempt", attempt("70", T2)).await.code, "CONFLICT");
        assert_eq!(app.settled_profile("ada").await.quizzes, 0);
    }
}
