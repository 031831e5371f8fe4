//! Requests and sockets, and what may not come of them.

use std::time::Duration;

use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use reqwest::RequestBuilder;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use super::{Fuzz, spoil, values};
use crate::socket::{PROTOCOL, Socket};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_mins(1);
/// How long a socket or a raw connection is listened to when nothing more need come.
const A_WHILE: Duration = Duration::from_millis(20);

const ACCEPTS: &[&str] = &[
    "application/graphql-response+json",
    "application/json",
    "*/*",
    "text/html",
    "application/json;q=x",
    ",,;",
];
const CONTENT_TYPES: &[&str] =
    &["application/json", "application/json; charset=utf-16", "text/plain", "", "a/b"];
const PATHS: &[&str] = &[
    "/graphql",
    "/sign-in",
    "/sign-out",
    "/",
    "/graphiql",
    "/assets/pages.css",
    "/assets/../x",
    "/backfills/x/changes.csv",
];

/// One request, or one socket. The answer, or what is wrong with it.
pub(super) async fn shoot(fuzz: &Fuzz, mut random: StdRng) -> Result<String, String> {
    let shot = async {
        match random.random_range(0..100) {
            0..70 => post(fuzz, &mut random).await,
            70..80 => get(fuzz, &mut random).await,
            80..88 => other(fuzz, &mut random).await,
            88..93 => raw(fuzz, &mut random).await,
            _ => socket(fuzz, &mut random).await,
        }
    };
    timeout(PATIENCE, shot).await.unwrap_or_else(|_| Err("no answer".to_owned()))
}

fn document(fuzz: &Fuzz, random: &mut StdRng, kinds: &[&str]) -> String {
    let kind = kinds.choose(random).copied().unwrap_or("query");
    let document = match random.random_range(0..10) {
        0 => fuzz.corpus.choose(random).cloned().unwrap_or_default(),
        _ => fuzz.grammar.operation(random, kind),
    };
    if random.random_bool(0.12) { spoil::text(random, &document) } else { document }
}

fn token(fuzz: &Fuzz, random: &mut StdRng) -> String {
    // The first may do most.
    let tokens = &fuzz.field.tokens;
    let tokens = if random.random_bool(0.5) { &tokens[..1] } else { &tokens[..] };
    let token = tokens.choose(random).cloned().unwrap_or_default();
    if random.random_bool(0.02) { spoil::text(random, &token) } else { token }
}

fn variables(fuzz: &Fuzz, random: &mut StdRng) -> Value {
    let text = values::text(random, &fuzz.field.ids);
    match random.random_range(0..8) {
        0 => Value::Null,
        1 => json!([text]),
        2 => json!({ "id": text, "input": { "sourcedId": text } }),
        3 => json!({ "id": { "a": [[[text]]] } }),
        _ => json!({}),
    }
}

fn body(fuzz: &Fuzz, random: &mut StdRng) -> Vec<u8> {
    let mut body =
        json!({ "query": document(fuzz, random, &["query", "query", "query", "mutation", "mutation"]) });
    if random.random_bool(0.3) {
        body["variables"] = variables(fuzz, random);
    }
    if random.random_bool(0.02) {
        body["operationName"] = values::text(random, &[]).into();
    }
    if random.random_bool(0.02) {
        let hash = values::text(random, &[]);
        body["extensions"] = json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } });
    }
    let mut bytes = body.to_string().into_bytes();
    if random.random_bool(0.05) {
        spoil::bytes(random, &mut bytes);
    }
    bytes
}

async fn post(fuzz: &Fuzz, random: &mut StdRng) -> Result<String, String> {
    let accept = mostly_the_first(random, ACCEPTS);
    let content_type = mostly_the_first(random, CONTENT_TYPES);
    let request = fuzz.http.post(format!("{}/graphql", fuzz.field.url)).header("accept", accept);
    let request = request.header("content-type", content_type).body(body(fuzz, random));
    send(fuzz, request, &token(fuzz, random)).await
}

