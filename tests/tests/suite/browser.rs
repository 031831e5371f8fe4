//! Pages in a real browser, with the network cut off.

use api::auth::Role;
use api::demo;
use entity::clock::Clock as _;
use serde_json::{Value, json};
use tests::browser::Browser;
use tests::{Backend, TestApp, on_both_backends};

/// A server with the invented school, all of whose numbers are computed.
async fn school(backend: Backend) -> TestApp {
    school_of(TestApp::start(backend).await).await
}

/// Fills a server with the invented school, as it is by the server's clock.
pub async fn school_of(app: TestApp) -> TestApp {
    demo::fill(app.db(), app.clock.now()).await.expect("an empty database can be filled");
    app.drain().await;
    app
}

/// Fails if a page has asked for anything of another server, or has complained.
pub async fn assert_quiet(browser: &mut Browser, app: &TestApp) {
    let log = browser.log().await;
    assert!(log.requests.len() > 3, "the log has what was requested: {:?}", log.requests);
    assert_eq!(log.requests_beyond(&app.url), Vec::<&String>::new());
    assert_eq!(log.errors, Vec::<String>::new());
}

async fn open_graphiql(browser: &Browser, app: &TestApp) {
    browser.open(&app.one_time_link(Role::Admin, "admin")).await;
    browser.until_at(&format!("{}/admin", app.url)).await;
    browser.open(&format!("{}/graphiql", app.url)).await;
    // The schema is there as soon as the explorer can show it.
    browser.until("return !!document.querySelector('.graphiql-query-editor .CodeMirror')").await;
}

/// Goes to the tab of an example. It is called like its first operation.
///
/// GraphiQL reads a document only a moment after it is shown: what is sent before would be the tab before.
async fn open_tab(browser: &Browser, operation: &str) {
    browser.click_text(operation).await;
    browser.until(&format!("return {OPERATIONS}?.[0]?.name.value === {}", json!(operation))).await;
}

/// The operations of the document as GraphiQL has read them.
const OPERATIONS: &str = "document.querySelector('.graphiql-query-editor .CodeMirror').CodeMirror.operations";

/// Presses the button, and where there are several operations chooses the first.
async fn send(browser: &Browser) {
    let several = browser.script(&format!("return {OPERATIONS}.length > 1")).await == json!(true);
    let menu = "!!document.querySelector('.graphiql-execute-button[aria-haspopup=menu]')";
    browser.until(&format!("return {menu} === {several}")).await;
    browser.click(".graphiql-execute-button").await;
    if several {
        browser.click("[role=menuitem]").await;
    }
}

/// Writes the variables of the operation.
async fn write_variables(browser: &Browser, variables: &Value) {
    let editor = "document.querySelector('[aria-label=Variables] .CodeMirror').CodeMirror";
    browser.script(&format!("{editor}.setValue({})", json!(variables.to_string()))).await;
}

async fn id_of(app: &TestApp, student: &str) -> Value {
    let query = "query($id: String!) { studentProfile(sourcedId: $id) { student { id } } }";
    app.admin().data(query, json!({ "id": student })).await["studentProfile"]["student"]["id"].clone()
}

/// Waits until the answer has this text in it.
async fn until_answered(browser: &Browser, expected: &str) {
    let answer = "return document.querySelector('.result-window .CodeMirror').CodeMirror.getValue()";
    browser.until(&format!("{answer}.includes({})", json!(expected))).await;
}

