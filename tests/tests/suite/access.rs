//! Who is answered what: every field, for every kind of viewer.
//!
//! The table is made by asking the running server, and kept as a snapshot. A change of it is a change of who may see
//! whom, and is to be looked at as such.

mod mutations;
pub(super) mod subscriptions;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use api::auth::Role;
use chrono::TimeDelta;
use serde_json::{Value, json};
use tests::client::{Answer, Client};
use tests::{TestApp, on_both_backends};

use mutations::MUTATIONS;
use subscriptions::{SUBSCRIPTIONS, follows};

/// A query and the id of what it asks for.
pub(super) struct Read {
    /// What stands in the table. Its first word is the field.
    pub(super) name: &'static str,
    pub(super) query: &'static str,
    pub(super) id: String,
}

/// Ada is gwen's child today. She was that of others, will be that of others, and ben is somebody else's.
pub(super) async fn school(app: &TestApp) {
    for student in ["ada", "ben"] {
        app.student(student).await;
    }
    app.course("maths").await;
    app.quiz("q", "maths").await;
    app.assignment("t", "maths").await;
    app.enroll("ada", "maths", "ACTIVE").await;
    app.attempt("ada", "a", "q", "80").await;
    app.submission("ada", "s", "t", "90").await;
    for guardian in ["gwen", "former", "early", "late", "stranger", "childless"] {
        app.write("upsertGuardian", json!({ "sourcedId": guardian, "displayName": guardian })).await;
    }
    let start = tests::app::start_of_time();
    grant(app, "ada", "gwen", json!({})).await;
    grant(app, "ada", "former", json!({})).await;
    revoke(app, "ada", "former").await;
    grant(app, "ada", "early", json!({ "validFrom": (start + TimeDelta::days(9)).to_rfc3339() })).await;
    grant(app, "ada", "late", json!({ "validUntil": (start + TimeDelta::hours(1)).to_rfc3339() })).await;
    grant(app, "ben", "stranger", json!({})).await;
    app.advance(TimeDelta::hours(2));
    app.drain().await;
}

async fn grant(app: &TestApp, student: &str, guardian: &str, dates: Value) {
    let mut input = json!({ "student": { "sourcedId": student }, "guardian": { "sourcedId": guardian } });
    for (name, value) in dates.as_object().into_iter().flatten() {
        input[name] = value.clone();
    }
    app.write("grantGuardianship", input).await;
}

async fn revoke(app: &TestApp, student: &str, guardian: &str) {
    let input = json!({ "student": { "sourcedId": student }, "guardian": { "sourcedId": guardian } });
    app.write("revokeGuardianship", input).await;
}

pub(super) fn viewers(app: &TestApp) -> Vec<(&'static str, Client)> {
    vec![
        ("admin", app.admin()),
        ("service", app.service()),
        ("guardian", app.client(Role::Guardian, "gwen")),
        ("revoked", app.client(Role::Guardian, "former")),
        ("too early", app.client(Role::Guardian, "early")),
        ("too late", app.client(Role::Guardian, "late")),
        ("stranger", app.client(Role::Guardian, "stranger")),
        ("childless", app.client(Role::Guardian, "childless")),
        // The names of guardians and of students have nothing to do with each other.
        ("\"ada\"", app.client(Role::Guardian, "ada")),
        ("student", app.client(Role::Student, "ada")),
        ("other", app.client(Role::Student, "ben")),
        ("\"gwen\"", app.client(Role::Student, "gwen")),
        ("nobody", Client::new(&app.url, None)),
    ]
}

const NODE: &str = "query($id: ID!) { node(id: $id) { __typename id } }";

