//! The example operations of GraphiQL: what is shown to teach has to work.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use api::auth::Role;
use api::demo;
use async_graphql::Name;
use async_graphql::parser::parse_query;
use async_graphql::parser::types::OperationType;
use entity::clock::Clock as _;
use serde_json::{Value, json};
use tests::socket::Socket;
use tests::{Backend, TestApp};

use crate::raw::{JSON, post};

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../api/web/graphiql"))
}

/// The examples by their names.
fn examples() -> Vec<(String, String)> {
    let files = fs::read_dir(folder().join("examples")).expect("examples");
    let read = |path: PathBuf| {
        let name = path.file_stem().and_then(|name| name.to_str()).expect("a plain name").to_owned();
        (name, fs::read_to_string(path).expect("a text"))
    };
    let mut examples: Vec<_> = files.map(|file| read(file.expect("a file").path())).collect();
    examples.sort();
    examples
}

/// The names of a document's operations, in their order, and what each does.
fn operations(document: &str) -> Vec<(String, OperationType)> {
    let operations = parse_query(document).expect("it can be read").operations;
    let mut operations: Vec<_> = operations.iter().collect();
    operations.sort_by_key(|(_, operation)| operation.pos);
    let name =
        |name: Option<&Name>| name.expect("every operation has a name, which its tab shows").to_string();
    operations.into_iter().map(|(operation, definition)| (name(operation), definition.node.ty)).collect()
}

/// The first that the one subscription of a document brings of the student whom the examples are about.
async fn first_of(app: &TestApp, document: &str) -> Value {
    let query = "{ studentProfile(sourcedId: \"demo-student-01\") { student { id } } \
         backfillRuns(first: 1) { nodes { id } } }";
    let ids = app.admin().data(query, json!({})).await;
    let (student, run) = (&ids["studentProfile"]["student"]["id"], &ids["backfillRuns"]["nodes"][0]["id"]);
    let mut socket = Socket::connect(&app.url, &app.token(Role::Admin, "admin")).await;
    socket.subscribe("1", document, json!({ "student": student, "run": run })).await;
    socket.next().await["payload"].clone()
}

#[tokio::test]
async fn every_example_works_on_the_invented_school() {
    let app = TestApp::start(Backend::Sqlite).await;
    demo::fill(app.db(), app.clock.now()).await.expect("an empty database can be filled");
    app.drain().await;
    let mut sent = 0;
    for (name, document) in examples() {
        for (operation, ty) in operations(&document) {
            let answer = if ty == OperationType::Subscription {
                first_of(&app, &document).await
            } else {
                let body = json!({ "query": document, "operationName": operation }).to_string();
                post(&app, JSON, JSON, body).await.json()
            };
            assert!(answer.get("errors").is_none(), "{name}: {operation}: {answer:#}");
            sent += 1;
        }
    }
    assert!(sent >= 6, "{sent}");
}

#[test]
fn every_example_is_a_tab() {
    let script = fs::read_to_string(folder().join("graphiql.js")).expect("a text");
    let list = script.split_once("const EXAMPLES = [").expect("a list").1.split_once(']').expect("its end").0;
    let tabs: BTreeSet<&str> = list.split(',').map(|name| name.trim().trim_matches('\'')).collect();
    let examples = examples();
    assert_eq!(tabs, examples.iter().map(|(name, _)| name.as_str()).collect());
}
