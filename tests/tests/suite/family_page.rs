//! The family's page in a real browser.

use api::auth::Role;
use entity::clock::{Clock as _, SystemClock};
use serde_json::{Value, json};
use tests::browser::Browser;
use tests::relay::Relay;
use tests::{Backend, TestApp, on_both_backends};

use crate::browser::{assert_quiet, school_of};

const GUARDIAN: &str = "demo-guardian-01";
/// Some of her children: the first, the last and another of them by their names.
const KOFI: &str = "demo-student-03";
const ZURI: &str = "demo-student-01";
const TENDAI: &str = "demo-student-02";
/// Somebody else's child.
const STRANGER: &str = "demo-student-05";

const TAB: &str = "\u{e004}";
const ENTER: &str = "\u{e007}";
const ESCAPE: &str = "\u{e00c}";

/// The invented school as it is on the day of the browser, which has no other clock.
pub async fn school_today(backend: Backend) -> TestApp {
    let app = TestApp::start(backend).await;
    app.clock.set(SystemClock.now());
    school_of(app).await
}

/// Signs in by the link, and waits until the page shows a card.
async fn open(browser: &Browser, link: &str) {
    browser.open(link).await;
    browser
        .until("return !!document.querySelector('.card h2') && !!document.querySelector('[data-live=true]')")
        .await;
}

async fn id_of(app: &TestApp, student: &str) -> String {
    let query = "query($id: String!) { studentProfile(sourcedId: $id) { student { id } } }";
    let data = app.admin().data(query, json!({ "id": student })).await;
    data["studentProfile"]["student"]["id"].as_str().unwrap().to_owned()
}

/// Of a script: the text of a child's card.
fn card(id: &str) -> String {
    format!("document.querySelector('[data-student=\"{id}\"]').innerText")
}

/// Waits until a child's card shows the overall average that the API says, and returns it.
async fn until_average(browser: &Browser, app: &TestApp, student: &str) -> String {
    let average = app.profile(student).await.overall.unwrap();
    browser.until(&format!("return {}.includes('{average}%')", card(&id_of(app, student).await))).await;
    average
}

/// Of a script that knows the number of `weeks`: for each of them whether the plot has a coloured dot, or a line that goes
/// across. The lines of the grid are grey.
const DRAWN: &str = "
    const canvas = document.querySelector('.plot canvas');
    const [frame, all] = [document.querySelector('.u-over'), canvas].map((it) => it.getBoundingClientRect());
    const scale = canvas.width / all.width;
    return Array.from({ length: weeks }, (_, week) => {
        const x = Math.round((frame.left - all.left + frame.width * (week + 0.5) / weeks) * scale);
        const pixels = canvas.getContext('2d').getImageData(x, 0, 1, Math.round(frame.height * scale)).data;
        return Array.from({ length: pixels.length / 4 }, (_, y) => pixels.slice(4 * y, 4 * y + 3))
            .some((rgb) => Math.max(...rgb) - Math.min(...rgb) > 60);
    });";

/// Presses the tabulator until the element that a selector finds has the focus.
async fn tab_to(browser: &Browser, selector: &str) {
    let has_focus = format!("return document.activeElement.matches({})", json!(selector));
    for _ in 0..40 {
        browser.press(TAB).await;
        if browser.script(&has_focus).await == json!(true) {
            return;
        }
    }
    panic!("{selector} cannot be reached with the tabulator");
}

async fn focused_text(browser: &Browser) -> Value {
    browser.script("return document.activeElement.innerText").await
}

