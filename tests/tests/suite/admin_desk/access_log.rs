//! The page of the access log.

use api::auth::Role;
use chrono::{DateTime, TimeDelta, Utc};
use entity::clock::Clock as _;
use serde_json::{Value, json};
use tests::browser::Browser;
use tests::{Backend, TestApp, on_both_backends};

use super::{ENTER, desk, go, id_of, tab_to, until_there};
use crate::browser::assert_quiet;

const STUDENT: &str = "demo-student-01";
const GUARDIAN: &str = "demo-guardian-01";
const READ: &str = "query($id: String!) { studentProfile(sourcedId: $id) { overallAverageScore } }";

/// Reads a child's record as the guardian.
async fn read(app: &TestApp, student: &str) {
    app.client(Role::Guardian, GUARDIAN).data(READ, json!({ "id": student })).await;
}

/// The cells of the rows whose headings have this text, without their times.
async fn rows_of(browser: &Browser, who: &str) -> Value {
    let who = json!(who);
    let script = "return [...document.querySelectorAll('.rows tbody tr')].filter((row) =>
            row.querySelector('th').innerText === WHO)
        .map((row) => [...row.querySelectorAll('td:not(:has(time))')].map((cell) => cell.innerText))";
    browser.script(&script.replace("WHO", &who.to_string())).await
}

/// The day of a moment where the browser is, as a form has it.
async fn day(browser: &Browser, moment: DateTime<Utc>) -> String {
    let day = format!("return new Date({}).toLocaleDateString('sv')", moment.timestamp_millis());
    browser.script(&day).await.as_str().unwrap().to_owned()
}

/// Waits until the page lists so many entries.
async fn until_listed(browser: &Browser, entries: usize) {
    browser.until(&format!("return document.querySelectorAll('.rows tbody tr').length === {entries}")).await;
    until_there(browser).await;
}

on_both_backends! {
    async fn an_admin_finds_who_saw_a_record(backend) {
        let (app, mut browser) = desk(backend, "/admin").await;
        for student in [STUDENT, STUDENT, "demo-student-03"] {
            read(&app, student).await;
        }
        go(&browser, &app, &format!("/admin/students/{}", id_of(&app, STUDENT).await)).await;
        browser.click_text("Who saw this record").await;
        browser.until_shown("Who saw or changed the record of Zuri Quillfeather").await;
        until_there(&browser).await;
        assert_eq!(rows_of(&browser, "demo-guardian-01 Guardian").await, json!([["Seen", "studentProfile", "2"]]));

        browser.click(".above a").await;
        browser.until("return document.querySelector('h1').innerText === 'Zuri Quillfeather'").await;
        assert_quiet(&mut browser, &app).await;
    }

    async fn what_is_asked_of_the_log_stands_in_the_address(backend) {
        let (app, browser) = desk(backend, "/admin").await;
        let [today, yesterday] = [0, 1].map(|ago| app.clock.now() - TimeDelta::days(ago));
        let (today, yesterday) = (day(&browser, today).await, day(&browser, yesterday).await);
        read(&app, STUDENT).await;
        read(&app, "demo-student-03").await;
        go(&browser, &app, "/admin/access-log").await;
        browser.type_into("[name=subject]", &format!("{GUARDIAN}{ENTER}")).await;
        until_listed(&browser, 2).await;
        browser.type_into("[name=student]", &format!("{STUDENT}{ENTER}")).await;
        until_listed(&browser, 1).await;
        let found = format!("{}/admin/access-log?subject={GUARDIAN}&student={STUDENT}", app.url);
        assert_eq!(browser.url().await, found);

        browser.open(&found).await;
        until_listed(&browser, 1).await;
        let filled = "return ['student', 'subject'].map((name) => document.querySelector(`[name=${name}]`).value)";
        assert_eq!(browser.script(filled).await, json!([STUDENT, GUARDIAN]));
        go(&browser, &app, &format!("/admin/access-log?subject={GUARDIAN}&from={today}&to={today}")).await;
        until_listed(&browser, 2).await;
        go(&browser, &app, &format!("/admin/access-log?subject={GUARDIAN}&to={yesterday}")).await;
        browser.until_shown("No access is like that").await;
        browser.click_text("Clear").await;
        // There is also what the desk itself has looked up.
        browser.until("return document.querySelectorAll('.rows tbody tr').length > 2").await;
        assert_eq!(browser.url().await, format!("{}/admin/access-log", app.url));
    }

    async fn names_are_shown_when_they_are_asked_for_which_is_noted(backend) {
        let (app, browser) = desk(backend, "/admin").await;
        read(&app, STUDENT).await;
        let looks = async || {
            let query = "{ accessLog(subject: \"boss\") { nodes { operation count } } }";
            let mut nodes = app.admin().data(query, json!({})).await["accessLog"]["nodes"].take();
            nodes.as_array_mut().unwrap().retain(|node| node["operation"] == "accessLog");
            nodes
        };
        go(&browser, &app, &format!("/admin/access-log?subject={GUARDIAN}")).await;
        let end = id_of(&app, STUDENT).await;
        let shown = rows_of(&browser, "demo-guardian-01 Guardian").await;
        assert_eq!(shown, json!([[format!("…{}", &end[end.len() - 12..]), "Seen", "studentProfile", "1"]]));
        assert_eq!(looks().await, json!([]), "no record was seen");

        browser.click_text("Show names").await;
        browser.until_shown("Zuri Quillfeather").await;
        assert!(browser.url().await.ends_with("&names=yes"));
        assert_eq!(looks().await, json!([{ "operation": "accessLog", "count": 1 }]));
        browser.click(".rows td a").await;
        browser.until("return document.querySelector('h1').innerText === 'Zuri Quillfeather'").await;
    }
}

#[tokio::test]
async fn more_is_shown_below_what_is_there_by_the_keyboard_too() {
    let (app, browser) = desk(Backend::Sqlite, "/admin").await;
    for student in 0..30 {
        app.admin().data(READ, json!({ "id": format!("demo-student-{:02}", student + 1) })).await;
    }
    go(&browser, &app, "/admin/access-log?subject=admin").await;
    until_listed(&browser, 25).await;
    let first = "[...document.querySelectorAll('.rows td a')].map((it) => it.title)";
    let before = browser.script(&format!("return {first}")).await;
    // What happens meanwhile is newer than all that is shown, and moves nothing.
    app.advance(TimeDelta::seconds(1));
    app.admin().data("{ students(first: 1) { nodes { id } } }", json!({})).await;
    tab_to(&browser, ".below button").await;
    browser.press(ENTER).await;
    until_listed(&browser, 30).await;
    assert_eq!(browser.script(&format!("return {first}.slice(0, 25)")).await, before);
    assert_eq!(browser.script(&format!("return new Set({first}).size")).await, 30);
    browser.until("return !document.querySelector('.below')").await;
}

#[tokio::test]
async fn that_nothing_is_found_is_said_in_words() {
    let (app, browser) = desk(Backend::Sqlite, "/admin/access-log?student=nobody").await;
    browser.until_shown("There is no student with this id").await;
    go(&browser, &app, "/admin/access-log?student=student:nobody").await;
    browser.until_shown("There is no student with this id").await;
    go(&browser, &app, "/admin/access-log?subject=nobody&from=someday").await;
    browser.until_shown("No access is like that").await;
}
