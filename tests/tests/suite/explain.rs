//! Where averages come from: every part, and every item that is left out with its reason.

use std::collections::{BTreeMap, BTreeSet};

use entity::sea_orm::{EntityTrait, QueryFilter};
use entity::{assignment_submission, quiz_attempt};
use serde_json::{Value, json};
use tests::explanations::assert_adds_up;
use tests::{Backend, TestApp, on_both_backends};

const STATUSES: [&str; 6] = ["ACTIVE", "COMPLETED", "DROPPED", "PAUSED", "PENDING", "SUSPENDED"];
/// Courses by what has become of the enrolment there: each status, none, and one that was deleted.
const COURSES: [&str; 8] =
    ["ACTIVE", "COMPLETED", "DROPPED", "PAUSED", "PENDING", "SUSPENDED", "none", "deleted"];
const STANDINGS: [&str; 4] = ["regular", "EXCUSE", "VOID", "DELETE"];

/// Every combination of what decides whether an item counts.
#[derive(Clone, Copy)]
struct Case {
    is_quiz: bool,
    course: &'static str,
    standing: &'static str,
    done: bool,
    scored: bool,
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for is_quiz in [true, false] {
        for course in COURSES {
            for standing in STANDINGS {
                for (done, scored) in [(false, false), (false, true), (true, false), (true, true)] {
                    cases.push(Case { is_quiz, course, standing, done, scored });
                }
            }
        }
    }
    cases
}

impl Case {
    fn name(self) -> String {
        format!("{} {} {} {}", self.course, self.standing, self.done, self.scored)
    }

    /// What the rules say, in words of their own.
    fn reason(self) -> &'static str {
        match self.standing {
            "DELETE" => return "(not listed)",
            "VOID" => return "VOIDED",
            "EXCUSE" => return "EXCUSED",
            _ if !self.done && self.is_quiz => return "NOT_COMPLETED",
            _ if !self.done => return "NOT_GRADED",
            _ if !self.scored => return "NOT_SCORED",
            _ => {}
        }
        match self.course {
            "ACTIVE" | "COMPLETED" => "(counts)",
            "DROPPED" => "ENROLLMENT_DROPPED",
            "PAUSED" => "ENROLLMENT_PAUSED",
            "PENDING" => "ENROLLMENT_PENDING",
            "SUSPENDED" => "ENROLLMENT_SUSPENDED",
            _ => "NOT_ENROLLED",
        }
    }

    fn record(self) -> Value {
        let (task, done) = if self.is_quiz { ("quiz", "completedAt") } else { ("assignment", "gradedAt") };
        json!({
            "student": { "sourcedId": "ada" },
            "sourcedId": self.name(),
            task: { "sourcedId": self.course },
            done: self.done.then_some("2026-02-01T10:00:00Z"),
            "score": self.scored.then_some(json!({ "percentage": "66.67" })),
        })
    }

    fn change(self) -> Value {
        let item = if self.is_quiz { "attempt" } else { "submission" };
        json!({
            "student": { "sourcedId": "ada" }, item: { "sourcedId": self.name() }, "change": self.standing,
        })
    }
}

/// A school in which ada has an item of every case.
async fn school_of_every_case(backend: Backend) -> TestApp {
    let app = TestApp::start(backend).await;
    app.student("ada").await;
    for course in COURSES {
        app.course(course).await;
        app.quiz(course, course).await;
        app.assignment(course, course).await;
    }
    for status in STATUSES {
        app.enroll("ada", status, status).await;
    }
    app.enroll("ada", "deleted", "ACTIVE").await;
    let deleted = json!({ "student": { "sourcedId": "ada" }, "enrollment": { "sourcedId": "ada-deleted" } });
    app.write("deleteEnrollment", deleted).await;
    for (is_quiz, record, change) in [
        (true, "recordQuizAttempt", "changeQuizAttemptStanding"),
        (false, "recordSubmission", "changeSubmissionStanding"),
    ] {
        let cases: Vec<Case> = cases().into_iter().filter(|case| case.is_quiz == is_quiz).collect();
        let records: Vec<Value> = cases.iter().map(|case| case.record()).collect();
        app.write_all(record, &records, false).await;
        let changed = cases.iter().filter(|case| case.standing != "regular");
        app.write_all(change, &changed.map(|case| case.change()).collect::<Vec<_>>(), false).await;
    }
    app
}

