//! WebDriver: JSON over HTTP, to a chromedriver of our own.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::client::Client;

/// How long the browser may take to start, or to end.
const PATIENCE: Duration = Duration::from_mins(1);

/// One chromedriver with one session.
pub(super) struct Driver {
    http: reqwest::Client,
    port: u16,
    /// The path of the session.
    session: String,
    /// Held until the browser has ended; killed and removed then.
    _process: (Child, TempDir),
}

impl Driver {
    pub(super) async fn start() -> Self {
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("chromedriver runs: install the Debian packages chromium and chromium-driver");
        let port = timeout(PATIENCE, port(&mut process)).await.ok().flatten();
        let port = port.expect("chromedriver says on which port it listens");
        let profile = tempfile::tempdir().expect("a folder for the browser");
        let http = Client::connections();
        let sessions = format!("http://127.0.0.1:{port}/session");
        let started = call(http.post(&sessions).json(&capabilities(profile.path()))).await;
        let started = started.expect("the browser starts");
        let id = started["sessionId"].as_str().expect("a session");
        Self { http, port, session: format!("/session/{id}"), _process: (process, profile) }
    }

    pub(super) async fn get(&self, command: &str) -> Value {
        let answer = call(self.http.get(self.url(command))).await;
        answer.unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    pub(super) async fn post(&self, command: &str, body: Value) -> Value {
        self.try_post(command, body).await.unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    /// What the command answers, or what is wrong with it.
    pub(super) async fn try_post(&self, command: &str, body: Value) -> Result<Value, String> {
        call(self.http.post(self.url(command)).json(&body)).await
    }

    fn url(&self, command: &str) -> String {
        format!("http://127.0.0.1:{}{}/{command}", self.port, self.session)
    }
}

async fn call(request: reqwest::RequestBuilder) -> Result<Value, String> {
    let response = request.send().await.expect("chromedriver answers");
    let is_success = response.status().is_success();
    let value = response.json::<Value>().await.expect("chromedriver speaks JSON")["value"].take();
    if is_success { Ok(value) } else { Err(value["message"].as_str().unwrap_or_default().to_owned()) }
}

/// A browser without a window, a profile of its own, and no way to anywhere but this machine.
fn capabilities(profile: &Path) -> Value {
    let profile = format!("--user-data-dir={}", profile.display());
    let arguments = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--window-size=1280,800",
        "--lang=en",
        "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost",
        &profile,
    ];
    json!({ "capabilities": { "alwaysMatch": {
        "browserName": "chrome",
        "goog:chromeOptions": { "args": arguments },
        "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
    } } })
}

/// The port that chromedriver has chosen.
async fn port(process: &mut Child) -> Option<u16> {
    let mut lines = BufReader::new(process.stdout.take()?).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let port = line.split_once("started successfully on port ").map(|(_, rest)| rest);
        if let Some(port) = port.and_then(|rest| rest.trim_end_matches('.').parse().ok()) {
            return Some(port);
        }
    }
    None
}

impl Drop for Driver {
    /// Asked to end, chromedriver ends the browser, too; killed, it would leave it behind.
    fn drop(&mut self) {
        let Ok(mut connection) = TcpStream::connect(("127.0.0.1", self.port)) else { return };
        let session = &self.session;
        let request = format!("DELETE {session} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let _ = connection.set_read_timeout(Some(PATIENCE));
        let _ = connection.write_all(request.as_bytes());
        let _ = connection.read(&mut [0; 64]);
    }
}

/// The bytes of a base64 text.
pub(super) fn decoded(text: &str) -> Vec<u8> {
    let digit = |c: u8| match c {
        b'A'..=b'Z' => Some(c - b'A'),
        b'a'..=b'z' => Some(c - b'a' + 26),
        b'0'..=b'9' => Some(c - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let digits: Vec<u32> = text.bytes().filter_map(digit).map(u32::from).collect();
    let group = |digits: &[u32]| {
        let bits = digits.iter().fold(0, |bits, digit| bits << 6 | digit) << (6 * (4 - digits.len()));
        bits.to_be_bytes()[1..digits.len()].to_vec()
    };
    digits.chunks(4).flat_map(group).collect()
}
