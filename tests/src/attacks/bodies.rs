//! Heads and bodies of requests that are large, slow or of a foreign kind.

use std::io::Write as _;
use std::time::Duration;

use api::auth::Role;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::future::join_all;
use futures::stream;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::target::{answer, or_cut_off, tally};
use super::{Outcome, Target};

/// How many do the same at a time.
const CROWD: usize = 100;
/// How long an answer may take. It bounds an attack that succeeds.
const PATIENCE: Duration = Duration::from_secs(30);
const MUTATION: &str =
    "mutation { upsertStudent(input: { sourcedId: \"x\", displayName: \"X\" }) { outcome } }";

pub(super) async fn try_all(target: &Target, outcomes: &mut Vec<Outcome>) {
    large(target, outcomes).await;
    slow(target, outcomes).await;
    foreign(target, outcomes).await;
    many(target, outcomes).await;
}

async fn large(target: &Target, outcomes: &mut Vec<Outcome>) {
    let request = || {
        let token = target.server.token(Role::Service, "lms");
        target.post().bearer_auth(token).header("content-type", "application/json")
    };
    let said = answer(request().body(" ".repeat(100_000_000)).send().await).await;
    let said = or_cut_off(said, "413 LIMIT_EXCEEDED");
    target.note(outcomes, "a body of 100 MB", "413 LIMIT_EXCEEDED, or cut off", said).await;
    let endless = stream::repeat_with(|| Ok::<_, std::io::Error>(" ".repeat(64 * 1024)));
    let said = answer(request().body(reqwest::Body::wrap_stream(endless)).send().await).await;
    let said = or_cut_off(said, "413 LIMIT_EXCEEDED");
    target.note(outcomes, "a body without an end", "413 LIMIT_EXCEEDED, or cut off", said).await;
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(&vec![b' '; 10_000_000]).expect("memory can be written");
    let gzip = gzip.finish().expect("memory can be written");
    let said = answer(request().header("content-encoding", "gzip").body(gzip).send().await).await;
    target.note(outcomes, "10 MB of blanks, compressed", "400 BAD_USER_INPUT", said).await;
    let head = target.get(&format!("/graphql?query={}", "a".repeat(1_000_000)));
    let said = answer(head.send().await).await;
    target.note(outcomes, "an address of 1 MB", "414, or cut off", or_cut_off(said, "414")).await;
}

async fn slow(target: &Target, outcomes: &mut Vec<Outcome>) {
    let token = target.server.token(Role::Service, "lms");
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: tally\r\ncontent-type: application/json\r\n\
         authorization: Bearer {token}\r\ncontent-length: 1000\r\n\r\n{{"
    );
    let said = join_all((0..CROWD).map(|_| told(target, &head))).await;
    target.note(outcomes, "100 bodies that do not go on", "100 x 408", tally(said)).await;
    let stranger = head.replace(&token, "x");
    let said = join_all((0..CROWD).map(|_| told(target, &stranger))).await;
    target.note(outcomes, "100 bodies of strangers that do not go on", "100 x 401", tally(said)).await;
    let form =
        "POST /sign-in HTTP/1.1\r\nhost: tally\r\norigin: http://tally\r\ncontent-length: 100\r\n\r\nt";
    let said = join_all((0..CROWD).map(|_| told(target, form))).await;
    target.note(outcomes, "100 forms that do not go on", "100 x 408", tally(said)).await;
    for (attack, head) in [
        ("100 connections that say nothing", ""),
        ("100 connections that begin like HTTP/2 and say no more", "PRI"),
        ("100 heads that do not go on", "POST /graphql HTTP/1.1\r\nhost: tal"),
    ] {
        let said = join_all((0..CROWD).map(|_| told(target, head))).await;
        target.note(outcomes, attack, "100 x closed", tally(said)).await;
    }
}

/// The status that somebody is answered who sends so much and then waits; or that there is none.
async fn told(target: &Target, text: &str) -> String {
    let address = target.server.url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.expect("the server listens");
    stream.write_all(text.as_bytes()).await.expect("the server listens");
    let mut answer = Vec::new();
    match timeout(PATIENCE, stream.read_to_end(&mut answer)).await {
        Err(_) => return "still open".to_owned(),
        Ok(Err(_)) => return "closed".to_owned(),
        Ok(Ok(_)) => {}
    }
    let answer = String::from_utf8_lossy(&answer);
    answer.split(' ').nth(1).map_or_else(|| "closed".to_owned(), str::to_owned)
}

async fn foreign(target: &Target, outcomes: &mut Vec<Outcome>) {
    let token = target.server.token(Role::Service, "lms");
    let parameters =
        url::form_urlencoded::Serializer::new(String::new()).append_pair("query", MUTATION).finish();
    let get = target.get(&format!("/graphql?{parameters}")).bearer_auth(&token);
    let said = answer(get.send().await).await;
    target.note(outcomes, "a mutation by GET", "405 BAD_USER_INPUT", said).await;
    let body = json!({ "query": MUTATION }).to_string();
    for (attack, content_type) in [
        ("a mutation as text/plain", "text/plain"),
        ("a mutation as a form", "application/x-www-form-urlencoded"),
        ("a mutation as multipart", "multipart/form-data; boundary=x"),
    ] {
        let post = target.post().bearer_auth(&token).header("content-type", content_type).body(body.clone());
        let said = answer(post.send().await).await;
        target.note(outcomes, attack, "415 BAD_USER_INPUT", said).await;
    }
    let post = target.post().bearer_auth(&token).header("content-type", "application/json");
    let batch = format!("[{}]", vec![body; 1000].join(","));
    let said = answer(post.body(batch).send().await).await;
    target.note(outcomes, "1,000 mutations in one body", "400 BAD_USER_INPUT", said).await;
    let students = target.client(Role::Admin, "admin").data("{ students { totalCount } }", json!({})).await;
    assert_eq!(students["students"]["totalCount"], 2, "a mutation of a foreign kind was executed");
}

async fn many(target: &Target, outcomes: &mut Vec<Outcome>) {
    for (attack, path, address) in [
        ("3,000 requests of a stranger", "/graphql", "192.0.2.1"),
        ("3,000 guesses at a link that signs in", "/sign-in?code=x", "192.0.2.2"),
    ] {
        let mut refused = 0;
        for _ in 0..30 {
            let requests = (0..CROWD).map(|_| target.get(path).header("x-forwarded-for", address).send());
            let answers = join_all(requests).await;
            refused += answers.into_iter().flatten().filter(|answer| answer.status() == 429).count();
        }
        // How many are let through depends on how long all take.
        let said = if refused > 0 { "429 after the first" } else { "none was refused" };
        target.note(outcomes, attack, "429 after the first", said.to_owned()).await;
    }
}
