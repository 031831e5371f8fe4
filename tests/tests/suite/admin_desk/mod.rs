//! The admin's desk in a real browser.

mod access_log;
mod backfills;
mod queue;
mod record;
mod students;

use api::auth::Role;
use serde_json::{Value, json};
use tests::browser::Browser;
use tests::{Backend, TestApp, on_both_backends};

use crate::browser::assert_quiet;
use crate::family_page::school_today;

const TAB: &str = "\u{e004}";
const ENTER: &str = "\u{e007}";

/// The invented school and a browser that has signed in by the link, at a page of the desk.
async fn desk(backend: Backend, path: &str) -> (TestApp, Browser) {
    let app = school_today(backend).await;
    let browser = Browser::start().await;
    sign_in(&browser, &app).await;
    go(&browser, &app, path).await;
    (app, browser)
}

async fn sign_in(browser: &Browser, app: &TestApp) {
    browser.open(&app.one_time_link(Role::Admin, "boss")).await;
    browser.until_at(&format!("{}/admin", app.url)).await;
    browser.until_shown("Stale profiles").await;
}

/// Opens a page of the desk, and waits until all of it is there.
async fn go(browser: &Browser, app: &TestApp, path: &str) {
    browser.open(&format!("{}{path}", app.url)).await;
    until_there(browser).await;
}

/// Waits until nothing stands for what is yet to come.
async fn until_there(browser: &Browser) {
    let to_come = "document.querySelector('.skeleton, .rows-to-come, [aria-busy=true]')";
    browser.until(&format!("return !!document.querySelector('h1') && !{to_come}")).await;
}

/// The value of a figure with this name, as a script finds it.
fn figure(label: &str) -> String {
    let label = json!(label);
    format!(
        "[...document.querySelectorAll('.figures div')].find((it) => it.querySelector('dt').innerText === {label})\
         ?.querySelector('dd').firstChild.textContent"
    )
}

async fn until_figure(browser: &Browser, label: &str, value: &str) {
    browser.until(&format!("return {} === {}", figure(label), json!(value))).await;
}

async fn id_of(app: &TestApp, student: &str) -> String {
    let query = "query($id: String!) { studentProfile(sourcedId: $id) { student { id } } }";
    let data = app.admin().data(query, json!({ "id": student })).await;
    data["studentProfile"]["student"]["id"].as_str().unwrap().to_owned()
}

/// Waits until the desk says that something was done.
async fn until_said(browser: &Browser, expected: &str) {
    browser
        .until(&format!("return document.querySelector('.said').innerText.includes({})", json!(expected)))
        .await;
}

on_both_backends! {
    async fn an_admin_signs_in_by_the_link_and_sees_at_a_glance_how_all_is(backend) {
        let (app, mut browser) = desk(backend, "/admin").await;
        for (label, value) in [("Students", "40"), ("Stale profiles", "0"), ("Drifted profiles", "0"), ("Workers", "0")] {
            until_figure(&browser, label, value).await;
        }
        app.attempt("demo-student-01", "one-more", "demo-quiz-mathematics-1", "80").await;
        until_figure(&browser, "Stale profiles", "1").await;
        until_figure(&browser, "Jobs waiting", "1").await;
        browser.click_text("Stale profiles").await;
        browser.until_shown("1 student").await;
        browser.until_shown("Zuri Quillfeather").await;
        assert_quiet(&mut browser, &app).await;
    }

    async fn what_drifted_is_told_field_by_field_and_recalculated(backend) {
        let (app, browser) = desk(backend, "/admin").await;
        crate::backfill::damage(&app, "demo-student-01").await;
        let pace = worker::audit::Pace { students: 100, every: std::time::Duration::ZERO };
        worker::audit::step(app.db(), &*app.clock, pace).await.unwrap();
        until_figure(&browser, "Drifted profiles", "1").await;
        browser.click_text("Drifted profiles").await;
        let right = app.profile("demo-student-02").await.quizzes;
        assert!(right > 0);
        browser.until_shown("Zuri Quillfeather").await;
        browser.until_shown("Total quizzes completed is 7, should be 2").await;
        browser.click_text("Recalculate all of these").await;
        until_said(&browser, "1 student").await;
        app.drain().await;
        browser.until_shown("All is well").await;
        until_figure(&browser, "Drifted profiles", "0").await;
    }
}

#[tokio::test]
async fn the_desk_speaks_german_to_whoever_prefers_it() {
    let (app, browser) = desk(Backend::Sqlite, "/admin").await;
    browser.prefer_language("de").await;
    go(&browser, &app, "/admin/students?order=OVERALL_AVERAGE_SCORE&direction=DESCENDING").await;
    browser.until_shown("Gesamtschnitt").await;
    browser.until_shown("40 Personen").await;
    let average =
        "return document.querySelectorAll('.students tbody td[data-label=Gesamtschnitt]')[0].innerText";
    let text = browser.script(average).await;
    assert!(text.as_str().unwrap().contains(','), "a comma stands in it: {text}");
    assert_eq!(browser.script("return document.documentElement.lang").await, "de");
}

