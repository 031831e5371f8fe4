//! What pages have loaded, and what they have complained about.

use serde_json::{Value, json};

use super::driver::Driver;

/// An account of all pages of a browser.
#[derive(Debug, Default)]
pub struct PageLog {
    /// The address of everything that was requested, whether or not it was answered.
    pub requests: Vec<String>,
    /// The errors of the console: of scripts, of what could not be loaded, of what the page's policy forbids.
    pub errors: Vec<String>,
}

impl PageLog {
    pub(super) async fn add(&mut self, driver: &Driver) {
        for entry in entries(driver, "performance").await {
            let message = entry["message"].as_str().unwrap_or_default();
            let event: Value = serde_json::from_str(message).unwrap_or_default();
            let (method, params) = (&event["message"]["method"], &event["message"]["params"]);
            let url = match method.as_str().unwrap_or_default() {
                "Network.requestWillBeSent" => &params["request"]["url"],
                "Network.webSocketCreated" => &params["url"],
                _ => continue,
            };
            self.requests.push(url.as_str().unwrap_or_default().to_owned());
        }
        for entry in entries(driver, "browser").await {
            if entry["level"] == "SEVERE" {
                self.errors.push(entry["message"].as_str().unwrap_or_default().to_owned());
            }
        }
    }

    /// The requests that went elsewhere than to `origin`. What a page carries within itself goes nowhere.
    pub fn requests_beyond(&self, origin: &str) -> Vec<&String> {
        let socket = origin.replacen("http", "ws", 1);
        let stays = |url: &&String| {
            ["data:", "blob:", "about:", "chrome:"].iter().any(|scheme| url.starts_with(scheme))
                || [origin, &socket].iter().any(|own| {
                    url.strip_prefix(*own).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                })
        };
        self.requests.iter().filter(|url| !stays(url)).collect()
    }
}

/// The entries of one of chromedriver's logs since it was last asked.
async fn entries(driver: &Driver, log: &str) -> Vec<Value> {
    let entries = driver.post("se/log", json!({ "type": log })).await;
    entries.as_array().cloned().unwrap_or_default()
}