on_both_backends! {
    async fn an_admin_signs_in_by_the_link_and_asks_and_writes_in_graphiql(backend) {
        let app = school(backend).await;
        let mut browser = Browser::start().await;
        let quizzes = async || app.profile("demo-student-01").await.quizzes;
        let before = quizzes().await;

        open_graphiql(&browser, &app).await;
        open_tab(&browser, "Profile").await;
        send(&browser).await;
        until_answered(&browser, &format!("\"totalQuizzesCompleted\": {before}")).await;

        open_tab(&browser, "RecordAttempt").await;
        send(&browser).await;
        until_answered(&browser, "\"outcome\": \"CREATED\"").await;
        app.drain().await;
        assert_eq!(quizzes().await, before + 1);

        assert_eq!(browser.readable_cookies().await, "");
        assert_quiet(&mut browser, &app).await;
    }

    async fn a_subscription_ticks_when_a_score_comes_in(backend) {
        let app = school(backend).await;
        let mut browser = Browser::start().await;
        let quizzes = app.profile("demo-student-01").await.quizzes;
        open_graphiql(&browser, &app).await;
        open_tab(&browser, "Follow").await;
        write_variables(&browser, &json!({ "student": id_of(&app, "demo-student-01").await })).await;
        send(&browser).await;
        until_answered(&browser, &format!("\"totalQuizzesCompleted\": {quizzes}")).await;

        app.attempt("demo-student-01", "one-more", "demo-quiz-mathematics-1", "80").await;
        app.drain().await;
        until_answered(&browser, &format!("\"totalQuizzesCompleted\": {}", quizzes + 1)).await;
        assert_quiet(&mut browser, &app).await;
    }

    async fn whoever_signs_out_is_out_even_with_a_copy_of_the_cookie(backend) {
        let app = TestApp::start(backend).await;
        let browser = Browser::start().await;
        open_graphiql(&browser, &app).await;
        let cookies = browser.cookies().await;
        browser.click_text("Sign out").await;
        browser.until_at(&format!("{}/sign-in?signed-out", app.url)).await;
        browser.until_shown("You have signed out.").await;
        assert_eq!(browser.cookies().await, Vec::<Value>::new());

        let [cookie] = &cookies[..] else { panic!("one cookie: {cookies:?}") };
        assert_eq!((&cookie["httpOnly"], &cookie["sameSite"]), (&json!(true), &json!("Strict")));
        browser.set_cookie(cookie).await;
        browser.open(&format!("{}/graphiql", app.url)).await;
        browser.until_at(&format!("{}/sign-in?next=%2Fgraphiql", app.url)).await;
    }
}

#[tokio::test]
async fn a_link_works_once_and_then_says_so() {
    let app = TestApp::start(Backend::Sqlite).await;
    let link = app.one_time_link(Role::Admin, "admin");
    let (first, second) = (Browser::start().await, Browser::start().await);
    first.open(&link).await;
    first.until_at(&format!("{}/admin", app.url)).await;
    second.open(&link).await;
    second.until_shown("This link has been used already").await;
    second.open(&format!("{}/graphiql", app.url)).await;
    second.until_at(&format!("{}/sign-in?next=%2Fgraphiql", app.url)).await;
}

#[tokio::test]
async fn an_admin_signs_in_by_a_token_and_is_sent_on_to_graphiql() {
    let app = TestApp::start(Backend::Sqlite).await;
    let mut browser = Browser::start().await;
    browser.open(&format!("{}/graphiql", app.url)).await;
    browser.until_shown("Your token").await;
    browser.type_into("#token", &app.token(Role::Admin, "boss")).await;
    browser.click("main button").await;
    browser.until_at(&format!("{}/graphiql", app.url)).await;
    browser.until_shown("Profile").await;
    assert_quiet(&mut browser, &app).await;
}

#[tokio::test]
async fn the_explorer_and_the_dialogs_work_under_the_pages_policy() {
    let app = school(Backend::Sqlite).await;
    let mut browser = Browser::start().await;
    open_graphiql(&browser, &app).await;
    browser.click("[aria-label='Show Documentation Explorer']").await;
    browser.click_text("StudentProfile").await;
    browser.until_shown("The six aggregate fields change together.").await;
    for dialog in ["short keys", "settings"] {
        browser.click(&format!("[aria-label='Open {dialog} dialog']")).await;
        browser.click(".graphiql-dialog-close").await;
        browser.until("return !document.querySelector('.graphiql-dialog')").await;
    }
    assert_quiet(&mut browser, &app).await;
}

#[tokio::test]
async fn a_session_that_was_revoked_leads_back_to_the_sign_in_page() {
    let app = TestApp::start(Backend::Sqlite).await;
    let browser = Browser::start().await;
    open_graphiql(&browser, &app).await;
    app.admin().data("mutation { revokeSessions(subject: \"admin\") { revoked } }", json!({})).await;
    open_tab(&browser, "Queue").await;
    send(&browser).await;
    browser.until_at(&format!("{}/sign-in?next=/graphiql", app.url)).await;
}
