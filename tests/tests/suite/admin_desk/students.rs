//! The list of students.

use serde_json::json;
use tests::{Backend, on_both_backends};

use super::{desk, go, id_of, until_said, until_there};
use crate::browser::assert_quiet;

/// The names that the list shows, as a script finds them.
const NAMES: &str = "[...document.querySelectorAll('.students tbody th a')].map((it) => it.innerText)";

/// The first names in an order, as the API says.
async fn names(app: &tests::TestApp, arguments: &str) -> serde_json::Value {
    let query = format!("{{ students({arguments}) {{ nodes {{ displayName }} }} }}");
    let data = app.admin().data(&query, json!({})).await;
    let nodes = data["students"]["nodes"].as_array().unwrap().clone();
    nodes.into_iter().map(|node| node["displayName"].clone()).collect()
}

/// Waits until the list shows exactly these names.
async fn until_names(browser: &tests::browser::Browser, expected: &serde_json::Value) {
    browser.until(&format!("return JSON.stringify({NAMES}) === JSON.stringify({expected})")).await;
}

on_both_backends! {
    async fn sorting_filtering_and_leafing_stand_in_the_address_and_the_way_back_works(backend) {
        let (app, mut browser) = desk(backend, "/admin/students").await;
        let by_name = names(&app, "first: 25").await;
        until_names(&browser, &by_name).await;

        browser.click("th a[href*='order=OVERALL_AVERAGE_SCORE']").await;
        let order = "orderBy: { field: OVERALL_AVERAGE_SCORE, direction: DESCENDING }";
        until_names(&browser, &names(&app, &format!("first: 25, {}", order.replace("DESC", "ASC"))).await).await;
        browser.click("th a[href*='direction=DESCENDING']").await;
        let downwards = names(&app, &format!("first: 25, {order}")).await;
        until_names(&browser, &downwards).await;
        assert_eq!(browser.script("return document.querySelector('[aria-sort=descending]').innerText").await, "Overall average");

        browser.click("[rel=next]").await;
        let rest = names(&app, &format!("last: 15, {order}")).await;
        until_names(&browser, &rest).await;
        let second_page = browser.url().await;
        assert!(second_page.contains("after="), "{second_page}");
        browser.script("history.back()").await;
        until_names(&browser, &downwards).await;
        browser.open(&second_page).await;
        until_names(&browser, &rest).await;
        browser.click("[rel=prev]").await;
        until_names(&browser, &downwards).await;

        browser.type_into("[name=search]", "quillf\u{e007}").await;
        until_names(&browser, &names(&app, &format!("filter: {{ search: \"quillf\" }}, {order}")).await).await;
        browser.until_shown("4 students").await;
        let found = browser.url().await;
        assert!(found.contains("search=quillf") && found.contains("direction=DESCENDING"), "{found}");
        browser.click_text("Clear").await;
        until_names(&browser, &by_name).await;
        assert_eq!(browser.url().await, format!("{}/admin/students", app.url));
        assert_eq!(browser.script("return document.querySelector('[name=search]').value").await, "");
        assert_quiet(&mut browser, &app).await;
    }

    async fn the_selected_are_recalculated(backend) {
        let (app, browser) = desk(backend, "/admin/students?search=Quillfeather").await;
        let right = app.profile("demo-student-01").await;
        for student in ["demo-student-01", "demo-student-03"] {
            crate::backfill::damage(&app, student).await;
        }
        browser.until("return document.querySelectorAll('.students tbody .check').length === 4").await;
        for student in ["Zuri", "Kofi"] {
            let label = format!("Select {student} Quillfeather");
            let find = format!("[...document.querySelectorAll('.check')].find((it) => it.innerText === {})", json!(label));
            browser.script(&format!("{find}.click()")).await;
        }
        browser.until_shown("2 students selected.").await;
        browser.click(".selection button").await;
        until_said(&browser, "2 students").await;
        app.assert_waiting_jobs(2).await;
        browser.until_shown("Nobody is selected.").await;
        app.drain().await;
        let now = app.profile("demo-student-01").await;
        assert_eq!(now.numbers(), right.numbers());
        // The list follows by itself.
        let overall = right.overall.unwrap();
        browser.until_shown(&format!("{overall}%")).await;

        browser.click_text("Select all").await;
        browser.until_shown("4 students selected.").await;
        browser.click_text("Preview or backfill").await;
        browser.until("return document.querySelector('[name=scope][value=STUDENTS]')?.checked").await;
        browser.until_shown("4 students selected.").await;
    }
}

#[tokio::test]
async fn a_course_that_is_not_there_and_a_filter_that_nobody_meets_are_said_in_words() {
    let (app, browser) = desk(Backend::Sqlite, "/admin/students?course=none").await;
    browser.until_shown("There is no course with this id").await;
    go(&browser, &app, "/admin/students?overallAverageMin=999").await;
    browser.until_shown("No student is like that").await;
    assert_eq!(browser.script("return document.querySelector('details').open").await, true);
    go(&browser, &app, "/admin/students/nobody").await;
    browser.until_shown("There is no such student").await;
    go(&browser, &app, &format!("/admin/students/{}", id_of(&app, "demo-student-04").await)).await;
    until_there(&browser).await;
    browser.until_shown("Nothing counts yet.").await;
}
