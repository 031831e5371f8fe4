//! What goes wrong, and what a client is told of it.

mod cases;

use serde_json::{Value, json};
use tests::client::GraphqlError;
use tests::{TestApp, on_both_backends};

use cases::{Case, contradictions, good, names, values};

async fn school(app: &TestApp) {
    app.student("ada").await;
    app.course("maths").await;
    let physics = json!({ "sourcedId": "physics", "title": "Physics", "occurredAt": "2026-03-01T10:00:00Z" });
    app.write("upsertCourse", physics).await;
    app.quiz("q", "maths").await;
    app.assignment("t", "maths").await;
    app.enroll("ada", "maths", "ACTIVE").await;
    app.attempt("ada", "a", "q", "80").await;
    app.submission("ada", "s", "t", "90").await;
    app.write("upsertGuardian", json!({ "sourcedId": "gwen", "displayName": "Gwen" })).await;
    app.write("grantGuardianship", good("grantGuardianship")).await;
}

/// The good input of `mutation` with other fields; null takes a field away.
fn changed(mutation: &str, change: &Value) -> Value {
    let mut input = good(mutation);
    for (name, value) in change.as_object().into_iter().flatten() {
        if value.is_null() {
            input.as_object_mut().expect("an object").remove(name);
        } else {
            input[name] = value.clone();
        }
    }
    input
}

fn input_type(mutation: &str) -> String {
    let mut name = format!("{mutation}Input");
    name[..1].make_ascii_uppercase();
    name
}

fn bulk(mutation: &str) -> String {
    match mutation {
        "upsertQuiz" => "upsertQuizzes".to_owned(),
        "setEnrollmentStatus" => "setEnrollmentStatuses".to_owned(),
        _ => format!("{mutation}s"),
    }
}

async fn refusal(app: &TestApp, mutation: &str, input: &Value) -> GraphqlError {
    let ty = input_type(mutation);
    let query = format!("mutation($input: {ty}!) {{ {mutation}(input: $input) {{ outcome }} }}");
    app.service().error(&query, json!({ "input": input })).await
}

/// Fails if a message tells of what is inside.
fn assert_tells_nothing_of_the_inside(message: &str) {
    for word in [
        "SELECT",
        "INSERT",
        "UPDATE",
        "DELETE",
        "constraint",
        "UNIQUE",
        "FOREIGN",
        "sql",
        "SQL",
        "postgres",
        "::",
        "struct ",
        "enum ",
        "Option<",
        "DbErr",
        "panick",
        "chrono",
        "serde",
        "quiz_attempt",
        "assignment_submission",
        "student_profile",
        "sourced_id",
        "display_name",
        "relation",
        "no such table",
    ] {
        assert!(!message.contains(word), "{word:?} in the message {message:?}");
    }
}

/// Each case alone, in a bulk mutation, and in one that is done in part.
async fn assert_refused(app: &TestApp, cases: Vec<Case>) {
    for (mutation, change, code, field) in cases {
        let input = changed(mutation, &change);
        let case = format!("{mutation} with {change}");
        let error = refusal(app, mutation, &input).await;
        assert_eq!(
            (error.code.as_str(), error.field.as_deref()),
            (code, Some(&*format!("input.{field}"))),
            "{case}"
        );
        assert!(!error.message.is_empty(), "{case}");
        assert_tells_nothing_of_the_inside(&error.message);

        let (bulk, ty) = (bulk(mutation), input_type(mutation));
        let query = format!(
            "mutation($inputs: [{ty}!]!, $partial: Boolean!) {{ {bulk}(inputs: $inputs, partial: $partial) \
             {{ refused results {{ fact {{ __typename }} error {{ code field message }} }} }} }}"
        );
        let error = app.service().error(&query, json!({ "inputs": [input], "partial": false })).await;
        assert_eq!((error.code.as_str(), error.field), (code, Some(format!("inputs[0].{field}"))), "{case}");

        let data = app.service().data(&query, json!({ "inputs": [input], "partial": true })).await;
        assert_eq!(data[&bulk]["refused"], 1, "{case}");
        let result = &data[&bulk]["results"][0];
        assert!(result["fact"].is_null(), "{case}");
        assert_eq!(
            (&result["error"]["code"], &result["error"]["field"]),
            (&json!(code), &json!(field)),
            "{case}"
        );
    }
}

