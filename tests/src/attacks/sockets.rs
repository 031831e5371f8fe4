//! Sockets that say too much, or nothing, or do not listen.

use std::time::Duration;

use api::auth::Role;
use futures::future::join_all;
use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use super::target::{or_cut_off, tally};
use super::{Outcome, Target};
use crate::socket::Socket;

/// How many do the same at a time.
const CROWD: usize = 100;
/// How long somebody who is not listened to goes on.
const INSISTENCE: Duration = Duration::from_secs(5);

pub(super) async fn try_all(target: &Target, outcomes: &mut Vec<Outcome>) {
    let silent = join_all((0..CROWD).map(|_| silent(target))).await;
    target.note(outcomes, "100 sockets that say nothing", "100 x 4408", tally(silent)).await;
    let said = stranger(target, " ".repeat(1_000_000)).await;
    target
        .note(outcomes, "1 MB as a socket's first word", "1009, or cut off", or_cut_off(said, "1009"))
        .await;
    let said = stranger(target, json!({ "type": "subscribe", "id": "1" }).to_string()).await;
    target.note(outcomes, "a subscription before the connection", "4400", said).await;
    let said = subscriptions(target).await;
    target.note(outcomes, "150 subscriptions on a socket", "100 next, 50 LIMIT_EXCEEDED", said).await;
    let said = flood(target).await;
    target.note(outcomes, "5,000 messages at once", "1008", said).await;
    let said = join_all((0..20).map(|nth| deaf(target, nth))).await;
    target
        .note(outcomes, "20 sockets that ask for much and do not listen", "20 x not heard", tally(said))
        .await;
}

async fn silent(target: &Target) -> String {
    Socket::open(&target.server.url).await.closed().await.0.to_string()
}

async fn stranger(target: &Target, text: String) -> String {
    let mut socket = Socket::open(&target.server.url).await;
    if socket.try_send_raw(Message::text(text)).await.is_err() {
        return "closed".to_owned();
    }
    match socket.closed().await.0 {
        1006 => "closed".to_owned(),
        code => code.to_string(),
    }
}

async fn connect(target: &Target, subject: &str) -> Socket {
    Socket::connect(&target.server.url, &target.server.token(Role::Guardian, subject)).await
}

async fn subscriptions(target: &Target) -> String {
    let mut socket = connect(target, "hugo").await;
    for nth in 0..150 {
        socket.subscribe(&nth.to_string(), "subscription { myChildrenUpdated { id } }", json!({})).await;
    }
    let (mut begun, mut refused) = (0, 0);
    while begun + refused < 150 {
        let Some(Ok(message)) = socket.next_within(INSISTENCE).await else { break };
        match message["type"].as_str() {
            Some("next") => begun += 1,
            _ if message["payload"][0]["extensions"]["code"] == "LIMIT_EXCEEDED" => refused += 1,
            _ => return message.to_string(),
        }
    }
    format!("{begun} next, {refused} LIMIT_EXCEEDED")
}

async fn flood(target: &Target) -> String {
    let mut socket = connect(target, "hugo").await;
    let ping = json!({ "type": "ping" }).to_string();
    for _ in 0..5000 {
        if socket.try_send_raw(Message::text(ping.clone())).await.is_err() {
            break;
        }
    }
    loop {
        match socket.next_within(INSISTENCE).await {
            Some(Ok(message)) if message == json!({ "type": "pong" }) => {}
            Some(Err(code)) => return code.to_string(),
            other => return format!("{other:?}"),
        }
    }
}

/// Asks for the whole schema again and again, and never reads the answers.
async fn deaf(target: &Target, nth: usize) -> String {
    let mut socket = connect(target, &format!("deaf-{nth}")).await;
    let query = "{ __schema { types { name description fields { name description } } } }";
    let ask = async {
        for nth in 0.. {
            let payload: Value = json!({ "query": query });
            let message = json!({ "type": "subscribe", "id": nth.to_string(), "payload": payload });
            if socket.try_send_raw(Message::text(message.to_string())).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    // Whether it is cut off or left waiting, nothing is kept for it.
    let _ = timeout(INSISTENCE, ask).await;
    "not heard".to_owned()
}
