//! Documents that cost more than they look.

use std::fmt::Write as _;

use api::auth::Role;
use serde_json::{Value, json};

use super::{Outcome, Target};

pub(super) async fn try_all(target: &Target, outcomes: &mut Vec<Outcome>) {
    for (attack, expected, document) in documents() {
        // Of those who may send large ones.
        let answer = target.asked(Role::Service, "lms", &document, json!({})).await;
        target.note(outcomes, attack, expected, answer).await;
    }
    let nested = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    let body = format!("{{\"query\":\"{{ me {{ role }} }}\",\"variables\":{{\"a\":{nested}}}}}");
    let request = target.post().bearer_auth(target.server.token(Role::Guardian, "gwen"));
    let request = request.header("content-type", "application/json").body(body);
    let answer = super::target::answer(request.send().await).await;
    target.note(outcomes, "variables nested 10,000 deep", "400 BAD_USER_INPUT", answer).await;

    let inputs: Vec<Value> = (0..50_000).map(|n| json!({ "sourcedId": n.to_string() })).collect();
    let query = "mutation($i: [UpsertStudentInput!]!) { upsertStudents(inputs: $i) { written } }";
    let answer = target.asked(Role::Service, "lms", query, json!({ "i": inputs })).await;
    target.note(outcomes, "a list of 50,000 facts", "200 LIMIT_EXCEEDED inputs", answer).await;
}

fn documents() -> Vec<(&'static str, &'static str, String)> {
    let explain =
        "explain(studentId: \"student:00000000-0000-0000-0000-000000000000\") { quizzes { average } }";
    let aliases: Vec<String> = (0..1000).map(|n| format!("a{n}: {explain}")).collect();
    let operations: Vec<String> = (0..1000).map(|n| format!("query Q{n} {{ me {{ role }} }}")).collect();
    let items = vec!["{ sourcedId: \"x\" }"; 50_000].join(" ");
    vec![
        ("fields nested 10,000 deep", "400 LIMIT_EXCEEDED nesting", nested("{a", "}", 10_000)),
        ("fields nested 20 deep", "400 LIMIT_EXCEEDED depth", nested("{me", "}", 20)),
        (
            "a value nested 10,000 deep",
            "400 LIMIT_EXCEEDED nesting",
            format!("{{ node(id: {}) {{ id }} }}", nested("[", "]", 10_000)),
        ),
        ("1,000 aliases of a costly field", "400 LIMIT_EXCEEDED aliases", braced(&aliases.join(" "))),
        (
            "1,000 directives",
            "400 LIMIT_EXCEEDED directives",
            format!("{{ me {{ role {} }} }}", "@include(if: true) ".repeat(1000)),
        ),
        ("1,000 operations", "400 LIMIT_EXCEEDED operations", operations.join(" ")),
        (
            "fragments that contain each other",
            "400 BAD_USER_INPUT",
            "{ ...A } fragment A on Query { ...B me { role } } fragment B on Query { ...A ...A }".to_owned(),
        ),
        ("fragments that double 60 times", "400 LIMIT_EXCEEDED complexity", doubled(60, "me { role }")),
        (
            "fragments that double 30 times and end in none",
            "400 LIMIT_EXCEEDED complexity",
            doubled(30, "...Nothing"),
        ),
        (
            "pages of 100 within each other",
            "400 LIMIT_EXCEEDED complexity",
            "{ students(first: 100) { nodes { profile { history(first: 100) { nodes { version } } } } } }"
                .to_owned(),
        ),
        ("50 profiles with 50 histories each", "400 LIMIT_EXCEEDED complexity", histories(50)),
        (
            "a list of 50,000 in the document",
            "400 LIMIT_EXCEEDED tokens",
            format!("mutation {{ upsertStudents(inputs: [{items}]) {{ written }} }}"),
        ),
        ("4 MB of names", "400 LIMIT_EXCEEDED tokens", braced(&"a ".repeat(2_000_000))),
        (
            "the schema, multiplied with itself",
            "400 LIMIT_EXCEEDED introspection depth",
            "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }".to_owned(),
        ),
        (
            "5,000 wrong names",
            "400 BAD_USER_INPUT",
            braced(&(0..5000).fold(String::new(), |mut names, n| {
                let _ = write!(names, "wrong{n} ");
                names
            })),
        ),
    ]
}

fn braced(fields: &str) -> String {
    format!("{{ {fields} }}")
}

fn nested(open: &str, close: &str, levels: usize) -> String {
    let inner = if open == "[" { "1" } else { "{ role }" };
    format!("{}{inner}{}", open.repeat(levels), close.repeat(levels))
}

/// As many profiles, each with as many histories, of one row each.
fn histories(times: usize) -> String {
    let many = |alias: &str, field: &str| {
        (0..times).map(|n| format!("{alias}{n}: {field}")).collect::<Vec<_>>().join(" ")
    };
    let profiles = many("p", "studentProfile(sourcedId: \"x\") { ...F }");
    let histories = many("h", "history(first: 1) { nodes { version } }");
    format!("{{ {profiles} }} fragment F on StudentProfile {{ {histories} }}")
}

fn doubled(times: usize, end: &str) -> String {
    let mut document = format!("{{ ...F0 }} fragment F{times} on Query {{ {end} }}");
    for nth in 0..times {
        let next = nth + 1;
        let _ = write!(document, " fragment F{nth} on Query {{ ...F{next} ...F{next} }}");
    }
    document
}