on_both_backends! {
    async fn wrong_names_are_refused(backend) {
        let app = TestApp::start(backend).await;
        school(&app).await;
        assert_refused(&app, names()).await;
    }

    async fn what_contradicts_what_is_there_is_refused(backend) {
        let app = TestApp::start(backend).await;
        school(&app).await;
        assert_refused(&app, contradictions()).await;
    }

    async fn values_that_cannot_be_used_are_refused_and_change_nothing(backend) {
        let app = TestApp::start(backend).await;
        school(&app).await;
        app.drain().await;
        assert_refused(&app, values()).await;
        app.assert_waiting_jobs(0).await;
        let profile = app.profile("ada").await;
        assert_eq!(profile.numbers(), (1, Some("80.00"), 1, Some("90.00"), Some("85.00")));
    }

    async fn every_good_input_is_good(backend) {
        let app = TestApp::start(backend).await;
        school(&app).await;
        let mut seen = std::collections::BTreeSet::new();
        for (mutation, ..) in names().into_iter().chain(contradictions()).chain(values()) {
            // Last, because it takes away what the others need.
            if mutation != "deleteEnrollment" && seen.insert(mutation) {
                app.write(mutation, good(mutation)).await;
            }
        }
        app.write("deleteEnrollment", good("deleteEnrollment")).await;
        assert_eq!(seen.len(), 15);
    }

    async fn the_first_bad_input_of_many_is_named_and_nothing_is_written(backend) {
        let app = TestApp::start(backend).await;
        school(&app).await;
        app.drain().await;
        let item = |name: &str, percentage: &str| {
            let mut input = changed("recordQuizAttempt", &json!({ "sourcedId": name }));
            input["score"] = json!({ "percentage": percentage });
            input["completedAt"] = json!("2026-03-01T10:00:00Z");
            input
        };
        let inputs = json!([item("b", "1"), item("c", "2"), item("d", "3"), item("e", "-4"), item("f", "NaN")]);
        let query = "mutation($inputs: [RecordQuizAttemptInput!]!, $partial: Boolean!) {
            recordQuizAttempts(inputs: $inputs, partial: $partial) {
                written refused results { outcome error { code field } } } }";
        let error = app.service().error(query, json!({ "inputs": inputs, "partial": false })).await;
        assert_eq!(error.field.as_deref(), Some("inputs[3].score"));
        app.assert_waiting_jobs(0).await;

        let data = app.service().data(query, json!({ "inputs": inputs, "partial": true })).await;
        let payload = &data["recordQuizAttempts"];
        assert_eq!((&payload["written"], &payload["refused"]), (&json!(3), &json!(2)));
        assert_eq!(payload["results"][3]["error"], json!({ "code": "BAD_USER_INPUT", "field": "score" }));
        assert_eq!(payload["results"][4]["error"]["field"], "score.percentage");
        assert_eq!(app.settled_profile("ada").await.numbers().0, 4);
    }

    async fn what_does_not_fit_the_schema_names_its_field(backend) {
        let app = TestApp::start(backend).await;
        school(&app).await;
        for (mutation, change, field) in [
            ("recordQuizAttempt", json!({ "student": {} }), "input.student"),
            ("recordQuizAttempt", json!({ "student": { "id": "x", "sourcedId": "x" } }), "input.student"),
            ("recordQuizAttempt", json!({ "student": null }), "input.student"),
            ("recordQuizAttempt", json!({ "sourcedId": 7 }), "input.sourcedId"),
            ("recordQuizAttempt", json!({ "score": {} }), "input.score"),
            ("recordQuizAttempt", json!({ "score": { "percentage": true } }), "input.score.percentage"),
            ("recordQuizAttempt", json!({ "score": { "percentage": [1] } }), "input.score.percentage"),
            ("recordQuizAttempt", json!({ "completedAt": 1_772_359_200 }), "input.completedAt"),
            ("recordQuizAttempt", json!({ "score": { "points": { "earned": 1 } } }), "input.score.points.possible"),
            ("gradeSubmission", json!({ "score": null }), "input.score"),
            ("setEnrollmentStatus", json!({ "status": "GONE" }), "input.status"),
            ("changeSubmissionStanding", json!({ "change": "delete" }), "input.change"),
            ("upsertStudent", json!({ "displayName": ["Ada"] }), "input.displayName"),
            ("upsertStudent", json!({ "age": 12 }), "input"),
        ] {
            let error = refusal(&app, mutation, &changed(mutation, &change)).await;
            assert_eq!(error.code, "BAD_USER_INPUT", "{change}");
            let named = error.field.as_deref().unwrap_or_default();
            assert!(named == field || named.starts_with(&format!("{field}.")), "{change}: {error:?}");
            assert_tells_nothing_of_the_inside(&error.message);
        }
        for (query, field) in [
            ("{ studentProfile { id } }", Some("sourcedId")),
            ("{ studentProfile(id: \"student:x\", sourcedId: \"x\") { id } }", Some("id")),
            ("{ studentProfile(id: \"x\") { id } }", Some("id")),
            ("{ studentProfile(id: \"course:00000000-0000-0000-0000-000000000000\") { id } }", Some("id")),
            ("{ studentProfile(sourcedId: \"\") { id } }", Some("sourcedId")),
            ("{ node(id: \"\") { id } }", Some("id")),
            ("{ node(id: \"job:00000000-0000-0000-0000-000000000000\") { id } }", Some("id")),
            ("{ node(id: \"student:1\") { id } }", Some("id")),
            ("{ node { id } }", None),
            ("{ nothing }", None),
            ("{ me }", None),
        ] {
            let error = app.admin().error(query, json!({})).await;
            assert_eq!((error.code.as_str(), error.field.as_deref()), ("BAD_USER_INPUT", field), "{query}");
            assert_tells_nothing_of_the_inside(&error.message);
        }
    }

    async fn students_that_cannot_be_deleted_or_merged_are_named(backend) {
        let app = TestApp::start(backend).await;
        school(&app).await;
        for (arguments, code, field) in [
            ("from: { sourcedId: \"ada\" }, into: { sourcedId: \"ada\" }", "BAD_USER_INPUT", "into"),
            ("from: { sourcedId: \"x\" }, into: { sourcedId: \"ada\" }", "NOT_FOUND", "from"),
            ("from: { sourcedId: \"ada\" }, into: { sourcedId: \"x\" }", "NOT_FOUND", "into"),
            ("from: { id: \"x\" }, into: { sourcedId: \"ada\" }", "BAD_USER_INPUT", "from.id"),
            ("from: { sourcedId: \"ada\" }, into: { sourcedId: \"\" }", "BAD_USER_INPUT", "into.sourcedId"),
        ] {
            let mutation = format!("mutation {{ mergeStudents({arguments}) {{ id }} }}");
            let error = app.service().error(&mutation, json!({})).await;
            assert_eq!((error.code.as_str(), error.field.as_deref()), (code, Some(field)), "{arguments}");
        }
        let delete = "mutation { deleteStudent(student: { sourcedId: \"x\" }) { deletedId } }";
        let error = app.service().error(delete, json!({})).await;
        assert_eq!((error.code.as_str(), error.field.as_deref()), ("NOT_FOUND", Some("student")));
        assert_eq!(app.settled_profile("ada").await.quizzes, 1);
    }

    async fn more_inputs_than_are_allowed_are_refused(backend) {
        let app = TestApp::start(backend).await;
        let inputs: Vec<Value> = (0..=1000).map(|n| json!({ "sourcedId": n.to_string(), "title": "C" })).collect();
        let query = "mutation($inputs: [UpsertCourseInput!]!) { upsertCourses(inputs: $inputs) { written } }";
        let error = app.service().error(query, json!({ "inputs": inputs })).await;
        assert_eq!((error.code.as_str(), error.field.as_deref()), ("LIMIT_EXCEEDED", Some("inputs")));
        let data = app.service().data(query, json!({ "inputs": inputs[1..] })).await;
        assert_eq!(data["upsertCourses"]["written"], 1000);
    }
}
