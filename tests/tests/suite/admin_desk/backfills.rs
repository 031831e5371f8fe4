//! Backfills, from their start to their end.

use serde_json::{Value, json};
use tests::browser::Browser;
use tests::{TestApp, on_both_backends};

use super::{desk, figure, until_figure};
use crate::backfill::{damage, settle, step, walker};
use crate::browser::assert_quiet;
use crate::queue::{heal, poison, sql};

/// Has a run started by the form, and waits until its page is there.
async fn start(browser: &Browser, button: &str) {
    browser.click_text(button).await;
    browser.until("return location.pathname.startsWith('/admin/backfills/backfillRun:')").await;
    browser.until("return !!document.querySelector('.large-bar progress')").await;
}

/// Waits until the bar is this far, and says so.
async fn until_bar(browser: &Browser, done: u32, total: u32) {
    let bar = "document.querySelector('.large-bar progress')";
    let text = "document.querySelector('.large-bar span').innerText";
    browser
        .until(&format!(
            "return {bar}.value === {done} && {bar}.max === {total} && {text} === '{done} of {total}'"
        ))
        .await;
}

/// What the page says of a student's change: each figure that changes as before and after.
async fn changes(browser: &Browser, student: &str) -> Value {
    let row = format!(
        "[...document.querySelectorAll('.changes tbody tr')].find((it) => it.innerText.includes('{student}'))"
    );
    browser.until(&format!("return !!{row}")).await;
    let pair = "[it.dataset.label, it.querySelector('del').lastChild.textContent, it.querySelector('ins').lastChild.textContent]";
    browser.script(&format!("return [...{row}.querySelectorAll('td:has(del)')].map((it) => {pair})")).await
}

async fn numbers(app: &TestApp, student: &str) -> (i64, String, String) {
    let profile = app.profile(student).await;
    (profile.quizzes, profile.quiz_average.unwrap(), profile.overall.unwrap())
}

on_both_backends! {
    async fn a_preview_shows_the_damaged_before_and_after_and_is_carried_out(backend) {
        let (app, mut browser) = desk(backend, "/admin/backfills").await;
        let (quizzes, quiz_average, overall) = numbers(&app, "demo-student-01").await;
        for student in ["demo-student-01", "demo-student-03"] {
            damage(&app, student).await;
        }
        start(&browser, "Preview").await;
        settle(&app).await;
        browser.until_shown("Finished").await;
        until_bar(&browser, 40, 40).await;
        until_figure(&browser, "Changed", "2").await;
        let expected = json!([
            ["Quizzes", "7", quizzes.to_string()],
            ["Quiz average", "0.10%", format!("{quiz_average}%")],
            ["Overall average", "–", format!("{overall}%")],
        ]);
        assert_eq!(changes(&browser, "demo-student-01").await, expected);
        assert_eq!(app.profile("demo-student-01").await.quizzes, 7, "a preview writes nothing");
        let csv = "return fetch(document.querySelector('a[download]').href).then((answer) => answer.text())";
        let csv = browser.script(csv).await;
        assert!(csv.as_str().unwrap().contains("demo-student-03"), "{csv}");

        start(&browser, "Carry it out").await;
        browser.until("return document.querySelector('h1').innerText === 'Backfill'").await;
        settle(&app).await;
        until_bar(&browser, 40, 40).await;
        until_figure(&browser, "Changed", "2").await;
        assert_eq!(numbers(&app, "demo-student-01").await, (quizzes, quiz_average, overall));
        assert_quiet(&mut browser, &app).await;
    }

    async fn a_backfill_is_followed_by_its_bar_from_start_to_end(backend) {
        let (app, browser) = desk(backend, "/admin/backfills").await;
        start(&browser, "Start").await;
        browser.until_shown("Running").await;
        step(&mut walker(&app, "one")).await;
        until_bar(&browser, 0, 40).await;
        sql(&app, "UPDATE job SET state = 'scheduled', run_at = '2126-01-01T00:00:00Z' WHERE state = 'available' \
            AND id <> (SELECT id FROM job WHERE state = 'available' ORDER BY id LIMIT 1)").await;
        app.drain().await;
        until_bar(&browser, 1, 40).await;
        browser.until(&format!("return {}.endsWith(' / s')", figure("Rate"))).await;
        browser.until(&format!("return /\\d/.test({})", figure("Time left"))).await;
        sql(&app, "UPDATE job SET state = 'available', run_at = enqueued_at WHERE state = 'scheduled'").await;
        settle(&app).await;
        until_bar(&browser, 40, 40).await;
        browser.until_shown("Finished").await;
        browser.until_shown("Nothing: all aggregates were right.").await;
    }

    async fn a_backfill_is_called_off(backend) {
        let (app, browser) = desk(backend, "/admin/backfills").await;
        start(&browser, "Start").await;
        step(&mut walker(&app, "one")).await;
        until_bar(&browser, 0, 40).await;
        browser.click_text("Call off").await;
        browser.click("dialog .danger").await;
        settle(&app).await;
        browser.until_shown("Called off").await;
        until_figure(&browser, "Called off", "40").await;
        app.assert_waiting_jobs(0).await;
    }

    async fn failures_are_seen_and_retried(backend) {
        let (app, browser) = desk(backend, "/admin/backfills").await;
        damage(&app, "demo-student-01").await;
        poison(&app, "demo-student-01").await;
        start(&browser, "Start").await;
        step(&mut walker(&app, "one")).await;
        for _ in 1..=5 {
            app.drain().await;
            sql(&app, "UPDATE job SET run_at = enqueued_at").await;
        }
        settle(&app).await;
        until_figure(&browser, "Failed", "1").await;
        browser.until_shown("poisoned").await;
        heal(&app).await;
        start_again(&browser).await;
        settle(&app).await;
        until_bar(&browser, 1, 1).await;
        assert_ne!(app.profile("demo-student-01").await.quizzes, 7);
    }
}

/// Has the failures retried, and waits until that run is shown.
async fn start_again(browser: &Browser) {
    browser.click_text("Retry the failures").await;
    browser.until_shown("Retries the failures of an earlier one.").await;
}
