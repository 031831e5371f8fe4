//! The queue, its jobs and its workers.

use serde_json::json;
use tests::on_both_backends;

use super::{desk, until_figure, until_said};
use crate::browser::assert_quiet;
use crate::queue::{heal, poison, sql};

const STUDENT: &str = "demo-student-01";

on_both_backends! {
    async fn a_kind_is_paused_and_resumed_and_what_waits_is_seen(backend) {
        let (app, mut browser) = desk(backend, "/admin/queue").await;
        let before = app.profile(STUDENT).await.quizzes;
        browser.click_text("Pause").await;
        browser.until_shown("Jobs are enqueued, and wait.").await;
        let paused = app.admin().data("{ queue { pausedKinds } }", json!({})).await;
        assert_eq!(paused["queue"]["pausedKinds"], json!(["recalculate"]));
        app.attempt(STUDENT, "one-more", "demo-quiz-mathematics-1", "80").await;
        app.drain().await;
        until_figure(&browser, "Available", "1").await;
        assert_eq!(app.profile(STUDENT).await.quizzes, before);
        browser.click_text("Available").await;
        browser.until("return location.search === '?state=AVAILABLE'").await;
        browser.until_shown("Zuri Quillfeather").await;

        browser.click_text("Resume").await;
        until_said(&browser, "recalculate goes on.").await;
        app.drain().await;
        until_figure(&browser, "Available", "0").await;
        browser.until_shown("No job is like that").await;
        assert_eq!(app.profile(STUDENT).await.quizzes, before + 1);
        browser.until_shown("No worker is known").await;
        assert_quiet(&mut browser, &app).await;
    }

    async fn a_job_is_cancelled_and_one_that_was_given_up_is_retried(backend) {
        let (app, browser) = desk(backend, "/admin/queue").await;
        app.attempt(STUDENT, "one-more", "demo-quiz-mathematics-1", "80").await;
        browser.click("[aria-label='Cancel the job of Zuri Quillfeather']").await;
        until_figure(&browser, "Cancelled", "1").await;
        app.assert_waiting_jobs(0).await;

        poison(&app, STUDENT).await;
        browser.click("[aria-label='Retry the job of Zuri Quillfeather']").await;
        until_figure(&browser, "To be retried", "1").await;
        sql(&app, "UPDATE job SET max_attempts = attempt + 1 WHERE state = 'retryable'").await;
        app.drain().await;
        until_figure(&browser, "Given up", "1").await;
        browser.click(".rows .link.error").await;
        browser.until("return !!document.querySelector('dialog .failures li')").await;
        let told = browser.script("return document.querySelector('dialog .failures').innerText").await;
        assert!(told.as_str().unwrap().contains("poisoned"), "{told}");
        browser.click_text("Close").await;

        heal(&app).await;
        let before = app.profile(STUDENT).await.quizzes;
        browser.click("[aria-label='Retry the job of Zuri Quillfeather']").await;
        until_figure(&browser, "To be retried", "1").await;
        app.drain().await;
        until_figure(&browser, "Given up", "0").await;
        assert_eq!(app.profile(STUDENT).await.quizzes, before + 1);
    }
}