/// A query for each thing there is.
pub(super) async fn reads(app: &TestApp) -> Vec<Read> {
    let id = async |mutation: &str, input: Value| {
        let mut input_type = format!("{mutation}Input");
        input_type[..1].make_ascii_uppercase();
        let payload = app.service().mutate(mutation, &input_type, input, "fact { id }").await;
        payload["fact"]["id"].as_str().expect("an id").to_owned()
    };
    let of_ada = |sourced_id: &str| json!({ "student": { "sourcedId": "ada" }, "sourcedId": sourced_id });
    let student = id("upsertStudent", json!({ "sourcedId": "ada" })).await;
    let node = |name, id| Read { name, query: NODE, id };
    let backfill = "mutation { backfillStudentAggregates(input: { scope: ALL, dryRun: true }) { id } }";
    let run = app.admin().data(backfill, json!({})).await["backfillStudentAggregates"]["id"].clone();
    vec![
        Read {
            name: "studentProfile by id",
            query: "query($id: ID!) { studentProfile(id: $id) { overallAverageScore } }",
            id: student.clone(),
        },
        Read {
            name: "studentProfile by sourcedId",
            query: "query($id: String!) { studentProfile(sourcedId: $id) { student { displayName } } }",
            id: "ada".to_owned(),
        },
        Read {
            name: "studentProfile accesses",
            query: "query($id: ID!) { studentProfile(id: $id) { accesses { nodes { role } } } }",
            id: student.clone(),
        },
        Read {
            name: "studentRecord",
            query: "query($id: ID!) { studentRecord(id: $id) }",
            id: student.clone(),
        },
        Read {
            name: "performanceHistory",
            query: "query($id: ID!) { performanceHistory(studentId: $id) { nodes { overallAverageScore } } }",
            id: student.clone(),
        },
        Read {
            name: "weeklyPerformance",
            query: "query($id: ID!) { weeklyPerformance(studentId: $id) { week averageScore } }",
            id: student.clone(),
        },
        Read {
            name: "explain",
            query: "query($id: ID!) { explain(studentId: $id) { overall { average } } }",
            id: student.clone(),
        },
        Read {
            name: "recentActivity",
            query: "query($id: ID!) { recentActivity(studentId: $id) { nodes { title } } }",
            id: student.clone(),
        },
        Read {
            name: "trend",
            query: "query($id: ID!) { trend(studentId: $id) { direction } }",
            id: student.clone(),
        },
        node("node StudentProfile", student.replace("student:", "profile:")),
        node("node Student", student),
        node("node Enrollment", id("upsertEnrollment", of_ada("ada-maths")).await),
        node("node QuizAttempt", id("recordQuizAttempt", of_ada("a")).await),
        node("node AssignmentSubmission", id("recordSubmission", of_ada("s")).await),
        node("node Guardian", id("upsertGuardian", json!({ "sourcedId": "gwen" })).await),
        node("node Course", id("upsertCourse", json!({ "sourcedId": "maths" })).await),
        node("node Quiz", id("upsertQuiz", json!({ "sourcedId": "q" })).await),
        node("node Assignment", id("upsertAssignment", json!({ "sourcedId": "t" })).await),
        node("node BackfillRun", run.as_str().expect("an id").to_owned()),
    ]
}

/// Queries that ask for no particular thing.
pub(super) const OWN: &[(&str, &str)] = &[
    ("me", "{ me { role subject } }"),
    ("me children", "{ me { children { student { sourcedId } } } }"),
    ("me profile", "{ me { profile { student { sourcedId } } } }"),
    ("myChildren", "{ myChildren { student { sourcedId } } }"),
    ("queue", "{ queue { staleProfiles } }"),
    ("jobs", "{ jobs { nodes { id } } }"),
    ("job", "{ job(id: \"job:0193d1b2-0000-7000-8000-000000000000\") { id } }"),
    ("workers", "{ workers { name } }"),
    ("students", "{ students { nodes { sourcedId } } }"),
    ("guardianships", "{ guardianships { nodes { guardian { sourcedId } } } }"),
    ("aggregateDrift", "{ aggregateDrift { totalCount } }"),
    ("backfillRun", "{ backfillRun(id: \"backfillRun:0193d1b2-0000-7000-8000-000000000000\") { id } }"),
    ("backfillRuns", "{ backfillRuns { nodes { id } } }"),
    ("accessLog", "{ accessLog { nodes { id } } }"),
    ("erasure", "{ erasure(studentId: \"student:0193d1b2-0000-7000-8000-000000000000\") { reason } }"),
];

