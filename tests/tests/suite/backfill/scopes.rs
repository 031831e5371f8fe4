//! Whom a run is about.

use serde_json::json;
use tests::{TestApp, on_both_backends};

use super::{assert_figures, damage, select, settle, start, students};
use crate::queue::{sql, student_id};

on_both_backends! {
    async fn named_students_alone_are_recalculated(backend) {
        let app = TestApp::start(backend).await;
        let names = students(&app, 4).await;
        for name in &names {
            damage(&app, name).await;
        }
        let id = student_id(&app, &names[0]).await.to_string();
        // Twice the same student is one.
        let named = json!([{ "id": id }, { "sourcedId": names[2] }, { "sourcedId": names[0] }]);
        let run = start(&app, json!({ "scope": "STUDENTS", "students": named })).await;
        settle(&app).await;
        assert_figures(&app, &run, json!({ "state": "FINISHED", "total": 2, "done": 2, "changed": 2 })).await;
        for (name, quizzes) in [(0, 1), (1, 7), (2, 1), (3, 7)] {
            assert_eq!(app.profile(&names[name]).await.quizzes, quizzes, "{name}");
        }
    }

    async fn the_students_of_a_course_alone_are_recalculated(backend) {
        let app = TestApp::start(backend).await;
        let names = students(&app, 3).await;
        app.course("art").await;
        app.enroll(&names[1], "art", "DROPPED").await;
        app.drain().await;
        for name in &names {
            damage(&app, name).await;
        }
        let run = start(&app, json!({ "scope": "COURSE", "course": { "sourcedId": "art" } })).await;
        settle(&app).await;
        assert_figures(&app, &run, json!({ "state": "FINISHED", "total": 1, "changed": 1 })).await;
        assert_eq!(app.profile(&names[1]).await.quizzes, 1);
        assert_eq!(app.profile(&names[0]).await.quizzes, 7);
        let course = select(&app, &run, "course { sourcedId }").await;
        assert_eq!(course["course"]["sourcedId"], "art");
    }

    async fn stale_students_alone_are_recalculated(backend) {
        let app = TestApp::start(backend).await;
        let names = students(&app, 3).await;
        app.attempt(&names[1], "b", "q1", "100").await;
        sql(&app, "DELETE FROM job").await;
        let run = start(&app, json!({ "scope": "STALE" })).await;
        settle(&app).await;
        assert_figures(&app, &run, json!({ "state": "FINISHED", "total": 1, "changed": 1 })).await;
        assert_eq!(app.profile(&names[1]).await.overall.as_deref(), Some("90.00"));
        let stale = select(&app, &run, "changes { nodes { isStale } }").await;
        assert_eq!(stale["changes"]["nodes"], json!([{ "isStale": true }]));
    }

    async fn what_cannot_be_done_is_refused_with_the_field_at_fault(backend) {
        let app = TestApp::start(backend).await;
        let names = students(&app, 1).await;
        let many: Vec<_> = (0..1001).map(|n| json!({ "sourcedId": n.to_string() })).collect();
        let ada = json!([{ "sourcedId": names[0] }]);
        for (input, code, field) in [
            (json!({ "scope": "STUDENTS" }), "BAD_USER_INPUT", "input.students"),
            (json!({ "scope": "STUDENTS", "students": [] }), "BAD_USER_INPUT", "input.students"),
            (json!({ "scope": "STUDENTS", "students": many }), "LIMIT_EXCEEDED", "input.students"),
            (json!({ "scope": "STUDENTS", "students": [{ "id": "course:x" }] }), "BAD_USER_INPUT", "input.students[0].id"),
            (json!({ "scope": "STUDENTS", "students": [ada[0], { "sourcedId": "x" }] }), "NOT_FOUND", "input.students[1]"),
            (json!({ "scope": "STUDENTS", "students": ada, "course": { "sourcedId": "maths" } }), "BAD_USER_INPUT", "input.course"),
            (json!({ "scope": "ALL", "students": ada }), "BAD_USER_INPUT", "input.students"),
            (json!({ "scope": "STALE", "course": { "sourcedId": "maths" } }), "BAD_USER_INPUT", "input.course"),
            (json!({ "scope": "COURSE" }), "BAD_USER_INPUT", "input.course"),
            (json!({ "scope": "COURSE", "course": { "sourcedId": "x" } }), "NOT_FOUND", "input.course"),
            (json!({ "scope": "FAILURES" }), "BAD_USER_INPUT", "input.scope"),
            (json!({ "scope": "ALL", "priority": -1 }), "BAD_USER_INPUT", "input.priority"),
            (json!({ "scope": "ALL", "priority": 101 }), "BAD_USER_INPUT", "input.priority"),
            (json!({ "scope": "ALL", "ratePerSecond": 0 }), "BAD_USER_INPUT", "input.ratePerSecond"),
        ] {
            let query = "mutation($input: BackfillStudentAggregatesInput!) { backfillStudentAggregates(input: $input) { id } }";
            let error = app.admin().error(query, json!({ "input": input })).await;
            assert_eq!((error.code.as_str(), error.field.as_deref()), (code, Some(field)), "{input}");
        }
        let runs = app.admin().data("{ backfillRuns { nodes { id } } }", json!({})).await;
        assert_eq!(runs["backfillRuns"]["nodes"], json!([]), "what is refused starts nothing");
    }
}
