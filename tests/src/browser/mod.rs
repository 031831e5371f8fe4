//! A real browser, headless, driven over WebDriver, that keeps an account of what pages load and complain about.

mod axe;
mod driver;
mod log;

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use driver::Driver;
pub use log::PageLog;

/// How long a page may take over anything. It bounds a test that has failed, and no test that passes waits for it.
const PATIENCE: Duration = Duration::from_mins(1);
/// How often a page is asked whether it is as it should be.
const ASK_EVERY: Duration = Duration::from_millis(50);

/// The name under which WebDriver hands out elements.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser with one window, as it is on a machine that has just been set up. Dropping this ends it.
pub struct Browser {
    driver: Driver,
    log: PageLog,
}

impl Browser {
    /// Starts a browser. It finds no host by its name: nothing but this machine can be reached.
    pub async fn start() -> Self {
        Self { driver: Driver::start().await, log: PageLog::default() }
    }

    /// Opens a page, and waits until it is loaded.
    pub async fn open(&self, url: &str) {
        self.driver.post("url", json!({ "url": url })).await;
    }

    /// The address of the page.
    pub async fn url(&self) -> String {
        text(&self.driver.get("url").await)
    }

    /// Sets the size of the window, in CSS pixels.
    pub async fn resize(&self, width: u32, height: u32) {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
    }

    /// Has pages see that dark or light colours are preferred.
    pub async fn prefer_colours(&self, scheme: &str) {
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.devtools("Emulation.setEmulatedMedia", features).await;
    }

    /// Has pages see that this language is preferred.
    pub async fn prefer_language(&self, language: &str) {
        let agent = self.script("return navigator.userAgent").await;
        let preferences = json!({ "userAgent": agent, "acceptLanguage": language });
        self.devtools("Emulation.setUserAgentOverride", preferences).await;
    }

    async fn devtools(&self, command: &str, params: Value) {
        self.driver.post("goog/cdp/execute", json!({ "cmd": command, "params": params })).await;
    }

    /// What a script in the page returns. It may return a promise.
    pub async fn script(&self, script: &str) -> Value {
        self.driver.post("execute/sync", json!({ "script": script, "args": [] })).await
    }

    /// The text that people see in the page.
    pub async fn text(&self) -> String {
        text(&self.script("return document.body.innerText").await)
    }

    /// Waits until the page shows this text.
    pub async fn until_shown(&self, expected: &str) {
        let script = format!("return document.body.innerText.includes({})", json!(expected));
        let is_shown = self.becomes_true(&script).await;
        assert!(is_shown, "{expected:?} is not shown at {}:\n{}", self.url().await, self.text().await);
    }

    /// Waits until the page is at this address, and loaded.
    pub async fn until_at(&self, url: &str) {
        let script = format!("return location.href === {} && document.readyState === 'complete'", json!(url));
        assert!(self.becomes_true(&script).await, "the page is at {}, not at {url}", self.url().await);
    }

    /// Waits until a script in the page returns true.
    pub async fn until(&self, script: &str) {
        assert!(self.becomes_true(script).await, "{script} does not become true:\n{}", self.text().await);
    }

    async fn becomes_true(&self, script: &str) -> bool {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            // While a page goes away there is none to ask.
            if self.driver.try_post("execute/sync", json!({ "script": script, "args": [] })).await
                == Ok(Value::Bool(true))
            {
                return true;
            }
            tokio::time::sleep(ASK_EVERY).await;
        }
        false
    }

    /// Waits for the first element that a CSS selector finds, and clicks on it.
    pub async fn click(&self, selector: &str) {
        self.act("css selector", selector, "click", json!({})).await;
    }

    /// Waits for the first element with exactly this text, and clicks on it.
    pub async fn click_text(&self, label: &str) {
        self.act("xpath", &format!("//*[normalize-space(text())='{label}']"), "click", json!({})).await;
    }

    /// Types into the first element that a CSS selector finds.
    pub async fn type_into(&self, selector: &str, keys: &str) {
        self.act("css selector", selector, "value", json!({ "text": keys })).await;
    }

    /// Does something to an element as soon as it is there and lets itself be done something to.
    async fn act(&self, using: &str, value: &str, command: &str, body: Value) {
        let start = Instant::now();
        while let Err(error) = self.try_act(using, value, command, &body).await {
            let in_time = start.elapsed() < PATIENCE;
            assert!(in_time, "{command} {value}: {error}, at {}:\n{}", self.url().await, self.text().await);
            tokio::time::sleep(ASK_EVERY).await;
        }
    }

    async fn try_act(&self, using: &str, value: &str, command: &str, body: &Value) -> Result<(), String> {
        let found = self.driver.try_post("element", json!({ "using": using, "value": value })).await?;
        let element = text(&found[ELEMENT]);
        self.driver.try_post(&format!("element/{element}/{command}"), body.clone()).await?;
        Ok(())
    }

    /// Presses keys, one after the other, on whatever has the focus. WebDriver's names: `\u{e004}` is the tabulator.
    pub async fn press(&self, keys: &str) {
        let strokes = keys.chars().flat_map(|key| {
            ["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": key.to_string() }))
        });
        let keyboard = json!({ "type": "key", "id": "keyboard", "actions": strokes.collect::<Vec<_>>() });
        self.driver.post("actions", json!({ "actions": [keyboard] })).await;
    }

    /// The names of the cookies that a script in the page can read.
    pub async fn readable_cookies(&self) -> String {
        text(&self.script("return document.cookie").await)
    }

    /// The cookies of the page, those included that no script can read.
    pub async fn cookies(&self) -> Vec<Value> {
        self.driver.get("cookie").await.as_array().cloned().unwrap_or_default()
    }

    /// Has the browser keep a cookie, as [`Self::cookies`] gives it.
    pub async fn set_cookie(&self, cookie: &Value) {
        self.driver.post("cookie", json!({ "cookie": cookie })).await;
    }

    /// Writes a picture of the window to a file.
    pub async fn screenshot(&self, file: &Path) {
        let picture = driver::decoded(&text(&self.driver.get("screenshot").await));
        std::fs::write(file, picture).expect("a picture can be written");
    }

    /// What pages have loaded and complained about since the browser was started.
    pub async fn log(&mut self) -> &PageLog {
        self.log.add(&self.driver).await;
        &self.log
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