const SUMS: &str = "isStale version quizzes { ...whole } assignments { ...whole } overall { ...whole }
    student { sourcedId profile { version totalQuizzesCompleted totalAssignmentsCompleted
        overallQuizAverageScore overallAssignmentAverageScore overallAverageScore } }
    leftOutCounts { reason count }";

/// Ada's explanation, selecting `selection`.
async fn explanation(app: &TestApp, selection: &str) -> Value {
    let id = "{ studentProfile(sourcedId: \"ada\") { student { id } } }";
    let id = app.admin().data(id, json!({})).await["studentProfile"]["student"]["id"].clone();
    let fragment = "fragment whole on ExplainedAverage {
        sum count average parts { enrollment { course { sourcedId } } share { sum count points weight } } }";
    let fragment = if selection.contains("...whole") { fragment } else { "" };
    let query = format!("query($id: ID!) {{ explain(studentId: $id) {{ {selection} }} }} {fragment}");
    app.admin().data(&query, json!({ "id": id })).await["explain"].clone()
}

on_both_backends! {
    async fn every_item_counts_or_is_left_out_for_its_reason(backend) {
        let app = school_of_every_case(backend).await;
        app.drain().await;
        let explanation = explanation(&app, SUMS).await;
        assert_adds_up(&explanation);
        let mut expected: BTreeMap<&str, i64> = BTreeMap::new();
        for case in cases() {
            *expected.entry(case.reason()).or_default() += 1;
        }
        expected.remove("(not listed)");
        let counted = expected.remove("(counts)").unwrap();
        assert_eq!(explanation["overall"]["count"], counted);
        let counts = explanation["leftOutCounts"].as_array().unwrap();
        let counts: BTreeMap<&str, i64> = counts
            .iter()
            .map(|it| (it["reason"].as_str().unwrap(), it["count"].as_i64().unwrap()))
            .collect();
        assert_eq!(counts, expected);
    }

    async fn each_left_out_item_is_listed_once_with_its_reason(backend) {
        let app = school_of_every_case(backend).await;
        let mut listed = Vec::new();
        let mut after = Value::Null;
        loop {
            let selection = format!("leftOut(first: 37, after: {after}) {{ nodes {{ id kind title leftOut }} pageInfo {{ hasNextPage endCursor }} }}");
            let page = explanation(&app, &selection).await["leftOut"].clone();
            listed.extend(page["nodes"].as_array().unwrap().clone());
            after = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
        }
        let text = |item: &Value| {
            let (kind, reason) = (item["kind"].as_str().unwrap(), item["leftOut"].as_str().unwrap());
            format!("{kind} {} {reason}", item["title"].as_str().unwrap())
        };
        let mut expected: Vec<String> = cases()
            .into_iter()
            .filter(|case| !case.reason().starts_with('('))
            .map(|case| {
                let kind = if case.is_quiz { "QUIZ_ATTEMPT Quiz" } else { "SUBMISSION Assignment" };
                format!("{kind} {} {}", case.course, case.reason())
            })
            .collect();
        expected.sort();
        let mut found: Vec<String> = listed.iter().map(text).collect();
        found.sort();
        assert_eq!(found, expected);
        let ids: BTreeSet<&str> = listed.iter().map(|item| item["id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), listed.len(), "an item was listed twice");

        let voided = explanation(&app, "leftOut(reason: VOIDED, first: 100) { nodes { leftOut } }").await;
        let voided = voided["leftOut"]["nodes"].as_array().unwrap();
        assert_eq!(voided.len(), 64);
        assert!(voided.iter().all(|item| item["leftOut"] == "VOIDED"));
    }

    /// The rule is said twice, for one item and in SQL for many.
    async fn the_rule_for_one_item_and_the_one_in_sql_are_the_same(backend) {
        let app = school_of_every_case(backend).await;
        let db = app.db().reader();
        let attempts = quiz_attempt::Entity::find().all(db).await.unwrap();
        let counted = quiz_attempt::Entity::find().filter(quiz_attempt::Entity::counted()).all(db).await.unwrap();
        let by_rule: Vec<_> = attempts.iter().filter(|row| row.left_out().is_none()).cloned().collect();
        assert_eq!((attempts.len(), counted.len()), (128, 8));
        assert!(by_rule.iter().all(|row| counted.contains(row)) && by_rule.len() == counted.len());

        let submissions = assignment_submission::Entity::find().all(db).await.unwrap();
        let counted = assignment_submission::Entity::find()
            .filter(assignment_submission::Entity::counted())
            .all(db)
            .await
            .unwrap();
        let by_rule: Vec<_> = submissions.iter().filter(|row| row.left_out().is_none()).cloned().collect();
        assert_eq!((submissions.len(), counted.len()), (128, 8));
        assert!(by_rule.iter().all(|row| counted.contains(row)) && by_rule.len() == counted.len());
    }

    /// Cases 1 to 3 of the worked cases: 1484 / 18.
    async fn an_average_is_explained_course_by_course(backend) {
        let app = TestApp::start(backend).await;
        app.student("ada").await;
        for (course, quizzes, assignments) in
            [("A", vec!["80"; 3], vec!["75"; 5]), ("B", vec!["90"; 2], vec!["88"; 3]), ("C", vec!["85"; 5], vec![])]
        {
            app.course(course).await;
            app.quiz(course, course).await;
            app.assignment(course, course).await;
            app.enroll("ada", course, "ACTIVE").await;
            for (number, score) in quizzes.into_iter().enumerate() {
                app.attempt("ada", &format!("{course}{number}"), course, score).await;
            }
            for (number, score) in assignments.into_iter().enumerate() {
                app.submission("ada", &format!("{course}{number}"), course, score).await;
            }
            app.advance(chrono::TimeDelta::seconds(1));
        }
        app.drain().await;
        let explanation = explanation(&app, SUMS).await;
        assert_adds_up(&explanation);
        let overall = &explanation["overall"];
        assert_eq!((&overall["sum"], &overall["count"], &overall["average"]), (&json!("1484.00"), &json!(18), &json!("82.44")));
        let part = |part: &Value| {
            let share = &part["share"];
            let text = |field: &str| share[field].as_str().unwrap().to_owned();
            let course = part["enrollment"]["course"]["sourcedId"].as_str().unwrap();
            format!("{course}: {} of {} are {} points, {} %", text("sum"), share["count"], text("points"), text("weight"))
        };
        let parts: Vec<String> = overall["parts"].as_array().unwrap().iter().map(part).collect();
        // 34.1666…, 24.666… and 23.6111… are 82.444…, of which two are cut off and one is rounded up.
        assert_eq!(parts, [
            "A: 615.00 of 8 are 34.17 points, 44.44 %",
            "B: 444.00 of 5 are 24.66 points, 27.78 %",
            "C: 425.00 of 5 are 23.61 points, 27.78 %",
        ]);
    }

    async fn it_says_whether_the_profile_is_as_new(backend) {
        let app = TestApp::start(backend).await;
        app.student("ada").await;
        app.course("maths").await;
        app.quiz("q", "maths").await;
        app.enroll("ada", "maths", "ACTIVE").await;
        app.attempt("ada", "1", "q", "80").await;
        app.drain().await;
        let selection = "isStale version quizzes { average count }";
        let settled = explanation(&app, selection).await;
        let expected = json!({ "isStale": false, "version": 1, "quizzes": { "average": "80.00", "count": 1 } });
        assert_eq!(settled, expected);
        app.attempt("ada", "2", "q", "90").await;
        let ahead = explanation(&app, selection).await;
        let expected = json!({ "isStale": true, "version": 1, "quizzes": { "average": "85.00", "count": 2 } });
        assert_eq!(ahead, expected);
        assert_eq!(app.profile("ada").await.quiz_average.as_deref(), Some("80.00"));
    }

    async fn a_student_with_nothing_is_explained_too(backend) {
        let app = TestApp::start(backend).await;
        app.student("ada").await;
        app.course("maths").await;
        app.enroll("ada", "maths", "ACTIVE").await;
        let explanation = explanation(&app, SUMS).await;
        let share = json!({ "sum": "0.00", "count": 0, "points": null, "weight": null });
        let part = json!({ "enrollment": { "course": { "sourcedId": "maths" } }, "share": share });
        let nothing = json!({ "sum": "0.00", "count": 0, "average": null, "parts": [part] });
        for average in ["quizzes", "assignments", "overall"] {
            assert_eq!(explanation[average], nothing);
        }
        assert_eq!(explanation["leftOutCounts"], json!([]));
    }
}
