//! A student's latest attempts and submissions in one list.

use serde_json::{Value, json};
use tests::{Backend, TestApp, on_both_backends};

async fn school(backend: Backend) -> TestApp {
    let app = TestApp::start(backend).await;
    for student in ["ada", "ben"] {
        app.student(student).await;
    }
    for course in ["maths", "art"] {
        app.course(course).await;
        app.quiz(&format!("{course} quiz"), course).await;
        app.assignment(&format!("{course} essay"), course).await;
        app.enroll("ada", course, "ACTIVE").await;
    }
    app
}

/// Records an item of ada's as it is: `fields` has its times and its score.
async fn record(app: &TestApp, item: &str, task: &str, fields: Value) {
    let (mutation, kind) = if task.ends_with("quiz") {
        ("recordQuizAttempt", "quiz")
    } else {
        ("recordSubmission", "assignment")
    };
    let mut input =
        json!({ "student": { "sourcedId": "ada" }, "sourcedId": item, kind: { "sourcedId": task } });
    for (name, value) in fields.as_object().unwrap() {
        input[name] = value.clone();
    }
    app.write(mutation, input).await;
}

fn score(percentage: i64) -> Value {
    json!({ "percentage": percentage })
}

/// The time so many days into a month.
fn day(day: u32) -> String {
    format!("2026-02-{day:02}T10:00:00Z")
}

/// `title: state` of each of ada's items, page by page.
async fn activity(app: &TestApp, first: usize) -> Vec<String> {
    let query = "query($first: Int, $after: String) { studentProfile(sourcedId: \"ada\") {
        recentActivity(first: $first, after: $after) { nodes { title state } pageInfo { hasNextPage endCursor } } } }";
    let (mut items, mut after) = (Vec::new(), Value::Null);
    loop {
        let data = app.admin().data(query, json!({ "first": first, "after": after })).await;
        let page = &data["studentProfile"]["recentActivity"];
        let nodes = page["nodes"].as_array().unwrap();
        assert!(nodes.len() <= first);
        items.extend(
            nodes.iter().map(|node| {
                format!("{}: {}", node["title"].as_str().unwrap(), node["state"].as_str().unwrap())
            }),
        );
        if page["pageInfo"]["hasNextPage"] == false {
            return items;
        }
        assert_eq!(nodes.len(), first, "a page that is not the last is full");
        after = page["pageInfo"]["endCursor"].clone();
    }
}

