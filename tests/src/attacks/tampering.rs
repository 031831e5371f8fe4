//! Ids, cursors and texts that were made up.

use api::auth::Role;
use serde_json::{Value, json};

use super::target::tally;
use super::{Outcome, Target};
use crate::client::Client;

const SQL: &str = "x'; DROP TABLE student; DELETE FROM \"student\" WHERE 'a' = 'a'; --";

pub(super) async fn try_all(target: &Target, outcomes: &mut Vec<Outcome>) {
    let admin = target.client(Role::Admin, "admin");
    ids(target, &admin, outcomes).await;
    cursors(target, &admin, outcomes).await;
    let said = sql(target, &admin).await;
    target.note(outcomes, "SQL in every text", "nothing is lost", said).await;
}

/// A guardian tries to read a student of others by every way that takes an id.
async fn ids(target: &Target, admin: &Client, outcomes: &mut Vec<Outcome>) {
    let bea = admin.data("{ studentProfile(sourcedId: \"bea\") { id student { id } } }", json!({})).await;
    let (profile, bea) = (&bea["studentProfile"]["id"], &bea["studentProfile"]["student"]["id"]);
    let gwen = target.client(Role::Guardian, "gwen");
    let query = "query($s: ID!, $p: ID!) { student: node(id: $s) { id } profile: node(id: $p) { id }
        studentProfile(id: $s) { id } explain(studentId: $s) { __typename } trend(studentId: $s) { __typename }
        recentActivity(studentId: $s) { __typename } performanceHistory(studentId: $s) { __typename }
        weeklyPerformance(studentId: $s) { __typename } }";
    let nobody = "00000000-0000-0000-0000-000000000000";
    let of_nobody = |id: &Value| {
        let kind = id.as_str().and_then(|id| id.split(':').next()).unwrap_or_default();
        format!("{kind}:{nobody}")
    };
    let (student, aggregates) = (of_nobody(bea), of_nobody(profile));
    let of_bea = gwen.send(query, json!({ "s": bea, "p": profile })).await;
    let of_nobody = gwen.send(query, json!({ "s": student, "p": aggregates })).await;
    let same = of_bea.status == of_nobody.status && of_bea.body == of_nobody.body;
    let said = if same { "as of nobody".to_owned() } else { format!("{} {}", of_bea.body, of_nobody.body) };
    target.note(outcomes, "the ids of somebody else's child", "as of nobody", said).await;

    let mut said = Vec::new();
    let of_profile = bea.as_str().unwrap_or_default().replace("student:", "studentProfile:");
    for id in ["", "student:", "student:1", "course:x", "\u{0}", SQL, &"x".repeat(50_000), &of_profile] {
        said.push(
            target
                .document("query($s: ID!) { explain(studentId: $s) { __typename } }", json!({ "s": id }))
                .await,
        );
    }
    target.note(outcomes, "ids that are none", "8 x 200 BAD_USER_INPUT studentId", tally(said)).await;
}

async fn cursors(target: &Target, admin: &Client, outcomes: &mut Vec<Outcome>) {
    let nil = "00000000-0000-0000-0000-000000000000";
    let far = format!("{}.{nil}", i64::MIN);
    let mut said = Vec::new();
    for cursor in ["", "x", "\u{0}", SQL, "-1", nil, &far, &"9".repeat(10_000)] {
        let query = "query($after: String!) { myChildren { recentActivity(after: $after) { __typename } } }";
        said.push(target.document(query, json!({ "after": cursor })).await);
    }
    target.note(outcomes, "cursors that are none", "8 x 200 BAD_USER_INPUT after", tally(said)).await;

    let first = admin.data("{ students(first: 1) { pageInfo { endCursor } } }", json!({})).await;
    let cursor = first["students"]["pageInfo"]["endCursor"].as_str().unwrap_or_default().to_owned();
    let mut said = Vec::new();
    for at in 0..cursor.len() {
        let mut changed = cursor.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).expect("one letter for another");
        let query = "query($after: String!) { students(after: $after) { __typename } }";
        said.push(target.asked(Role::Admin, "admin", query, json!({ "after": changed })).await);
    }
    said.retain(|answer| answer != "200" && answer != "200 BAD_USER_INPUT after");
    let answer = if said.is_empty() { "another page, or BAD_USER_INPUT".to_owned() } else { tally(said) };
    target
        .note(outcomes, "a cursor with any one letter changed", "another page, or BAD_USER_INPUT", answer)
        .await;
}

/// SQL wherever a text is taken, as the learning system, which may write. What is no name is refused; what is one is
/// kept as it is.
async fn sql(target: &Target, admin: &Client) -> String {
    let service = target.client(Role::Service, "lms");
    for (input_type, mutation, input) in inputs() {
        let query = format!("mutation($input: {input_type}!) {{ {mutation}(input: $input) {{ outcome }} }}");
        for path in texts(&input) {
            let mut input = input.clone();
            *input.pointer_mut(&path).expect("a path of the input") = SQL.into();
            let answer = service.send(&query, json!({ "input": input })).await;
            let code = answer.error().map(|error| error.code);
            let harmless = code
                .as_deref()
                .is_none_or(|code| matches!(code, "BAD_USER_INPUT" | "NOT_FOUND" | "CONFLICT"));
            if !harmless {
                return format!("{mutation}{path}: {}", answer.body);
            }
        }
    }
    let listed = "query($s: String!) { students(filter: { search: $s }) { nodes { sourcedId } totalCount } }";
    let found = admin.data(listed, json!({ "s": SQL })).await;
    let all = admin.data("{ students { totalCount } }", json!({})).await;
    let whole = found["students"]["totalCount"].as_u64() >= Some(1)
        && all["students"]["totalCount"].as_u64() >= Some(3);
    if whole { "nothing is lost".to_owned() } else { format!("{found} {all}") }
}

fn inputs() -> Vec<(&'static str, &'static str, Value)> {
    let ada = json!({ "sourcedId": "ada" });
    let time = "2026-03-01T10:00:00Z";
    vec![
        (
            "UpsertStudentInput",
            "upsertStudent",
            json!({ "sourcedId": "z", "displayName": "Z", "occurredAt": time }),
        ),
        ("UpsertGuardianInput", "upsertGuardian", json!({ "sourcedId": "z", "displayName": "Z" })),
        ("UpsertCourseInput", "upsertCourse", json!({ "sourcedId": "z", "title": "Z" })),
        (
            "UpsertQuizInput",
            "upsertQuiz",
            json!({ "sourcedId": "z", "title": "Z", "course": { "sourcedId": "maths" } }),
        ),
        (
            "UpsertEnrollmentInput",
            "upsertEnrollment",
            json!({ "sourcedId": "ada-maths", "student": ada, "course": { "sourcedId": "maths" }, "status": "ACTIVE" }),
        ),
        (
            "RecordQuizAttemptInput",
            "recordQuizAttempt",
            json!({ "sourcedId": "z", "student": ada, "quiz": { "sourcedId": "q" }, "completedAt": time,
                "score": { "points": { "earned": "1", "possible": "2" } } }),
        ),
        (
            "GrantGuardianshipInput",
            "grantGuardianship",
            json!({ "student": ada, "guardian": { "sourcedId": "gwen" }, "validFrom": time }),
        ),
    ]
}

/// The paths of all texts.
fn texts(value: &Value) -> Vec<String> {
    let Value::Object(fields) = value else { return vec![String::new()] };
    let below = |(name, value): (&String, &Value)| {
        texts(value).into_iter().map(|path| format!("/{name}{path}")).collect::<Vec<_>>()
    };
    fields.iter().flat_map(below).collect()
}