on_both_backends! {
    async fn a_guardian_signs_in_by_the_link_and_a_new_score_arrives_without_a_reload(backend) {
        let app = school_today(backend).await;
        let mut browser = Browser::start().await;
        open(&browser, &app.one_time_link(Role::Guardian, GUARDIAN)).await;
        let names = "[...document.querySelectorAll('.card h2')].map((it) => it.innerText)";
        let children = ["Kofi", "Nia", "Tendai", "Zuri"].map(|name| format!("{name} Quillfeather"));
        assert_eq!(browser.script(&format!("return {names}")).await, json!(children));
        for child in [KOFI, ZURI] {
            until_average(&browser, &app, child).await;
        }
        let nia = browser.script(&format!("return {}", card(&id_of(&app, "demo-student-04").await))).await;
        let nia = nia.as_str().unwrap();
        assert!(nia.contains("Nothing counted yet") && !nia.contains("0.00"), "{nia}");

        browser.script("globalThis.isSamePage = true").await;
        let before = app.profile(ZURI).await.overall.unwrap();
        app.attempt(ZURI, "one-more", "demo-quiz-mathematics-1", "1").await;
        app.drain().await;
        assert_ne!(until_average(&browser, &app, ZURI).await, before);
        browser.until("return document.querySelector('main > [role=status]').innerText.startsWith('Zuri')").await;
        assert_eq!(browser.script("return globalThis.isSamePage").await, true);
        assert_quiet(&mut browser, &app).await;
    }

    async fn a_lost_connection_is_shown_and_heals_to_what_is_right_then(backend) {
        let app = school_today(backend).await;
        let network = Relay::to(&app.url).await;
        let browser = Browser::start().await;
        open(&browser, &app.one_time_link(Role::Guardian, GUARDIAN).replace(&app.url, &network.url)).await;
        let before = until_average(&browser, &app, KOFI).await;

        network.cut();
        browser.until_shown("The connection is lost.").await;
        app.attempt(KOFI, "missed", "demo-quiz-mathematics-1", "1").await;
        app.drain().await;
        assert!(browser.text().await.contains(&before), "what was known is still shown");

        network.restore();
        assert_ne!(until_average(&browser, &app, KOFI).await, before);
        browser.until("return !document.body.innerText.includes('The connection is lost.')").await;
        app.attempt(KOFI, "heard", "demo-quiz-mathematics-1", "2").await;
        app.drain().await;
        until_average(&browser, &app, KOFI).await;
    }
}

#[tokio::test]
async fn another_familys_child_is_not_found_like_one_who_does_not_exist() {
    let app = school_today(Backend::Sqlite).await;
    let browser = Browser::start().await;
    open(&browser, &app.one_time_link(Role::Guardian, GUARDIAN)).await;
    let not_found = async |id: &str| {
        browser.open(&format!("{}/children/{id}", app.url)).await;
        browser.until_shown("This record was not found").await;
        browser.script("return document.querySelector('.cards + *').innerText").await
    };
    let theirs = not_found(&id_of(&app, STRANGER).await).await;
    assert_eq!(theirs, not_found("student:01930000-0000-7000-8000-000000000000").await);
    assert_eq!(theirs, not_found("%E0%A4%A").await);
    let own = id_of(&app, ZURI).await;
    browser.open(&format!("{}/children/{own}", app.url)).await;
    browser.until("return document.querySelector('#record')?.innerText === 'Zuri Quillfeather'").await;
}

#[tokio::test]
async fn an_answer_that_comes_late_does_not_undo_a_newer_one() {
    let app = school_today(Backend::Sqlite).await;
    let browser = Browser::start().await;
    open(&browser, &app.one_time_link(Role::Guardian, GUARDIAN)).await;
    // The next request is answered with what was true before the score came.
    let keep = "const real = fetch;
        const old = real('/graphql', { method: 'POST', headers: { 'content-type': 'application/json' },
            body: JSON.stringify(globalThis.asked) }).then((response) => response.text());
        globalThis.fetch = async () => new Response(await old);
        return old.then(() => true)";
    let listen = "const real = fetch;
        globalThis.fetch = (url, init) => { globalThis.asked = JSON.parse(init.body); return real(url, init); };
        return import('/assets/family/data.js').then(({ load }) => load()).then(() => { globalThis.fetch = real; })";
    browser.script(listen).await;
    assert_eq!(browser.script(keep).await, true);
    app.attempt(KOFI, "one-more", "demo-quiz-mathematics-1", "1").await;
    app.drain().await;
    let now = until_average(&browser, &app, KOFI).await;
    browser.script("return import('/assets/family/data.js').then(({ load }) => load())").await;
    let shown = browser.script(&format!("return {}", card(&id_of(&app, KOFI).await))).await;
    assert!(shown.as_str().unwrap().contains(&now), "{shown}");
}