on_both_backends! {
    async fn both_kinds_are_listed_by_what_last_happened_to_them(backend) {
        let app = school(backend).await;
        record(&app, "1", "maths quiz", json!({ "startedAt": day(1), "completedAt": day(20), "score": score(80) })).await;
        record(&app, "2", "art quiz", json!({ "startedAt": day(18) })).await;
        record(&app, "3", "maths essay", json!({ "submittedAt": day(2), "gradedAt": day(19), "score": score(90) })).await;
        record(&app, "4", "art essay", json!({ "submittedAt": day(21) })).await;
        record(&app, "5", "maths essay", json!({})).await;
        let expected = [
            "Assignment art essay: AWAITING_GRADING",
            "Quiz maths quiz: SCORED",
            "Assignment maths essay: SCORED",
            "Quiz art quiz: IN_PROGRESS",
            "Assignment maths essay: NOT_HANDED_IN",
        ];
        for first in [1, 2, 3, 5, 100] {
            assert_eq!(activity(&app, first).await, expected, "in pages of {first}");
        }
    }

    async fn every_state_is_told_from_the_others(backend) {
        let app = school(backend).await;
        let done = json!({ "completedAt": day(9), "score": score(70) });
        for (number, (task, fields)) in [
            ("maths quiz", done.clone()),
            ("maths quiz", json!({ "completedAt": day(8) })),
            ("maths quiz", json!({ "startedAt": day(7), "score": score(5) })),
            ("maths essay", json!({ "submittedAt": day(6), "score": score(60) })),
            ("maths essay", json!({ "gradedAt": day(5), "submittedAt": day(1) })),
            ("maths essay", json!({ "gradedAt": day(4), "score": score(50) })),
            ("art quiz", json!({ "completedAt": day(3), "score": score(1) })),
            ("art quiz", json!({ "completedAt": day(2), "score": score(1) })),
            ("art quiz", json!({ "completedAt": day(1), "score": score(1) })),
        ].into_iter().enumerate() {
            record(&app, &number.to_string(), task, fields).await;
        }
        for (item, change) in [("6", "EXCUSE"), ("7", "VOID"), ("8", "DELETE")] {
            let input = json!({ "student": { "sourcedId": "ada" }, "attempt": { "sourcedId": item }, "change": change });
            app.write("changeQuizAttemptStanding", input).await;
        }
        assert_eq!(activity(&app, 4).await, [
            "Quiz maths quiz: SCORED",
            "Quiz maths quiz: AWAITING_GRADING",
            "Quiz maths quiz: IN_PROGRESS",
            "Assignment maths essay: AWAITING_GRADING",
            "Assignment maths essay: GRADED_WITHOUT_SCORE",
            "Assignment maths essay: SCORED",
            "Quiz art quiz: EXCUSED",
            "Quiz art quiz: VOIDED",
        ]);
    }

    async fn items_of_the_same_time_and_of_none_are_each_listed_once(backend) {
        let app = school(backend).await;
        for number in 0..7 {
            let (task, fields) = match number % 3 {
                0 => ("maths quiz", json!({ "completedAt": day(3) })),
                1 => ("maths essay", json!({ "gradedAt": day(3) })),
                _ => ("art essay", json!({})),
            };
            record(&app, &number.to_string(), task, fields).await;
        }
        let whole = activity(&app, 100).await;
        assert_eq!(whole.len(), 7);
        assert!(whole[5..].iter().all(|item| item == "Assignment art essay: NOT_HANDED_IN"), "{whole:?}");
        for first in 1..7 {
            assert_eq!(activity(&app, first).await, whole, "in pages of {first}");
        }
    }

    async fn a_list_of_one_course_has_its_items_alone(backend) {
        let app = school(backend).await;
        record(&app, "1", "maths quiz", json!({ "completedAt": day(3), "score": score(80) })).await;
        record(&app, "2", "art quiz", json!({ "completedAt": day(2), "score": score(70) })).await;
        record(&app, "3", "art essay", json!({ "submittedAt": day(1) })).await;
        // Of another student, in the same course.
        app.enroll("ben", "art", "ACTIVE").await;
        app.attempt("ben", "ben's", "art quiz", "10").await;
        let query = "query($id: String!) { studentProfile(sourcedId: $id) { student { id } enrollments {
            course { id sourcedId } recentActivity(first: 10) { nodes { id title } } } } }";
        let ada = &app.admin().data(query, json!({ "id": "ada" })).await["studentProfile"];
        let by_course = "query($student: ID!, $course: ID!) {
            recentActivity(studentId: $student, courseId: $course, first: 10) { nodes { id title } } }";
        for part in ada["enrollments"].as_array().unwrap() {
            let variables = json!({ "student": ada["student"]["id"], "course": part["course"]["id"] });
            let narrowed = app.admin().data(by_course, variables).await;
            assert_eq!(narrowed["recentActivity"], part["recentActivity"]);
            let titles: Vec<&Value> =
                part["recentActivity"]["nodes"].as_array().unwrap().iter().map(|node| &node["title"]).collect();
            if part["course"]["sourcedId"] == "maths" {
                assert_eq!(titles, ["Quiz maths quiz"]);
            } else {
                assert_eq!(titles, ["Quiz art quiz", "Assignment art essay"]);
            }
        }
    }

    async fn an_item_says_what_it_is(backend) {
        let app = school(backend).await;
        let fields = json!({ "startedAt": day(1), "completedAt": day(2), "score": score(80) });
        record(&app, "1", "maths quiz", fields).await;
        app.enroll("ada", "maths", "PAUSED").await;
        let query = "{ studentProfile(sourcedId: \"ada\") { recentActivity { nodes {
            id kind title course { sourcedId } at begunAt doneAt score state leftOut } } } }";
        let data = app.admin().data(query, json!({})).await;
        let mut item = data["studentProfile"]["recentActivity"]["nodes"][0].clone();
        let node = app.admin().data("query($id: ID!) { node(id: $id) { ... on QuizAttempt { sourcedId } } }", json!({ "id": item["id"] })).await;
        assert_eq!(node["node"]["sourcedId"], "1");
        item["id"] = Value::Null;
        assert_eq!(item, json!({
            "id": null, "kind": "QUIZ_ATTEMPT", "title": "Quiz maths quiz", "course": { "sourcedId": "maths" },
            "at": "2026-02-02T10:00:00+00:00", "begunAt": "2026-02-01T10:00:00+00:00",
            "doneAt": "2026-02-02T10:00:00+00:00", "score": "80.00", "state": "SCORED",
            "leftOut": "ENROLLMENT_PAUSED",
        }));
    }

    async fn cursors_and_courses_that_are_none_are_refused(backend) {
        let app = school(backend).await;
        for (arguments, field) in [
            ("after: \"x\"", "after"), ("first: 0", "first"), ("first: 101", "first"), ("courseId: \"quiz:1\"", "courseId"),
        ] {
            let query = format!("{{ studentProfile(sourcedId: \"ada\") {{ recentActivity({arguments}) {{ nodes {{ id }} }} }} }}");
            let error = app.admin().error(&query, json!({})).await;
            assert_eq!((error.code.as_str(), error.field.as_deref()), ("BAD_USER_INPUT", Some(field)), "{arguments}");
        }
    }
}