/// What a cell of the table says of the answer to a mutation: whether its role was refused, not what else was wrong.
fn may(answer: &Answer) -> String {
    let code = answer.error().map(|error| error.code).unwrap_or_default();
    if ["FORBIDDEN", "UNAUTHENTICATED"].contains(&code.as_str()) { code } else { "may".to_owned() }
}

/// What a cell of the table says of the answer to a query.
pub(super) fn sees(answer: &Answer) -> String {
    if let Some(error) = answer.error() {
        return error.code;
    }
    let mut value = &answer.body["data"];
    while let Some((_, inner)) =
        value.as_object().filter(|object| object.len() == 1).and_then(|it| it.iter().next())
    {
        value = inner;
    }
    match value {
        Value::Null => "-".to_owned(),
        Value::Array(items) if items.is_empty() => "-".to_owned(),
        _ => "sees".to_owned(),
    }
}

on_both_backends! {
    async fn everybody_is_answered_what_is_theirs(backend) {
        let app = TestApp::start(backend).await;
        school(&app).await;
        let viewers = viewers(&app);
        let mut table = format!("{:<30}", "");
        for (viewer, _) in &viewers {
            write!(table, "{viewer:<16}").expect("a text takes everything");
        }
        table.truncate(table.trim_end().len());
        let mut rows = Vec::new();
        for read in reads(&app).await {
            rows.push((read.name, read.query.to_owned(), json!({ "id": read.id })));
        }
        for (name, query) in OWN.iter().copied() {
            rows.push((name, query.to_owned(), json!({})));
        }
        for (name, arguments) in MUTATIONS.iter().copied() {
            rows.push((name, format!("mutation {{ {name}({arguments}) {{ __typename }} }}"), json!({})));
        }
        for (name, query, variables) in rows {
            let mut row = format!("{name:<30}");
            for (_, client) in &viewers {
                let answer = client.send(&query, variables.clone()).await;
                let cell = if query.starts_with("mutation") { may(&answer) } else { sees(&answer) };
                write!(row, "{cell:<16}").expect("a text takes everything");
            }
            write!(table, "\n{}", row.trim_end()).expect("a text takes everything");
        }
        for (name, query) in SUBSCRIPTIONS {
            let query = query.replace("$id", &reads(&app).await[0].id);
            let mut row = format!("{name:<30}");
            for (_, client) in &viewers {
                write!(row, "{:<16}", follows(&app, client, &query).await).expect("a text takes everything");
            }
            write!(table, "\n{}", row.trim_end()).expect("a text takes everything");
        }
        insta::assert_snapshot!("access", table);
    }

    async fn what_may_not_be_seen_is_answered_like_what_does_not_exist(backend) {
        let app = TestApp::start(backend).await;
        school(&app).await;
        let mut hidden = 0;
        for Read { name, query, id } in reads(&app).await {
            let nothing = match id.split_once(':') {
                Some((prefix, _)) => format!("{prefix}:{}", uuid::Uuid::nil()),
                None => "nothing".to_owned(),
            };
            for (viewer, client) in viewers(&app) {
                let there = client.send(query, json!({ "id": id })).await;
                if sees(&there) == "sees" {
                    continue;
                }
                hidden += 1;
                let not_there = client.send(query, json!({ "id": nothing })).await;
                assert_eq!(there.status, not_there.status, "{name} for {viewer}");
                assert_eq!(there.body, not_there.body, "{name} for {viewer}");
                assert_eq!(there.bytes, not_there.bytes, "{name} for {viewer}");
            }
        }
        assert!(hidden > 50, "only {hidden} cells were hidden");
        for client in [app.client(Role::Guardian, "gwen"), app.client(Role::Student, "ben")] {
            let delete = "mutation($id: String!) { deleteStudent(student: { sourcedId: $id }) { deletedId } }";
            let there = client.send(delete, json!({ "id": "ada" })).await;
            let not_there = client.send(delete, json!({ "id": "nobody" })).await;
            assert_eq!(there.error().map(|error| error.code).as_deref(), Some("FORBIDDEN"));
            assert_eq!(there.body, not_there.body);
        }
        assert_eq!(app.profile("ada").await.quizzes, 1);
    }

    async fn a_guardianship_holds_from_its_first_moment_to_before_its_last(backend) {
        let app = TestApp::start(backend).await;
        app.student("ada").await;
        app.write("upsertGuardian", json!({ "sourcedId": "gwen", "displayName": "Gwen" })).await;
        let start = tests::app::start_of_time();
        let dates = json!({
            "validFrom": (start + TimeDelta::minutes(10)).to_rfc3339(),
            "validUntil": (start + TimeDelta::minutes(20)).to_rfc3339(),
        });
        grant(&app, "ada", "gwen", dates).await;
        let microsecond = TimeDelta::microseconds(1);
        for (moment, sees) in [
            (TimeDelta::zero(), false),
            (TimeDelta::minutes(10) - microsecond, false),
            (TimeDelta::minutes(10), true),
            (TimeDelta::minutes(20) - microsecond, true),
            (TimeDelta::minutes(20), false),
        ] {
            app.clock.set(start + moment);
            assert_eq!(sees_ada(&app.client(Role::Guardian, "gwen")).await, sees, "after {moment}");
        }
    }

    async fn revoking_takes_effect_at_once(backend) {
        let app = TestApp::start(backend).await;
        app.student("ada").await;
        app.write("upsertGuardian", json!({ "sourcedId": "gwen", "displayName": "Gwen" })).await;
        let gwen = app.client(Role::Guardian, "gwen");
        assert!(!sees_ada(&gwen).await);
        grant(&app, "ada", "gwen", json!({})).await;
        assert!(sees_ada(&gwen).await);
        revoke(&app, "ada", "gwen").await;
        assert!(!sees_ada(&gwen).await);
        grant(&app, "ada", "gwen", json!({})).await;
        assert!(sees_ada(&gwen).await);
        app.service()
            .data("mutation { deleteStudent(student: { sourcedId: \"ada\" }) { deletedId } }", json!({}))
            .await;
        assert!(!sees_ada(&gwen).await);
    }

    async fn every_query_mutation_and_node_has_its_row(backend) {
        let app = TestApp::start(backend).await;
        let query = "{ __schema { queryType { fields { name } } mutationType { fields { name } }
            subscriptionType { fields { name } } } __type(name: \"Node\") { possibleTypes { name } } }";
        let data = app.admin().data(query, json!({})).await;
        let names = |value: &Value| -> BTreeSet<String> {
            let names = value.as_array().expect("a list").iter();
            names.map(|it| it["name"].as_str().unwrap_or_default().to_owned()).collect()
        };
        school(&app).await;
        let reads = reads(&app).await;
        let rows = reads.iter().map(|read| read.name).chain(OWN.iter().copied().map(|(name, _)| name));
        let queries: BTreeSet<String> =
            rows.map(|name| name.split(' ').next().unwrap_or_default().to_owned()).collect();
        assert_eq!(names(&data["__schema"]["queryType"]["fields"]), queries);
        let mutations: BTreeSet<String> = MUTATIONS.iter().copied().map(|(name, _)| name.to_owned()).collect();
        assert_eq!(names(&data["__schema"]["mutationType"]["fields"]), mutations);
        let subscriptions = SUBSCRIPTIONS.into_iter().map(|(name, _)| name.to_owned()).collect();
        assert_eq!(names(&data["__schema"]["subscriptionType"]["fields"]), subscriptions);
        let nodes: BTreeSet<String> =
            reads.iter().filter_map(|read| read.name.strip_prefix("node ")).map(str::to_owned).collect();
        assert_eq!(names(&data["__type"]["possibleTypes"]), nodes);
    }
}

/// Whether the client sees ada, which must be the same by every way.
async fn sees_ada(client: &Client) -> bool {
    let query = "{ studentProfile(sourcedId: \"ada\") { id } myChildren { id } me { children { id } } }";
    let data = client.data(query, json!({})).await;
    let sees = !data["studentProfile"].is_null();
    for children in [&data["myChildren"], &data["me"]["children"]] {
        assert_eq!(children.as_array().map(Vec::len), Some(usize::from(sees)), "{data}");
    }
    sees
}
