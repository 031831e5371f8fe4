//! `tally-api` as a process: what it says when it starts, and what it says when it cannot.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use serde_json::{Value, json};
use tests::backend::TestDatabase;
use tests::binary::{Ended, Served, TallyApi, sh};
use tests::client::Client;
use tests::on_both_backends;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

const DATABASE: &str = "--database-url (DATABASE_URL)";
const LISTEN: &str = "--listen (TALLY_LISTEN)";
const SECRET: &str = "--jwt-secret-file (TALLY_JWT_SECRET_FILE)";
const JWKS: &str = "--jwks (TALLY_JWKS)";

on_both_backends! {
    /// Nothing is used here but what the screen says.
    async fn a_stranger_sees_the_children_of_the_invented_school(backend) {
        let database = TestDatabase::empty(backend).await;
        let api = TallyApi::new();
        let server = api.serve(&["--demo"], &[("DATABASE_URL", &database.url)]).await;
        let said = &server.greeting;

        let elsewhere = tempfile::tempdir().expect("another folder");
        let sign = said.lines().find(|line| line.contains("TOKEN=")).expect("a command that signs a token");
        let pasted = format!("{sign}\nprintf %s \"$TOKEN\"");
        let token = sh(&["-c", &pasted], elsewhere.path()).await;
        assert_eq!((token.code, token.stderr.as_str()), (Some(0), ""));
        let body = said.split_once("-d '").and_then(|(_, rest)| rest.split_once('\'')).expect("a query").0;
        let query: Value = serde_json::from_str(body).expect("JSON");
        let client = Client::new(server.url(), Some(token.stdout));
        let data = client.data(query["query"].as_str().expect("a query"), json!({})).await;
        assert_eq!(data["myChildren"].as_array().map(Vec::len), Some(4), "{data:#}");

        let settled = timeout(Duration::from_mins(1), settled(&client)).await;
        assert!(settled.is_ok(), "the worker computes the numbers");
        assert_eq!(server.stop().await, Some(0));
        let again = api.serve(&["--demo"], &[("DATABASE_URL", &database.url)]).await;
        assert!(again.greeting.contains("was there already"), "{}", again.greeting);
        let export = api.run(&["export", "profiles"], &[("DATABASE_URL", &database.url)]).await;
        assert_eq!(export.stdout.lines().count(), 41, "{}", export.stdout);
    }
}

#[tokio::test]
async fn a_link_for_an_admin_is_printed_and_one_for_a_guardian_of_the_invented_school() {
    let api = TallyApi::new();
    let server = api.serve(&[], &[]).await;
    assert_eq!(roles_of_links(&server).await, ["ADMIN"]);
    let database = [("DATABASE_URL", "sqlite:demo.db")];
    let server = api.serve(&["--demo"], &database).await;
    assert_eq!(roles_of_links(&server).await, ["ADMIN", "GUARDIAN"]);
}

/// As what the links sign in that a server has printed, in their order.
async fn roles_of_links(server: &Served) -> Vec<String> {
    let connections = Client::not_following();
    let mut roles = Vec::new();
    for link in server.greeting.lines().filter(|line| line.contains("/sign-in?")) {
        let (page, code) = link.trim().split_once('?').expect("a page and a code");
        assert!(page.starts_with(server.url()), "{link}");
        let form = connections.post(page).header("origin", server.url()).body(code.to_owned());
        let signed_in = form.send().await.expect("the server answers").headers()["set-cookie"].clone();
        let cookie = signed_in.to_str().expect("a text").split(';').next().unwrap_or_default().to_owned();
        let me = connections.get(format!("{}/graphql?query=%7Bme%7Brole%7D%7D", server.url()));
        let me = me.header("cookie", cookie).header("sec-fetch-site", "same-origin");
        let me: Value = me.send().await.expect("the server answers").json().await.expect("JSON");
        roles.push(me["data"]["me"]["role"].as_str().unwrap_or_default().to_owned());
    }
    roles
}

/// Its output goes to a log, which others may read.
#[tokio::test]
async fn a_server_behind_a_proxy_prints_no_link() {
    let api = TallyApi::new();
    let server = api.serve(&[], &[("TALLY_PUBLIC_URL", "https://tally.example.org")]).await;
    assert!(!server.greeting.contains("sign-in"), "{}", server.greeting);
    for url in ["tally.example.org", "https://tally.example.org/path"] {
        misread(&api.run(&["--public-url", url], &[]).await, ["--public-url", "without a path"]);
    }
}