#[tokio::test]
async fn with_the_keyboard_alone_one_learns_how_a_childs_average_comes_about() {
    let app = school_today(Backend::Sqlite).await;
    let mut browser = Browser::start().await;
    open(&browser, &app.one_time_link(Role::Guardian, GUARDIAN)).await;
    let tendai = id_of(&app, TENDAI).await;
    tab_to(&browser, &format!("a[href='/children/{tendai}']")).await;
    browser.press(ENTER).await;
    browser.until_at(&format!("{}/children/{tendai}", app.url)).await;
    assert_eq!(focused_text(&browser).await, "Tendai Quillfeather");
    tab_to(&browser, ".record button").await;
    browser.press(ENTER).await;
    browser.until_shown("What does not count").await;

    let query = "query($id: ID!) { explain(studentId: $id) { overall { average }
        leftOutCounts { reason count } leftOut(first: 100) { nodes { title } } } }";
    let explained = app.admin().data(query, json!({ "id": tendai })).await["explain"].clone();
    let dialog = browser.script("return document.querySelector('dialog').innerText").await;
    let dialog = dialog.as_str().unwrap();
    assert!(dialog.contains(explained["overall"]["average"].as_str().unwrap()), "{dialog}");
    let listed = explained["leftOut"]["nodes"].as_array().unwrap();
    assert!(!listed.is_empty());
    for item in listed {
        assert!(dialog.contains(item["title"].as_str().unwrap()), "{item}: {dialog}");
    }
    let reasons = browser.script("return document.querySelectorAll('.reasons li').length").await;
    assert_eq!(reasons, explained["leftOutCounts"].as_array().unwrap().len());

    browser.press(ESCAPE).await;
    browser.until("return !document.querySelector('dialog')").await;
    assert_eq!(focused_text(&browser).await, "How is this calculated?");
    browser.script("history.back()").await;
    browser.until("return document.querySelector('#record').innerText === 'Kofi Quillfeather'").await;
    assert_quiet(&mut browser, &app).await;
}

#[tokio::test]
async fn the_courses_add_up_to_the_average_and_weeks_without_results_stay_gaps() {
    let app = school_today(Backend::Sqlite).await;
    let browser = Browser::start().await;
    open(&browser, &app.one_time_link(Role::Guardian, GUARDIAN)).await;
    let texts = "const texts = (selector) => [...document.querySelectorAll(selector)].map((it) => it.textContent.trim());";
    let points = browser.script(&format!("{texts} return texts('.bars .points')")).await;
    let hundredths = |text: &Value| text.as_str().unwrap().replace('.', "").parse::<i64>().unwrap();
    let (total, parts) = points.as_array().unwrap().split_last().unwrap();
    assert!(parts.len() > 1);
    assert_eq!(parts.iter().map(hundredths).sum::<i64>(), hundredths(total));
    assert_eq!(total, &json!(app.profile(KOFI).await.overall));

    let query = "query($id: ID!) { weeklyPerformance(studentId: $id) { averageScore itemsCompleted } }";
    let data = app.admin().data(query, json!({ "id": id_of(&app, KOFI).await })).await;
    let cell = |week: &Value| match week["averageScore"].as_str() {
        Some(average) => json!(format!("{average}% ({})", week["itemsCompleted"])),
        None => json!("–"),
    };
    let weeks: Vec<Value> = data["weeklyPerformance"].as_array().unwrap().iter().rev().map(cell).collect();
    assert!(weeks.contains(&json!("–")), "{weeks:?}");
    let shown = browser.script(&format!("{texts} return texts('.weeks tbody td:nth-child(2)')")).await;
    assert_eq!(shown, json!(weeks));
    browser.until("return !!document.querySelector('.plot canvas')").await;
    let drawn: Vec<bool> = weeks.iter().rev().map(|week| week != "–").collect();
    assert_eq!(browser.script(&format!("const weeks = {}; {DRAWN}", drawn.len())).await, json!(drawn));
}

