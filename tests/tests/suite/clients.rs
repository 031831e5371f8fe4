//! GraphQL clients from the npm registry, as they come, against the real server.

use std::process::Stdio;
use std::time::Duration;

use entity::clock::{Clock, SystemClock};
use tests::app::token;
use tests::fleet::{Fleet, Member};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// It bounds a test that has failed, and no test that passes waits for it.
const PATIENCE: Duration = Duration::from_mins(2);

/// Apollo Client, urql and graphql-ws ask, write and follow; and go on following when the server was killed and is back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn apollo_urql_and_graphql_ws_work_as_they_come() {
    let folder = tests::npm::installed("clients").await;
    let database = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", database.path().join("tally.db").display());
    let mut fleet = Fleet::start(&url, 0).await;
    let student = crate::live_chaos::prepare(&fleet.service()).await;
    let mut child = Command::new("node")
        .arg("clients.mjs")
        .current_dir(folder)
        .env("URL", &fleet.url)
        .env("TOKEN", token(api::auth::Role::Service, "lms", SystemClock.now()))
        .env("STUDENT", student.as_str().unwrap())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("node runs");
    says(&mut child, "restart").await;
    fleet.kill(Member::Api).await;
    fleet.ready().await;
    child.stdin.as_mut().expect("it is piped").write_all(b"restarted\n").await.unwrap();
    says(&mut child, "done").await;
    assert!(timeout(PATIENCE, child.wait()).await.unwrap().unwrap().success());
}

/// Waits until the process says `word`, and nothing else before.
async fn says(child: &mut Child, word: &str) {
    let mut line = String::new();
    let mut output = BufReader::new(child.stdout.as_mut().expect("it is piped"));
    timeout(PATIENCE, output.read_line(&mut line)).await.expect("it says something in time").unwrap();
    assert_eq!(line.trim(), word, "what is wrong is on standard error");
}