fn mostly_the_first(random: &mut StdRng, choices: &[&'static str]) -> &'static str {
    let choices = if random.random_bool(0.9) { &choices[..1] } else { choices };
    choices.choose(random).copied().unwrap_or_default()
}

async fn get(fuzz: &Fuzz, random: &mut StdRng) -> Result<String, String> {
    let query = parameters(fuzz, random);
    let request = fuzz.http.get(format!("{}/graphql?{query}", fuzz.field.url));
    send(fuzz, request.header("accept", ACCEPTS[0]), &token(fuzz, random)).await
}

fn parameters(fuzz: &Fuzz, random: &mut StdRng) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("query", &document(fuzz, random, &["query", "mutation"]));
    if random.random_bool(0.3) {
        query.append_pair("variables", &variables(fuzz, random).to_string());
    }
    query.finish()
}

async fn other(fuzz: &Fuzz, random: &mut StdRng) -> Result<String, String> {
    let path = PATHS.choose(random).copied().unwrap_or_default();
    let url = format!("{}{path}?code={}", fuzz.field.url, random.random::<u32>());
    let method = ["GET", "POST", "PUT", "OPTIONS", "HEAD", "X"].choose(random).copied().unwrap_or_default();
    let request = fuzz.http.request(method.parse().expect("a method"), url);
    let request =
        request.header("origin", fuzz.field.url.as_str()).header("cookie", "tally-session=x; =; ;;");
    let mut form = format!("token={}&next=%2F%2Fx", values::number(random)).into_bytes();
    spoil::bytes(random, &mut form);
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
    send(fuzz, request, "x").await
}

async fn send(fuzz: &Fuzz, request: RequestBuilder, token: &str) -> Result<String, String> {
    // Not all that was spoilt can stand in a header.
    let request = match HeaderValue::from_str(&format!("Bearer {token}")) {
        Ok(value) => request.header(AUTHORIZATION, value),
        Err(_) => request,
    };
    let Ok(request) = request.build() else { return Ok("not to be sent".to_owned()) };
    let body = request.body().and_then(|body| body.as_bytes()).map(String::from_utf8_lossy);
    let sent = format!("{} {}\n{}", request.method(), request.url(), body.unwrap_or_default());
    let answered = async {
        let response = fuzz.http.execute(request).await?;
        let status = response.status().as_u16();
        reqwest::Result::Ok((status, response.text().await?))
    };
    let (status, text) = answered.await.map_err(|error| format!("{error:?}\n{sent}"))?;
    judge(status, &text).map_err(|fault| format!("{fault}\n{sent}"))
}

/// Nothing is our fault: no 5xx but what says that it was too much, and no error that we have no name for.
fn judge(status: u16, text: &str) -> Result<String, String> {
    let body: Value = serde_json::from_str(text).unwrap_or_default();
    let codes: Vec<&str> = body["errors"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|error| error["extensions"]["code"].as_str().unwrap_or("NONE"))
        .collect();
    let is_fault = status >= 500 && !(status == 503 && codes == ["UNAVAILABLE"]);
    if is_fault || codes.iter().any(|code| matches!(*code, "INTERNAL" | "NONE")) {
        return Err(format!("{status} {text}"));
    }
    Ok(codes.first().map_or_else(|| status.to_string(), |code| format!("{status} {code}")))
}

/// Bytes that are hardly HTTP. Whatever comes of them, it is no fault of ours.
async fn raw(fuzz: &Fuzz, random: &mut StdRng) -> Result<String, String> {
    let body = body(fuzz, random);
    let mut bytes = format!(
        "POST /graphql HTTP/1.1\r\nhost: tally\r\ncontent-type: application/json\r\nauthorization: Bearer {}\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n",
        token(fuzz, random).escape_default(),
        body.len()
    )
    .into_bytes();
    bytes.extend(body);
    spoil::bytes(random, &mut bytes);
    let address = fuzz.field.url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
    let _ = stream.write_all(&bytes).await;
    let mut answer = Vec::new();
    let _ = timeout(A_WHILE, stream.read_to_end(&mut answer)).await;
    let answer = String::from_utf8_lossy(&answer);
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    let text = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    judge(status, text).map(|answer| format!("raw {answer}"))
}

async fn socket(fuzz: &Fuzz, random: &mut StdRng) -> Result<String, String> {
    let opened = Socket::open_with(&fuzz.field.url, &[("sec-websocket-protocol", PROTOCOL)]).await;
    let mut socket = opened.map_err(|error| format!("{error:?}"))?;
    let init = json!({ "type": "connection_init", "payload": { "authorization": format!("Bearer {}", token(fuzz, random)) } });
    let mut messages = vec![init.to_string()];
    for nth in 0..random.random_range(1..4) {
        let query = document(fuzz, random, &["subscription", "subscription", "query", "mutation"]);
        let payload = json!({ "query": query, "variables": variables(fuzz, random) });
        messages.push(json!({ "id": nth.to_string(), "type": "subscribe", "payload": payload }).to_string());
    }
    let mut last = "socket".to_owned();
    for text in messages {
        let spoilt = random.random_bool(0.1);
        let text = if spoilt { spoil::text(random, &text) } else { text };
        if socket.try_send_raw(Message::text(text.clone())).await.is_err() {
            return Ok(format!("{last} closed"));
        }
        match socket.next_within(A_WHILE).await {
            Some(Ok(message)) => {
                let of_error = json!({ "errors": message["payload"] });
                let payload = if message["type"] == "error" { of_error } else { message["payload"].clone() };
                judge(200, &payload.to_string()).map_err(|fault| format!("{fault}\n{text}"))?;
                last = format!("socket {}", message["type"].as_str().unwrap_or_default());
            }
            Some(Err(code @ (1011 | 4500 | 1006))) => return Err(format!("closed with {code} after {text}")),
            Some(Err(code)) => return Ok(format!("socket {code}")),
            None => {}
        }
    }
    Ok(last)
}
