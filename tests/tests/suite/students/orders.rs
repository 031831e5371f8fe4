//! Every order, both ways, page by page, while students come.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use serde_json::{Value, json};
use tests::crowd::{self, Member};
use tests::{TestApp, on_both_backends};

use super::{FIELDS, LIST, names, page, students};

/// `none` comes last, whichever the direction.
fn by<T: Ord>(a: Option<T>, b: Option<T>, upwards: bool) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) if upwards => a.cmp(&b),
        (Some(a), Some(b)) => b.cmp(&a),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

fn compare(field: &str, upwards: bool, (a, p): &Member, (b, q): &Member) -> Ordering {
    let by_field = match field {
        "NAME" => by(Some(&a.display_name), Some(&b.display_name), upwards),
        "SOURCED_ID" => by(Some(&a.sourced_id), Some(&b.sourced_id), upwards),
        "TOTAL_QUIZZES_COMPLETED" => {
            by(Some(p.total_quizzes_completed), Some(q.total_quizzes_completed), upwards)
        }
        "TOTAL_ASSIGNMENTS_COMPLETED" => {
            by(Some(p.total_assignments_completed), Some(q.total_assignments_completed), upwards)
        }
        "OVERALL_QUIZ_AVERAGE_SCORE" => {
            by(p.overall_quiz_average_score, q.overall_quiz_average_score, upwards)
        }
        "OVERALL_ASSIGNMENT_AVERAGE_SCORE" => {
            by(p.overall_assignment_average_score, q.overall_assignment_average_score, upwards)
        }
        "OVERALL_AVERAGE_SCORE" => by(p.overall_average_score, q.overall_average_score, upwards),
        "LAST_PERFORMANCE_UPDATE" => by(p.last_performance_update, q.last_performance_update, upwards),
        _ => by(p.stale_since, q.stale_since, upwards),
    };
    by_field.then_with(|| by(Some(a.id), Some(b.id), upwards))
}

/// The members in an order.
fn sorted(members: &[Member], field: &str, upwards: bool) -> Vec<String> {
    let mut sorted: Vec<&Member> = members.iter().collect();
    sorted.sort_by(|a, b| compare(field, upwards, a, b));
    sorted.into_iter().map(|(student, _)| student.sourced_id.clone()).collect()
}

/// Every order with its direction.
fn orders() -> impl Iterator<Item = (&'static str, bool, Value)> {
    FIELDS.into_iter().flat_map(|field| {
        [("ASCENDING", true), ("DESCENDING", false)].map(|(direction, upwards)| {
            (field, upwards, json!({ "orderBy": { "field": field, "direction": direction } }))
        })
    })
}

on_both_backends! {
    async fn whoever_is_there_throughout_is_listed_once_and_in_order_while_others_come(backend) {
        let app = TestApp::start(backend).await;
        let there = crowd::join(app.db(), "there", 0..students(2_000)).await;
        let (mut number, mut met) = (0, 0);
        for (field, upwards, mut arguments) in orders() {
            let mut seen = Vec::new();
            arguments["first"] = json!(100);
            loop {
                let page = page(&app, &arguments).await;
                seen.extend(names(&page));
                if page["pageInfo"]["hasNextPage"] == false {
                    break;
                }
                arguments["after"] = page["pageInfo"]["endCursor"].clone();
                crowd::join(app.db(), "coming", number..number + 2).await;
                number += 2;
            }
            let distinct: BTreeSet<&String> = seen.iter().collect();
            assert_eq!(distinct.len(), seen.len(), "{arguments}: nobody twice");
            let (of_there, of_coming): (Vec<String>, Vec<String>) =
                seen.into_iter().partition(|name| name.starts_with("there"));
            met += of_coming.len();
            assert!(of_there == sorted(&there, field, upwards), "{arguments}: all, in order");
        }
        assert!(met > 0, "some who came were met");
    }

    async fn every_order_can_be_read_from_its_end(backend) {
        let app = TestApp::start(backend).await;
        let members = crowd::join(app.db(), "s", 0..250).await;
        for (field, upwards, mut arguments) in orders() {
            let mut seen = Vec::new();
            arguments["last"] = json!(60);
            loop {
                let page = page(&app, &arguments).await;
                seen.splice(0..0, names(&page));
                assert_eq!(page["pageInfo"]["hasNextPage"], json!(!arguments["before"].is_null()));
                if page["pageInfo"]["hasPreviousPage"] == false {
                    break;
                }
                arguments["before"] = page["pageInfo"]["startCursor"].clone();
            }
            assert_eq!(seen, sorted(&members, field, upwards), "{arguments}");
        }
    }

    async fn a_cursor_is_one_of_its_own_order(backend) {
        let app = TestApp::start(backend).await;
        crowd::join(app.db(), "s", 0..3).await;
        let order = |field: &str, direction: &str| json!({ "field": field, "direction": direction });
        let by_name = page(&app, &json!({ "first": 1 })).await;
        let cursor = by_name["pageInfo"]["endCursor"].as_str().unwrap();
        for other in [order("OVERALL_AVERAGE_SCORE", "ASCENDING"), order("SOURCED_ID", "ASCENDING"), order("NAME", "DESCENDING")] {
            let error = app.admin().error(LIST, json!({ "orderBy": other, "after": cursor })).await;
            assert_eq!((error.code.as_str(), error.field.as_deref()), ("BAD_USER_INPUT", Some("after")));
            assert!(error.message.contains("another order"), "{}", error.message);
        }
        assert_eq!(names(&page(&app, &json!({ "orderBy": order("NAME", "ASCENDING"), "after": cursor })).await).len(), 2);
        for (arguments, field) in [
            (json!({ "after": "x" }), "after"),
            (json!({ "last": 1, "before": "x" }), "before"),
            (json!({ "before": cursor }), "before"),
            (json!({ "last": 1, "after": cursor }), "after"),
            (json!({ "first": 1, "last": 1 }), "last"),
            (json!({ "first": 0 }), "first"),
            (json!({ "last": 101 }), "last"),
        ] {
            let error = app.admin().error(LIST, arguments.clone()).await;
            assert_eq!((error.code.as_str(), error.field.as_deref()), ("BAD_USER_INPUT", Some(field)), "{arguments}");
        }
    }
}
