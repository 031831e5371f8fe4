//! Who may follow what.

use std::time::Duration;

use serde_json::json;
use tests::client::Client;
use tests::{Socket, TestApp};

/// How long what must come is waited for.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long what must not come is waited for.
const NOTHING_WITHIN: Duration = Duration::from_millis(300);

/// Subscriptions, with the id of ada in the place of `$id`.
pub(crate) const SUBSCRIPTIONS: [(&str, &str); 3] = [
    ("performanceUpdated", "subscription { performanceUpdated(studentId: \"$id\") { version } }"),
    ("myChildrenUpdated", "subscription { myChildrenUpdated { version } }"),
    (
        "backfillProgress",
        "subscription { backfillProgress(runId: \"backfillRun:0193d1b2-0000-7000-8000-000000000000\") { state } }",
    ),
];

/// What a cell of the table says of the first that a subscription brings, if it brings anything.
pub(crate) async fn follows(app: &TestApp, client: &Client, query: &str) -> String {
    let mut socket = Socket::open(&app.url).await;
    let payload = client.token().map(|token| json!({ "authorization": format!("Bearer {token}") }));
    socket.send(&json!({ "type": "connection_init", "payload": payload })).await;
    match socket.next_within(PATIENCE).await {
        Some(Err(code)) => return code.to_string(),
        acknowledged => assert_eq!(acknowledged, Some(Ok(json!({ "type": "connection_ack" })))),
    }
    socket.subscribe("1", query, json!({})).await;
    let patience = if query.contains("myChildren") { NOTHING_WITHIN } else { PATIENCE };
    match socket.next_within(patience).await {
        Some(Ok(message)) if message["type"] == "next" => {
            let code = &message["payload"]["errors"][0]["extensions"]["code"];
            code.as_str().unwrap_or("sees").to_owned()
        }
        Some(Ok(message)) => {
            assert_eq!(message["type"], "complete");
            "-".to_owned()
        }
        closed => {
            assert_eq!(closed, None);
            "-".to_owned()
        }
    }
}
