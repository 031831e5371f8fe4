//! The admins' list of students. `TALLY_LIST_STUDENTS` has more of them take part, and the slowest page be told.

mod filters;
mod orders;
mod plans;

use serde_json::{Value, json};
use tests::TestApp;

/// The fields that the list can be ordered by.
const FIELDS: [&str; 9] = [
    "NAME",
    "SOURCED_ID",
    "TOTAL_QUIZZES_COMPLETED",
    "TOTAL_ASSIGNMENTS_COMPLETED",
    "OVERALL_QUIZ_AVERAGE_SCORE",
    "OVERALL_ASSIGNMENT_AVERAGE_SCORE",
    "OVERALL_AVERAGE_SCORE",
    "LAST_PERFORMANCE_UPDATE",
    "STALE_SINCE",
];

/// How many students take part.
fn students(usually: u32) -> u32 {
    wanted().unwrap_or(usually)
}

#[expect(clippy::disallowed_methods, reason = "how long one is ready to wait is said in the environment")]
fn wanted() -> Option<u32> {
    std::env::var("TALLY_LIST_STUDENTS").ok().and_then(|students| students.parse().ok())
}

#[expect(clippy::print_stderr, reason = "what was measured is what one asks for more students for")]
fn tell(line: &str) {
    if wanted().is_some() {
        eprintln!("{line}");
    }
}

const LIST: &str = "query($filter: StudentFilter, $orderBy: StudentOrder, $first: Int, $after: String, $last: Int, \
     $before: String) { students(filter: $filter, orderBy: $orderBy, first: $first, after: $after, last: $last, \
     before: $before) { edges { cursor node { sourcedId profile { overallAverageScore } } } \
     pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";

/// A page of the list, as an admin sees it.
async fn page(app: &TestApp, arguments: &Value) -> Value {
    app.admin().data(LIST, arguments.clone()).await["students"].clone()
}

/// The `sourcedId`s of a page.
fn names(page: &Value) -> Vec<String> {
    let edges = page["edges"].as_array().expect("edges").iter();
    edges.map(|edge| edge["node"]["sourcedId"].as_str().expect("an id").to_owned()).collect()
}

/// The `sourcedId`s of the whole list, `size` students a page.
async fn walk(app: &TestApp, arguments: &Value, size: u32) -> Vec<String> {
    let (mut seen, mut arguments) = (Vec::new(), arguments.clone());
    arguments["first"] = json!(size);
    loop {
        let page = page(app, &arguments).await;
        seen.extend(names(&page));
        if page["pageInfo"]["hasNextPage"] == false {
            return seen;
        }
        arguments["after"] = page["pageInfo"]["endCursor"].clone();
    }
}