#[tokio::test]
async fn the_keyboard_alone_leads_through_the_desk() {
    let (_app, browser) = desk(Backend::Sqlite, "/admin").await;
    tab_to(&browser, "nav a[href='/admin/students']").await;
    browser.press(ENTER).await;
    browser
        .until(
            "return document.activeElement.matches('h1') && document.activeElement.innerText === 'Students'",
        )
        .await;
    browser.until("return !!document.querySelector('.students tbody a')").await;
    tab_to(&browser, ".students tbody input").await;
    browser.press(" ").await;
    browser.until_shown("1 student selected.").await;
    tab_to(&browser, ".students tbody a").await;
    let name = browser.script("return document.activeElement.innerText").await;
    browser.press(ENTER).await;
    browser.until(&format!("return document.querySelector('h1').innerText === {name}")).await;
    browser.until("return document.activeElement.matches('h1')").await;
}

/// Presses the tabulator until the element that a selector finds has the focus.
async fn tab_to(browser: &Browser, selector: &str) {
    let has_focus = format!("return document.activeElement.matches({})", json!(selector));
    for _ in 0..100 {
        browser.press(TAB).await;
        if browser.script(&has_focus).await == json!(true) {
            return;
        }
    }
    panic!("{selector} cannot be reached with the tabulator");
}

/// What has moved by itself since the page was opened, and is large enough to be seen.
async fn jumps(browser: &Browser) -> Value {
    let script = "const shifts = new PerformanceObserver(() => {});
        shifts.observe({ type: 'layout-shift', buffered: true });
        const rect = ({ x, y, width, height }) => [x, y, width, height].map(Math.round).join(' ');
        const told = ({ node, previousRect, currentRect }) =>
            `${node?.nodeName} ${node?.className} from ${rect(previousRect)} to ${rect(currentRect)}`;
        const seen = shifts.takeRecords().filter(({ value }) => value > 0.01);
        return seen.flatMap(({ sources }) => sources.map(told));";
    browser.script(script).await
}

/// A phone, and a desk.
const SIZES: [(u32, u32); 2] = [(360, 740), (1280, 900)];

#[tokio::test]
async fn the_desk_can_be_used_by_everybody() {
    let (app, browser) = desk(Backend::Sqlite, "/admin").await;
    crate::backfill::damage(&app, "demo-student-01").await;
    let preview = "mutation { backfillStudentAggregates(input: { scope: ALL, dryRun: true }) { id } }";
    let preview = app.admin().data(preview, json!({})).await["backfillStudentAggregates"]["id"].clone();
    crate::backfill::settle(&app).await;
    app.attempt("demo-student-02", "one-more", "demo-quiz-mathematics-1", "80").await;
    let pace = worker::audit::Pace { students: 100, every: std::time::Duration::ZERO };
    worker::audit::step(app.db(), &*app.clock, pace).await.unwrap();
    let paths = [
        "/admin".to_owned(),
        "/admin/students?overallAverageMin=50".to_owned(),
        "/admin/students?search=nobody".to_owned(),
        format!("/admin/students/{}", id_of(&app, "demo-student-03").await),
        "/admin/students/nobody".to_owned(),
        "/admin/backfills?scope=COURSE".to_owned(),
        format!("/admin/backfills/{}", preview.as_str().unwrap()),
        "/admin/queue".to_owned(),
        "/admin/drift".to_owned(),
        "/admin/guardianships".to_owned(),
        "/admin/access-log?names=yes".to_owned(),
        "/admin/access-log?student=demo-student-03".to_owned(),
        "/admin/access-log?student=nobody".to_owned(),
        "/admin/access-log?subject=nobody".to_owned(),
        "/admin/nothing".to_owned(),
    ];
    for (width, height) in SIZES {
        browser.resize(width, height).await;
        for path in &paths {
            go(&browser, &app, path).await;
            assert_eq!(jumps(&browser).await, json!([]), "{path} jumps while it loads at {width}");
            browser.assert_accessible().await;
            let overflows = browser.script("return document.documentElement.scrollWidth > innerWidth").await;
            assert_eq!(overflows, Value::Bool(false), "{path} at {width}");
        }
        go(&browser, &app, "/admin/guardianships").await;
        browser.click(".rows .danger").await;
        browser.until("return !!document.querySelector('dialog[open]')").await;
        browser.assert_accessible().await;
    }
}