/// The first signal waits for a request that is under way; the second one does not.
#[tokio::test]
async fn a_second_signal_ends_the_server_at_once() {
    let api = TallyApi::new();
    let server = api.serve(&[], &[]).await;
    let token = api.run(&["token", "--role", "service", "--subject", "lms"], &[]).await.stdout;
    let address = server.url().trim_start_matches("http://").to_owned();
    let mut request = TcpStream::connect(&address).await.expect("a connection");
    let unfinished = format!(
        "POST /graphql HTTP/1.1\r\nHost: tally\r\nContent-Type: application/json\r\n\
         Authorization: Bearer {}\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n",
        token.trim()
    );
    request.write_all(unfinished.as_bytes()).await.expect("a request is begun");
    // That it is to go on says that it is under way.
    request.read_u8().await.expect("an answer");
    server.terminate().await;
    while TcpStream::connect(&address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    server.terminate().await;
    assert_eq!(server.ended().await, Some(130));
}

/// Waits until the worker of the server has computed the numbers of the viewer's children.
async fn settled(client: &Client) {
    loop {
        let data = client.data("{ myChildren { isStale } }", json!({})).await;
        let children = data["myChildren"].as_array().expect("a list");
        if children.iter().all(|child| child["isStale"] == false) {
            return;
        }
    }
}

/// Fails unless the process ends with an error alone, on one line that names what is at fault.
fn refused<const N: usize>(ended: &Ended, told: [&str; N]) {
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!(ended.stdout, "");
    assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
    for text in told {
        assert!(ended.stderr.contains(text), "{text:?} is not told: {}", ended.stderr);
    }
}

/// Like [`refused`], for what cannot even be read; the parser says so in several lines.
fn misread<const N: usize>(ended: &Ended, told: [&str; N]) {
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{ended:?}");
    for text in told {
        assert!(ended.stderr.contains(text), "{text:?} is not told: {}", ended.stderr);
    }
}

#[tokio::test]
async fn a_database_of_no_known_kind_is_refused() {
    let api = TallyApi::new();
    let ended = api.run(&[], &[("DATABASE_URL", "mysql://tally:hush@localhost/tally")]).await;
    refused(&ended, [DATABASE, "\"sqlite:\" or \"postgres://\""]);
    let ended = api.run(&["--database-url", "postgres://tally:hush@host:port/tally"], &[]).await;
    refused(&ended, [DATABASE, "port"]);
    assert!(!ended.stderr.contains("hush"), "a password is told: {}", ended.stderr);
}

#[tokio::test]
async fn a_database_in_memory_is_refused() {
    let api = TallyApi::new();
    for url in ["sqlite:", "sqlite::memory:", "sqlite://", "sqlite:tally.db?mode=memory"] {
        refused(&api.run(&["--database-url", url], &[]).await, [DATABASE, "must name a file"]);
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_with_the_reason_and_without_the_password() {
    let port = free_port();
    let url = format!("postgres://tally:hush@127.0.0.1:{port}/school");
    let ended = TallyApi::new().run(&[], &[("DATABASE_URL", &url)]).await;
    refused(&ended, [DATABASE, &format!("school on 127.0.0.1:{port}"), "refused"]);
    assert!(!ended.stderr.contains("hush"), "a password is told: {}", ended.stderr);
}

/// A port of this machine on which nobody listens.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("the port is known").port()
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    let api = TallyApi::new();
    let text = api.file("notes.txt", &"Not a database at all. ".repeat(50));
    let ended = api.run(&["--database-url", "sqlite:notes.txt"], &[]).await;
    refused(&ended, [DATABASE, "notes.txt", "not a database"]);
    assert!(fs::read_to_string(text).expect("the file is there").starts_with("Not a database"));
}

#[tokio::test]
async fn a_damaged_database_is_refused() {
    let api = TallyApi::new();
    assert_eq!(api.run(&["migrate", "--database-url", "sqlite:tally.db"], &[]).await.code, Some(0));
    // What has not been moved into the database yet would stand in for what is damaged.
    for log in ["tally.db-wal", "tally.db-shm"] {
        let _ = fs::remove_file(api.folder().join(log));
    }
    let path = api.folder().join("tally.db");
    let mut bytes = fs::read(&path).expect("the database is there");
    bytes[100..].fill(0xff);
    fs::write(&path, bytes).expect("the database can be damaged");
    let ended = api.run(&[], &[("DATABASE_URL", "sqlite:tally.db")]).await;
    refused(&ended, [DATABASE, "malformed"]);
}

#[tokio::test]
async fn a_folder_in_which_nothing_can_be_made_is_refused() {
    let api = TallyApi::new();
    // Not even an administrator can make a folder there.
    let ended = api.run(&["--database-url", "sqlite:/proc/tally/tally.db"], &[]).await;
    refused(&ended, [DATABASE, "the folder /proc/tally cannot be made"]);
    let ended = api.run(&["--jwt-secret-file", "/proc/tally/secret"], &[]).await;
    refused(&ended, [SECRET, "the folder /proc/tally cannot be made"]);
    let ended = api.run(&["--database-url", "sqlite:/proc/tally.db"], &[]).await;
    refused(&ended, [DATABASE, "/proc/tally.db"]);
}

#[tokio::test]
async fn a_port_in_use_is_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("the port is known").to_string();
    let ended = TallyApi::new().run(&[], &[("TALLY_LISTEN", &address)]).await;
    refused(&ended, [LISTEN, &address, "in use"]);
}

#[tokio::test]
async fn an_address_that_others_can_reach_needs_a_key() {
    let api = TallyApi::new();
    for address in ["0.0.0.0:0", "[::]:0"] {
        let unset = [("TALLY_LISTEN", address), ("TALLY_JWKS", ""), ("TALLY_JWT_SECRET_FILE", "")];
        refused(&api.run(&[], &unset).await, [LISTEN, SECRET, JWKS]);
    }
    assert!(!api.folder().join(".tally").exists(), "a refused start leaves nothing behind");
}

#[tokio::test]
async fn what_is_no_address_is_refused_with_an_example() {
    for address in ["4000", ":4000", "example:4000", "localhost"] {
        let ended = TallyApi::new().run(&[], &[("TALLY_LISTEN", address)]).await;
        misread(&ended, ["--listen", "127.0.0.1:4000"]);
    }
}

#[tokio::test]
async fn a_secret_that_is_none_is_refused() {
    let api = TallyApi::new();
    api.file("short", "hush\n");
    let ended = api.run(&["--jwt-secret-file", "short"], &[]).await;
    refused(&ended, [SECRET, "short", "32 bytes"]);
    let open = api.file("open", &"secret".repeat(10));
    fs::set_permissions(&open, fs::Permissions::from_mode(0o644)).expect("its mode can be set");
    let ended = api.run(&[], &[("TALLY_JWT_SECRET_FILE", "open")]).await;
    refused(&ended, [SECRET, "other users have access", "chmod 600 open"]);
    let folder = api.folder().join("folder");
    fs::create_dir(&folder).expect("a folder can be made");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).expect("its mode can be set");
    let ended =
        api.run(&["token", "--role", "admin", "--subject", "me"], &[("TALLY_JWT_SECRET_FILE", "folder")]);
    refused(&ended.await, [SECRET, "folder cannot be read", "directory"]);
}