/// A guardian with one child, who has one result, one submission that awaits grading, and one that was not handed in.
async fn a_family(app: &TestApp) {
    app.clock.set(SystemClock.now());
    app.student("ada").await;
    app.course("art").await;
    app.quiz("colours", "art").await;
    app.enroll("ada", "art", "ACTIVE").await;
    for (assignment, submitted_at) in [("drawn", json!("2026-03-01T09:00:00Z")), ("forgotten", Value::Null)] {
        app.assignment(assignment, "art").await;
        let input = json!({
            "student": { "sourcedId": "ada" }, "sourcedId": assignment, "assignment": { "sourcedId": assignment },
            "submittedAt": submitted_at,
        });
        app.write("recordSubmission", input).await;
    }
    app.attempt("ada", "first", "colours", "85.5").await;
    app.write("upsertGuardian", json!({ "sourcedId": "gwen", "displayName": "Gwen" })).await;
    let names = json!({ "student": { "sourcedId": "ada" }, "guardian": { "sourcedId": "gwen" } });
    app.write("grantGuardianship", names).await;
    app.drain().await;
}

#[tokio::test]
async fn what_awaits_grading_is_told_apart_from_what_was_not_handed_in() {
    let app = TestApp::start(Backend::Sqlite).await;
    a_family(&app).await;
    let browser = Browser::start().await;
    open(&browser, &app.one_time_link(Role::Guardian, "gwen")).await;
    let states = "[...document.querySelectorAll('.activity li')].map((it) =>
        [it.dataset.state, it.querySelector('.title').innerText, it.querySelector('.result').innerText])";
    let shown = browser.script(&format!("return {states}.sort()")).await;
    let expected = json!([
        ["AWAITING_GRADING", "Assignment drawn", "awaiting grading"],
        ["NOT_HANDED_IN", "Assignment forgotten", "not handed in"],
        ["SCORED", "Quiz colours", "85.50%"],
    ]);
    assert_eq!(shown, expected);
}

#[tokio::test]
async fn a_student_sees_their_own_results_and_a_guardian_without_children_is_told_so() {
    let app = TestApp::start(Backend::Sqlite).await;
    a_family(&app).await;
    let browser = Browser::start().await;
    open(&browser, &app.one_time_link(Role::Student, "ada")).await;
    browser.until_shown("Your results").await;
    browser.until_shown("Student ada").await;
    app.attempt("ada", "second", "colours", "50").await;
    open(&browser, &format!("{}/", app.url)).await;
    browser.until_shown("updating").await;
    app.drain().await;
    browser.until_shown("updated just now").await;
    until_average(&browser, &app, "ada").await;

    browser.open(&app.one_time_link(Role::Guardian, "nobody")).await;
    browser.until_shown("No child is linked to you yet").await;
    app.admin().data("mutation { revokeSessions(subject: \"nobody\") { revoked } }", json!({})).await;
    browser.script("import('/assets/family/data.js').then(({ load }) => load())").await;
    browser.until_at(&format!("{}/sign-in?next=%2F", app.url)).await;
}

#[tokio::test]
async fn the_page_is_light_asks_once_and_does_not_jump() {
    let app = school_today(Backend::Sqlite).await;
    let browser = Browser::start().await;
    open(&browser, &app.one_time_link(Role::Guardian, GUARDIAN)).await;
    browser.until("return !!document.querySelector('.plot canvas')").await;
    let measure = "const all = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')];
        const shifts = new PerformanceObserver(() => {});
        shifts.observe({ type: 'layout-shift', buffered: true });
        return {
            bytes: all.reduce((sum, { transferSize }) => sum + transferSize, 0),
            asked: all.filter(({ name }) => name.endsWith('/graphql')).length,
            shifts: shifts.takeRecords().flatMap(({ value, sources }) =>
                sources.map(({ node }) => `${node?.parentElement?.className} ${node?.className} by ${value}`)),
        }";
    let found = browser.script(measure).await;
    let bytes = found["bytes"].as_u64().unwrap();
    assert!((20_000..150_000).contains(&bytes), "{bytes}");
    assert_eq!((&found["asked"], &found["shifts"]), (&json!(1), &json!([])));
}

#[tokio::test]
async fn whoever_prefers_german_reads_german_words_and_numbers() {
    let app = school_today(Backend::Sqlite).await;
    let browser = Browser::start().await;
    browser.prefer_language("de-AT,en").await;
    open(&browser, &app.one_time_link(Role::Guardian, GUARDIAN)).await;
    browser.until_shown("Ihre Kinder").await;
    let average = app.profile(KOFI).await.overall.unwrap().replace('.', ",");
    browser.until_shown(&average).await;
    assert_eq!(browser.script("return document.documentElement.lang").await, "de");
}
