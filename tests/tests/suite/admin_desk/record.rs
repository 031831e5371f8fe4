//! A student's record.

use serde_json::{Value, json};
use tests::browser::Browser;
use tests::{Backend, TestApp, on_both_backends};

use super::{desk, go, id_of, until_said};
use crate::browser::assert_quiet;

const STUDENT: &str = "demo-student-01";

/// The value of one of the six fields.
async fn value(browser: &Browser, field: &str) -> Value {
    browser.script(&format!("return document.querySelector('fieldset [name={field}]').value")).await
}

/// Waits until the fields show the numbers of the profile.
async fn until_numbers(browser: &Browser, app: &TestApp) {
    let profile = app.profile(STUDENT).await;
    let quizzes =
        format!("document.querySelector('[name=totalQuizzesCompleted]')?.value === '{}'", profile.quizzes);
    let overall = format!(
        "document.querySelector('[name=overallAverageScore]').value === '{}%'",
        profile.overall.unwrap()
    );
    browser.until(&format!("return {quizzes} && {overall}")).await;
}

on_both_backends! {
    async fn the_six_aggregates_can_be_read_and_follow_what_changes(backend) {
        let (app, mut browser) = desk(backend, "/admin").await;
        go(&browser, &app, &format!("/admin/students/{}", id_of(&app, STUDENT).await)).await;
        until_numbers(&browser, &app).await;
        assert_eq!(browser.script("return document.querySelector('fieldset legend').innerText").await, "Performance aggregates");
        let fields = "[...document.querySelectorAll('fieldset input')]";
        assert_eq!(browser.script(&format!("return {fields}.length === 6 && {fields}.every((it) => it.readOnly)")).await, true);
        let profile = app.profile(STUDENT).await;
        assert_eq!(value(&browser, "overallQuizAverageScore").await, format!("{}%", profile.quiz_average.unwrap()));

        app.attempt(STUDENT, "one-more", "demo-quiz-mathematics-1", "1").await;
        app.drain().await;
        assert_eq!(app.profile(STUDENT).await.quizzes, profile.quizzes + 1);
        until_numbers(&browser, &app).await;
        browser.click(".actions button").await;
        until_said(&browser, "1 student").await;
        app.assert_waiting_jobs(1).await;
        app.drain().await;
        assert_quiet(&mut browser, &app).await;
    }
}

#[tokio::test]
async fn a_guardianship_is_revoked_and_granted_anew() {
    let (app, browser) = desk(Backend::Sqlite, "/admin").await;
    let guardian = app.client(api::auth::Role::Guardian, "demo-guardian-01");
    let sees = async || {
        let query = "{ studentProfile(sourcedId: \"demo-student-01\") { id } }";
        !guardian.data(query, json!({})).await["studentProfile"].is_null()
    };
    assert!(sees().await);
    go(&browser, &app, "/admin/guardianships?student=demo-student-01").await;
    browser.until_shown("Imani Quillfeather").await;
    browser.click(".rows .danger").await;
    browser
        .until_shown("Imani Quillfeather will not see the record of Zuri Quillfeather any more, at once.")
        .await;
    assert!(sees().await, "nothing is done before it is confirmed");
    browser.click("dialog .danger").await;
    browser.until_shown("Revoked").await;
    assert!(!sees().await);

    let grant = async |guardian: &str| {
        browser.script("document.querySelector('.grant').reset()").await;
        browser.type_into(".grant [name=student]", STUDENT).await;
        browser.type_into(".grant [name=guardian]", guardian).await;
        browser.click(".grant button").await;
    };
    grant("nobody").await;
    browser.until_shown("There is no guardian with this id.").await;
    grant("demo-guardian-01").await;
    until_said(&browser, "The guardianship has been granted.").await;
    browser.until_shown("Holds").await;
    assert!(sees().await);
}
