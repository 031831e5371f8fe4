//! That no sight of a record stays unnoted: every row of the table of who may see what, against the access log.

use std::collections::BTreeMap;
use std::time::Duration;

use api::auth::Role;
use reqwest::Method;
use serde_json::{Value, json};
use tests::client::Client;
use tests::{TestApp, on_both_backends};

use crate::access::subscriptions::{SUBSCRIPTIONS, follows};
use crate::access::{OWN, reads, school, sees, viewers};
use crate::backfill;
use crate::queue::sql;
use crate::raw::{answer, as_admin, request};

/// The rows whose answers hold nothing of any student's record. What the others show is noted in the access log.
const OF_NOBODY: &[&str] = &[
    "node Guardian",
    "node Course",
    "node Quiz",
    "node Assignment",
    "node BackfillRun",
    "me",
    "queue",
    "jobs",
    "job",
    "workers",
    "backfillRuns",
    // How many there are; for those that it lists, see below.
    "aggregateDrift",
    "accessLog",
    "erasure",
];

/// How many requests read records, by operation, role and subject, as the access log has it.
async fn noted_reads(app: &TestApp) -> BTreeMap<String, i64> {
    let page = "query($after: String) { accessLog(first: 100, after: $after)
        { nodes { operation kind role subject count } pageInfo { endCursor hasNextPage } } }";
    let (mut noted, mut after) = (BTreeMap::new(), Value::Null);
    loop {
        let data = app.admin().data(page, json!({ "after": after })).await;
        let log = &data["accessLog"];
        for entry in log["nodes"].as_array().expect("entries").iter().filter(|entry| entry["kind"] == "READ")
        {
            let [operation, role, subject] =
                ["operation", "role", "subject"].map(|name| entry[name].as_str());
            let key = format!("{} {} {}", operation.unwrap(), role.unwrap(), subject.unwrap());
            *noted.entry(key).or_default() += entry["count"].as_i64().unwrap();
        }
        if log["pageInfo"]["hasNextPage"] == false {
            return noted;
        }
        after = log["pageInfo"]["endCursor"].clone();
    }
}

/// How a read is noted that a client does through the field of a row.
async fn noted_as(row: &str, client: &Client) -> String {
    let me = client.data("{ me { role subject } }", json!({})).await;
    let [role, subject] = ["role", "subject"].map(|it| me["me"][it].as_str().unwrap().to_owned());
    format!("{} {role} {subject}", row.split(' ').next().unwrap())
}

/// Whether a viewer is a student, who sees nobody else.
fn is_student(viewer: &str) -> bool {
    ["student", "other", "\"gwen\""].contains(&viewer)
}

/// How many students a row shows to whoever it shows any.
fn shown(row: &str) -> i64 {
    if matches!(row, "students" | "guardianships") { 2 } else { 1 }
}

on_both_backends! {
    async fn every_query_that_takes_an_id_is_tried_with_ids_of_others_or_is_for_admins(backend) {
        let app = TestApp::start(backend).await;
        school(&app).await;
        let query = "{ __schema { queryType { fields { name args { name } } } } }";
        let schema = app.admin().data(query, json!({})).await;
        let tried: Vec<&str> =
            reads(&app).await.iter().filter_map(|read| read.name.split(' ').next()).collect();
        let stranger = app.client(Role::Guardian, "stranger");
        for field in schema["__schema"]["queryType"]["fields"].as_array().expect("fields") {
            let arguments = field["args"].as_array().expect("arguments").iter();
            let names_something = arguments.filter_map(|it| it["name"].as_str()).any(|name| {
                name == "student" || name.to_lowercase().ends_with("id")
            });
            let name = field["name"].as_str().expect("a name");
            if names_something && !tried.contains(&name) {
                let (_, query) = OWN.iter().find(|(own, _)| *own == name).expect("its row");
                let answer = stranger.send(query, json!({})).await;
                assert_eq!(sees(&answer), "FORBIDDEN", "{name} is to be tried with ids of others");
            }
        }
    }

    async fn whoever_sees_a_record_is_noted_and_nobody_else(backend) {
        let app = TestApp::start(backend).await;
        school(&app).await;
        let reads = reads(&app).await;
        let rows = reads.iter().map(|read| (read.name, read.query, json!({ "id": read.id })));
        let own = OWN.iter().map(|(name, query)| (*name, *query, json!({})));
        let mut expected = noted_reads(&app).await;
        for (name, query, variables) in rows.chain(own) {
            for (viewer, client) in viewers(&app) {
                let answer = client.send(query, variables.clone()).await;
                if sees(&answer) == "sees" && !is_student(viewer) && !OF_NOBODY.contains(&name) {
                    *expected.entry(noted_as(name, &client).await).or_default() += shown(name);
                }
            }
            assert_eq!(noted_reads(&app).await, expected, "after {name}");
        }
        let ada = &reads[0].id;
        for (name, query) in SUBSCRIPTIONS {
            for (viewer, client) in viewers(&app) {
                let sees = follows(&app, &client, &query.replace("$id", ada)).await == "sees";
                if sees && !is_student(viewer) {
                    *expected.entry(noted_as(name, &client).await).or_default() += 1;
                }
            }
            assert_eq!(noted_reads(&app).await, expected, "after {name}");
        }
    }

    async fn lists_note_who_is_on_the_page(backend) {
        let app = TestApp::start(backend).await;
        for student in ["ada", "ben", "cyd"] {
            app.student(student).await;
        }
        let noted = async |operation: &str| {
            let noted = noted_reads(&app).await;
            noted.get(&format!("{operation} ADMIN admin")).copied().unwrap_or_default()
        };
        let admin = app.admin();
        admin.data("{ students(first: 2) { totalCount nodes { displayName } } }", json!({})).await;
        assert_eq!(noted("students").await, 2);
        admin.data("{ students(first: 2) { totalCount } aggregateDrift { totalCount } }", json!({})).await;
        assert_eq!((noted("students").await, noted("aggregateDrift").await), (4, 0), "a page is read with its count");

        sql(&app, "UPDATE student_profile SET total_quizzes_completed = 9").await;
        let all = worker::audit::Pace { students: 100, every: Duration::ZERO };
        worker::audit::step(app.db(), &*app.clock, all).await.unwrap().expect("it is time");
        admin.data("{ aggregateDrift(first: 1) { nodes { differences { stored } } } }", json!({})).await;
        assert_eq!(noted("aggregateDrift").await, 1);

        let run = backfill::start(&app, json!({ "scope": "ALL", "dryRun": true })).await;
        backfill::settle(&app).await;
        let changes = "query($id: ID!) { backfillRun(id: $id) { changes(first: 2) { nodes { after { overallAverageScore } } } } }";
        admin.data(changes, json!({ "id": run })).await;
        assert_eq!(noted("backfillRun").await, 2);
        let csv = as_admin(&app, request(&app, Method::GET, &format!("/backfills/{run}/changes.csv")));
        assert_eq!(answer(csv).await.text.lines().count(), 4);
        assert_eq!(noted("changesCsv").await, 3);
    }
}