#[tokio::test]
async fn keys_that_are_none_are_refused() {
    let api = TallyApi::new();
    refused(&api.run(&["--jwks", "missing.json"], &[]).await, [JWKS, "missing.json", "No such file"]);
    api.file("text.json", "no JSON");
    refused(&api.run(&["--jwks", "text.json"], &[]).await, [JWKS, "text.json", "not a JWKS"]);
    api.file("none.json", r#"{"keys": []}"#);
    refused(&api.run(&[], &[("TALLY_JWKS", "none.json")]).await, [JWKS, "none.json", "no RS256 or ES256"]);
    let ended = api.run(&["--jwks", "http://issuer.example/keys"], &[]).await;
    refused(&ended, [JWKS, "https://"]);
    api.file("secret", &"secret".repeat(10));
    let ended = api.run(&["--jwks", "none.json", "--jwt-secret-file", "secret"], &[]).await;
    misread(&ended, ["--jwks", "--jwt-secret-file"]);
}

#[tokio::test]
async fn a_log_filter_that_is_none_is_refused() {
    let api = TallyApi::new();
    for command in [&[][..], &["schema"]] {
        refused(&api.run(command, &[("TALLY_LOG", "worker=lots")]).await, ["--log (TALLY_LOG)"]);
    }
    misread(&api.run(&["schema", "--log-format", "xml"], &[]).await, ["--log-format", "json"]);
}

#[tokio::test]
async fn a_database_with_students_gets_no_invented_school() {
    let api = TallyApi::new();
    let server = api.serve(&[], &[]).await;
    let token = api.run(&["token", "--role", "service", "--subject", "lms"], &[]).await;
    let client = Client::new(server.url(), Some(token.stdout.trim().to_owned()));
    let student = json!({ "sourcedId": "ada", "displayName": "Ada" });
    client.mutate("upsertStudent", "UpsertStudentInput", student, "outcome").await;
    assert_eq!(server.stop().await, Some(0));

    let ended = api.run(&["--demo", "--listen", "localhost:0"], &[]).await;
    refused(&ended, ["--demo is for an empty database", "DATABASE_URL"]);
}

#[tokio::test]
async fn switches_are_read_from_the_environment() {
    let api = TallyApi::new();
    let server = api.serve(&[], &[("TALLY_DEMO", "1"), ("TALLY_NO_WORKER", "yes")]).await;
    assert!(server.greeting.contains("  demo    "), "{}", server.greeting);
    assert!(server.greeting.contains("not in this process"), "{}", server.greeting);
    let unset = [("TALLY_DEMO", ""), ("TALLY_NO_WORKER", "0"), ("DATABASE_URL", "")];
    let server = TallyApi::new().serve(&[], &unset).await;
    assert!(!server.greeting.contains("  demo    "), "{}", server.greeting);
    assert!(server.greeting.contains("  worker     in this process"), "{}", server.greeting);
    misread(&api.run(&[], &[("TALLY_DEMO", "maybe")]).await, ["--demo"]);
}

#[tokio::test]
async fn data_and_secret_are_for_their_owner_alone() {
    let api = TallyApi::new();
    let _server = api.serve(&[], &[]).await;
    for (name, mode) in [(".tally", 0o700), (".tally/jwt-secret", 0o600)] {
        let metadata = fs::metadata(api.folder().join(name)).expect("it was made");
        assert_eq!(metadata.permissions().mode() & 0o777, mode, "{name}");
    }
}

#[tokio::test]
async fn a_token_of_a_secret_made_just_now_comes_with_a_warning() {
    let api = TallyApi::new();
    let args = ["token", "--role", "Guardian", "--subject", "demo-guardian-01"];
    let first = api.run(&args, &[]).await;
    assert_eq!((first.code, first.stdout.split('.').count()), (Some(0), 3), "{first:?}");
    assert!(first.stderr.contains("has another secret"), "{}", first.stderr);
    let second = api.run(&args, &[]).await;
    assert_eq!((second.code, second.stderr.as_str()), (Some(0), ""));
}

#[tokio::test]
async fn a_token_for_nobody_is_refused() {
    let api = TallyApi::new();
    let ended = api.run(&["token", "--role", "admin", "--subject", ""], &[]).await;
    refused(&ended, ["--subject", "1 to 255 characters"]);
    let ended = api.run(&["token", "--role", "parent", "--subject", "me"], &[]).await;
    misread(&ended, ["--role", "GUARDIAN"]);
    let ended = api.run(&["token", "--role", "admin", "--subject", "me"], &[("TALLY_JWKS", "keys.json")]);
    refused(&ended.await, [JWKS, "private keys"]);
}

#[tokio::test]
async fn the_schema_is_printed_as_it_is_served() {
    let ended = TallyApi::new().run(&["schema"], &[]).await;
    assert_eq!((ended.code, ended.stdout), (Some(0), api::schema::sdl()));
}

#[tokio::test]
async fn every_command_has_a_help() {
    let api = TallyApi::new();
    for command in [&[][..], &["token"], &["export"], &["export", "profiles"], &["migrate"], &["schema"]] {
        let ended = api.run(&[command, &["--help"]].concat(), &[]).await;
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{command:?}");
        assert!(ended.stdout.contains("Usage: tally-api"), "{}", ended.stdout);
    }
    let none = fs::read_dir(api.folder()).expect("the folder is there").next().is_none();
    assert!(none, "asking for help makes no file");
}
