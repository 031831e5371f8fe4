//! Who is listed.

use chrono::TimeDelta;
use serde_json::{Value, json};
use tests::{TestApp, on_both_backends};

use super::{LIST, names, page, walk};

/// Ada and ben have numbers, cyd has only an enrolment, and nothing was ever told of dan. Ben is stale.
async fn school(app: &TestApp) {
    for course in ["maths", "art"] {
        app.course(course).await;
        app.quiz(&format!("{course}-quiz"), course).await;
        app.assignment(&format!("{course}-essay"), course).await;
    }
    for (student, name) in [("ada", "Ada 100%"), ("ben", "ben_jamin"), ("cyd", "Cyd \\ Ö"), ("dan", "Dan")] {
        app.write("upsertStudent", json!({ "sourcedId": student, "displayName": name })).await;
    }
    app.enroll("ada", "maths", "ACTIVE").await;
    app.enroll("ada", "art", "DROPPED").await;
    app.enroll("ben", "maths", "COMPLETED").await;
    app.enroll("cyd", "art", "ACTIVE").await;
    app.attempt("ada", "a1", "maths-quiz", "80").await;
    app.attempt("ada", "a2", "maths-quiz", "90").await;
    app.submission("ada", "s1", "maths-essay", "70").await;
    app.attempt("ben", "a1", "maths-quiz", "60").await;
    app.drain().await;
    app.advance(TimeDelta::minutes(1));
    app.submission("ben", "s1", "maths-essay", "50").await;
}

async fn count(app: &TestApp, filter: &Value) -> Value {
    let query = "query($filter: StudentFilter) { students(filter: $filter) { totalCount } }";
    app.admin().data(query, json!({ "filter": filter })).await["students"]["totalCount"].clone()
}

on_both_backends! {
    async fn every_condition_lets_through_whom_it_should(backend) {
        let app = TestApp::start(backend).await;
        school(&app).await;
        let in_course = |course: &str| json!({ "sourcedId": course });
        let cases: Vec<(Value, &[&str])> = vec![
            (json!({}), &["ada", "ben", "cyd", "dan"]),
            (json!({ "search": "DA" }), &["ada", "dan"]),
            (json!({ "search": "JAMIN" }), &["ben"]),
            (json!({ "search": "cy" }), &["cyd"]),
            (json!({ "search": "Ö" }), &["cyd"]),
            (json!({ "search": "%" }), &["ada"]),
            (json!({ "search": "_" }), &["ben"]),
            (json!({ "search": "\\" }), &["cyd"]),
            (json!({ "search": "nobody" }), &[]),
            (json!({ "course": in_course("maths") }), &["ada", "ben"]),
            (json!({ "course": in_course("art") }), &["ada", "cyd"]),
            (json!({ "enrollmentStatus": "ACTIVE" }), &["ada", "cyd"]),
            (json!({ "enrollmentStatus": "PENDING" }), &[]),
            (json!({ "course": in_course("art"), "enrollmentStatus": "ACTIVE" }), &["cyd"]),
            (json!({ "stale": true }), &["ben"]),
            (json!({ "stale": false }), &["ada", "cyd", "dan"]),
            (json!({ "neverUpdated": true }), &["dan"]),
            (json!({ "neverUpdated": false }), &["ada", "ben", "cyd"]),
            (json!({ "quizzes": { "min": 1 } }), &["ada", "ben"]),
            (json!({ "quizzes": { "max": 1 } }), &["ben", "cyd", "dan"]),
            (json!({ "quizzes": { "min": 2, "max": 2 } }), &["ada"]),
            (json!({ "assignments": { "min": 1 } }), &["ada"]),
            (json!({ "quizAverage": { "min": "60", "max": "84.99" } }), &["ben"]),
            (json!({ "quizAverage": { "min": "85.00" } }), &["ada"]),
            (json!({ "assignmentAverage": { "max": 70 } }), &["ada"]),
            (json!({ "overallAverage": { "min": 0 } }), &["ada", "ben"]),
            (json!({ "overallAverage": { "max": "79.99" } }), &["ben"]),
            (json!({ "overallAverage": {} }), &["ada", "ben", "cyd", "dan"]),
            (json!({ "search": "a", "stale": true, "course": in_course("maths") }), &["ben"]),
        ];
        for (filter, expected) in cases {
            for order in ["SOURCED_ID", "OVERALL_AVERAGE_SCORE", "STALE_SINCE"] {
                let arguments = json!({ "filter": filter, "orderBy": { "field": order } });
                let mut seen = walk(&app, &arguments, 1).await;
                seen.sort();
                assert_eq!(seen, expected, "{arguments}");
            }
            assert_eq!(count(&app, &filter).await, json!(expected.len()), "{filter}");
        }
    }

    async fn an_enrolment_that_was_deleted_is_none(backend) {
        let app = TestApp::start(backend).await;
        school(&app).await;
        let deleted = json!({ "student": { "sourcedId": "cyd" }, "enrollment": { "sourcedId": "cyd-art" } });
        app.service().mutate("deleteEnrollment", "DeleteEnrollmentInput", deleted, "__typename").await;
        let filter = json!({ "course": { "sourcedId": "art" } });
        assert_eq!(names(&page(&app, &json!({ "filter": filter })).await), ["ada"]);
    }

    async fn a_condition_that_makes_no_sense_is_refused_by_its_name(backend) {
        let app = TestApp::start(backend).await;
        for (filter, code, field) in [
            (json!({ "search": " " }), "BAD_USER_INPUT", "filter.search"),
            (json!({ "course": { "sourcedId": "none" } }), "NOT_FOUND", "filter.course"),
            (json!({ "course": { "id": "quiz:0193d1b2-0000-7000-8000-000000000000" } }), "BAD_USER_INPUT", "filter.course.id"),
            (json!({ "quizzes": { "min": 2, "max": 1 } }), "BAD_USER_INPUT", "filter.quizzes"),
            (json!({ "quizAverage": { "min": "1.001" } }), "BAD_USER_INPUT", "filter.quizAverage.min"),
            (json!({ "assignmentAverage": { "max": "x" } }), "BAD_USER_INPUT", "filter.assignmentAverage.max"),
            (json!({ "overallAverage": { "min": -1 } }), "BAD_USER_INPUT", "filter.overallAverage.min"),
        ] {
            let error = app.admin().error(LIST, json!({ "filter": filter })).await;
            assert_eq!((error.code.as_str(), error.field.as_deref()), (code, Some(field)), "{filter}");
        }
    }

    async fn a_page_shows_each_student_with_the_numbers(backend) {
        let app = TestApp::start(backend).await;
        school(&app).await;
        let order = json!({ "field": "OVERALL_AVERAGE_SCORE", "direction": "DESCENDING" });
        let page = page(&app, &json!({ "orderBy": order })).await;
        let averages: Vec<&Value> = page["edges"].as_array().unwrap().iter()
            .map(|edge| &edge["node"]["profile"]["overallAverageScore"]).collect();
        assert_eq!(names(&page)[..2], ["ada", "ben"]);
        assert_eq!(averages, [&json!("80.00"), &json!("60.00"), &Value::Null, &Value::Null]);
    }
}
