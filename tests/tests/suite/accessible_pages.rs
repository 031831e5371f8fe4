//! Every page, examined with axe-core in both themes, on a phone and on a desk.

use api::auth::Role;
use tests::browser::Browser;
use tests::{Backend, TestApp};

use crate::family_page::school_today;

/// A phone, and a desk.
const SIZES: [(u32, u32); 2] = [(360, 740), (1280, 900)];

#[tokio::test]
async fn the_small_pages_can_be_used_by_everybody() {
    let app = TestApp::start(Backend::Sqlite).await;
    let browser = Browser::start().await;
    let path = |path: &str| format!("{}{path}", app.url);
    let small = async |address: &str, expected: &str| {
        browser.open(address).await;
        browser.until_shown(expected).await;
        browser.assert_accessible().await;
    };
    small(&path("/"), "Sign in").await;
    small(&path("/sign-in"), "Your token").await;
    small(&path("/sign-in?signed-out"), "You have signed out.").await;
    small(&path("/sign-in?code=used-already"), "This link has been used already").await;
    small(&app.one_time_link(Role::Service, "lms"), "Welcome").await;
    small(&path("/graphiql"), "This page is for admins").await;
    browser.open(&app.one_time_link(Role::Admin, "boss")).await;
    browser.until_at(&path("/admin")).await;
    small(&path("/"), "Welcome").await;
}

#[tokio::test]
async fn the_familys_page_can_be_used_by_everybody() {
    let app = school_today(Backend::Sqlite).await;
    let browser = Browser::start().await;
    browser.open(&app.one_time_link(Role::Guardian, "demo-guardian-01")).await;
    browser.until("return !!document.querySelector('.plot canvas')").await;
    browser.click("details summary").await;
    for (width, height) in SIZES {
        browser.resize(width, height).await;
        browser.assert_accessible().await;
        let overflows = browser.script("return document.documentElement.scrollWidth > innerWidth").await;
        assert_eq!(overflows, false, "{width}");
        browser.click_text("How is this calculated?").await;
        browser.until_shown("What does not count").await;
        browser.assert_accessible().await;
        browser.click_text("Close").await;
        browser.until("return !document.querySelector('dialog')").await;
    }
    browser.open(&format!("{}/children/nobody", app.url)).await;
    browser.until_shown("This record was not found").await;
    browser.assert_accessible().await;
}
