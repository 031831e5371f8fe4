//! Dry runs: what would change.

use std::collections::BTreeMap;

use entity::sea_orm::EntityTrait;
use entity::student_profile;
use reqwest::Method;
use serde_json::{Value, json};
use tests::{TestApp, on_both_backends};

use super::{assert_figures, create, damage, literal, select, settle, start, step, students, walker};
use crate::queue::{jobs, poison, sql, student_id};
use crate::raw::{Raw, answer, as_admin, request};

const SIX: &str = "totalQuizzesCompleted totalAssignmentsCompleted overallQuizAverageScore \
    overallAssignmentAverageScore overallAverageScore lastPerformanceUpdate";

/// All changes of a run by their students, page by page.
async fn changes(app: &TestApp, run: &str) -> BTreeMap<String, Value> {
    let (mut all, mut after) = (BTreeMap::new(), Value::Null);
    loop {
        let query = format!(
            "query($id: ID!, $after: String) {{ backfillRun(id: $id) {{ changes(first: 3, after: $after) {{ totalCount \
             edges {{ cursor node {{ student {{ id sourcedId }} isStale enrollments before {{ {SIX} }} after {{ {SIX} }} }} }} \
             pageInfo {{ hasNextPage endCursor }} }} }} }}"
        );
        let data = app.admin().data(&query, json!({ "id": run, "after": after })).await;
        let page = &data["backfillRun"]["changes"];
        for edge in page["edges"].as_array().expect("edges") {
            let student = edge["node"]["student"]["sourcedId"].as_str().expect("a student").to_owned();
            assert!(all.insert(student, edge["node"].clone()).is_none(), "each student once");
        }
        if page["pageInfo"]["hasNextPage"] == false {
            assert_eq!(page["totalCount"], all.len());
            return all;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}

async fn csv(app: &TestApp, run: &str) -> Raw {
    answer(as_admin(app, request(app, Method::GET, &format!("/backfills/{run}/changes.csv")))).await
}

async fn profiles(app: &TestApp) -> Vec<student_profile::Model> {
    student_profile::Entity::find().all(app.db().reader()).await.expect("profiles")
}

on_both_backends! {
    async fn a_dry_run_lists_exactly_what_is_damaged_and_changes_nothing(backend) {
        let app = TestApp::start(backend).await;
        let names = students(&app, 1040).await;
        let (whole, damaged): (Vec<_>, Vec<_>) = names.iter().enumerate().partition(|(nth, _)| nth % 26 == 0);
        let damaged: Vec<&String> = damaged.into_iter().map(|(_, name)| name).collect();
        assert_eq!((whole.len(), damaged.len()), (40, 1000));
        for name in &damaged {
            damage(&app, name).await;
        }
        let before = profiles(&app).await;
        app.advance(chrono::TimeDelta::hours(1));
        let run = start(&app, json!({ "scope": "ALL", "dryRun": true })).await;
        settle(&app).await;
        let expected = json!({
            "state": "FINISHED", "total": 1040, "enqueued": 1040, "done": 1040,
            "changed": 1000, "unchanged": 40, "failed": 0,
        });
        assert_figures(&app, &run, expected).await;
        assert_eq!(profiles(&app).await, before, "no profile is written, and nothing is stamped");
        assert_eq!(jobs(&app).await.len(), 0);

        let changes = changes(&app, &run).await;
        assert_eq!(changes.keys().collect::<Vec<_>>(), damaged);
        for (student, change) in &changes {
            let stored = app.profile(student).await;
            assert_eq!(change["before"], json!({
                "totalQuizzesCompleted": 7, "totalAssignmentsCompleted": 0, "overallQuizAverageScore": "0.10",
                "overallAssignmentAverageScore": null, "overallAverageScore": null,
                "lastPerformanceUpdate": stored.updated,
            }));
            assert_eq!(change["after"], json!({
                "totalQuizzesCompleted": 1, "totalAssignmentsCompleted": 0, "overallQuizAverageScore": "80.00",
                "overallAssignmentAverageScore": null, "overallAverageScore": "80.00", "lastPerformanceUpdate": null,
            }));
            assert_eq!((&change["isStale"], &change["enrollments"]), (&json!(false), &json!(0)));
        }

        let real = start(&app, json!({ "scope": "ALL" })).await;
        settle(&app).await;
        assert_figures(&app, &real, json!({ "state": "FINISHED", "changed": 1000, "failed": 0 })).await;
        let again = start(&app, json!({ "scope": "ALL", "dryRun": true })).await;
        settle(&app).await;
        assert_figures(&app, &again, json!({ "state": "FINISHED", "changed": 0, "unchanged": 1040 })).await;
    }

    async fn an_enrolment_alone_is_a_change(backend) {
        let app = TestApp::start(backend).await;
        let names = students(&app, 2).await;
        let id = literal(&app, student_id(&app, &names[1]).await);
        sql(&app, &format!("UPDATE enrollment SET total_quizzes_taken = 9 WHERE student_id = {id}")).await;
        let run = start(&app, json!({ "scope": "ALL", "dryRun": true })).await;
        settle(&app).await;
        let found = changes(&app, &run).await;
        assert_eq!(found.keys().collect::<Vec<_>>(), [&names[1]]);
        assert_eq!(found[&names[1]]["enrollments"], 1);
        let real = start(&app, json!({ "scope": "ALL" })).await;
        settle(&app).await;
        assert_figures(&app, &real, json!({ "changed": 1, "unchanged": 1 })).await;
        assert_eq!(app.parts(&names[1]).await, ["maths: 1 at 80.00, 0 at -"]);
    }

    async fn a_stale_student_is_shown_as_such(backend) {
        let app = TestApp::start(backend).await;
        let names = students(&app, 2).await;
        app.attempt(&names[0], "b", "q1", "100").await;
        let run = start(&app, json!({ "scope": "ALL", "dryRun": true })).await;
        let mut walker = walker(&app, "one");
        while step(&mut walker).await != worker::backfill::Step::Idle {}
        let changes = changes(&app, &run).await;
        assert_eq!(changes.keys().collect::<Vec<_>>(), [&names[0]]);
        assert_eq!(changes[&names[0]]["isStale"], true);
        assert!(app.profile(&names[0]).await.stale);
        app.assert_waiting_jobs(1).await;
    }

    async fn a_profile_that_cannot_be_written_can_still_be_compared(backend) {
        let app = TestApp::start(backend).await;
        let names = students(&app, 2).await;
        damage(&app, &names[0]).await;
        poison(&app, &names[0]).await;
        let run = start(&app, json!({ "scope": "ALL", "dryRun": true })).await;
        settle(&app).await;
        assert_figures(&app, &run, json!({ "state": "FINISHED", "changed": 1, "failed": 0 })).await;
    }

    async fn the_csv_says_what_the_connection_says(backend) {
        let app = TestApp::start(backend).await;
        let names = students(&app, 7).await;
        // More than one of its pages.
        let more: Vec<String> = (0..1100).map(|n| format!("more{n}")).collect();
        create(&app, &more).await;
        sql(&app, "UPDATE student_profile SET total_quizzes_completed = 7, overall_average_score = NULL").await;
        let run = start(&app, json!({ "scope": "ALL", "dryRun": true })).await;
        settle(&app).await;
        let response = csv(&app, &run).await;
        assert_eq!(response.status, 200);
        assert_eq!(response.header("content-type"), "text/csv; charset=utf-8");
        let mut reader = csv_reader(&response.text);
        let header = reader.headers().unwrap().clone();
        let records: Vec<BTreeMap<String, String>> = reader
            .records()
            .map(|record| header.iter().map(str::to_owned).zip(record.unwrap().iter().map(str::to_owned)).collect())
            .collect();
        assert_eq!(records.len(), 1107);
        let run = start(&app, json!({
            "scope": "STUDENTS", "students": names.iter().map(|it| json!({ "sourcedId": it })).collect::<Vec<_>>(),
            "dryRun": true,
        }))
        .await;
        settle(&app).await;
        let connection = changes(&app, &run).await;
        let few = csv(&app, &run).await;
        assert_eq!(csv_reader(&few.text).records().count(), connection.len());
        for (name, change) in connection {
            let record = records.iter().find(|record| record["sourced_id"] == name).expect("a record");
            let text = |value: &Value| value.as_str().map_or_else(|| value.to_string().replace("null", ""), str::to_owned);
            assert_eq!(record["student_id"], text(&change["student"]["id"]));
            assert_eq!(record["stale"], text(&change["isStale"]));
            assert_eq!(record["enrollments"], text(&change["enrollments"]));
            for when in ["before", "after"] {
                for (column, field) in [
                    ("total_quizzes_completed", "totalQuizzesCompleted"),
                    ("total_assignments_completed", "totalAssignmentsCompleted"),
                    ("overall_quiz_average_score", "overallQuizAverageScore"),
                    ("overall_assignment_average_score", "overallAssignmentAverageScore"),
                    ("overall_average_score", "overallAverageScore"),
                ] {
                    assert_eq!(record[&format!("{column}_{when}")], text(&change[when][field]), "{column} {when}");
                }
                let time = |text: &str| chrono::DateTime::parse_from_rfc3339(text).ok();
                let update = &record[&format!("last_performance_update_{when}")];
                assert_eq!(time(update), change[when]["lastPerformanceUpdate"].as_str().and_then(time));
            }
        }
    }

    async fn the_csv_is_for_admins(backend) {
        let app = TestApp::start(backend).await;
        let run = start(&app, json!({ "scope": "ALL", "dryRun": true })).await;
        let path = format!("/backfills/{run}/changes.csv");
        let nobody = answer(request(&app, Method::GET, &path)).await;
        assert_eq!((nobody.status.as_u16(), nobody.code().as_str()), (401, "UNAUTHENTICATED"));
        assert_eq!(nobody.header("www-authenticate"), "Bearer");
        let token = app.token(api::auth::Role::Service, "lms");
        let service = answer(request(&app, Method::GET, &path).bearer_auth(token)).await;
        assert_eq!((service.status.as_u16(), service.code().as_str()), (403, "FORBIDDEN"));
        for unknown in ["backfillRun:0193d1b2-0000-7000-8000-000000000000", "student:0193d1b2-0000-7000-8000-000000000000", "x"] {
            let answer = csv(&app, unknown).await;
            assert_eq!((answer.status.as_u16(), answer.code().as_str()), (404, "NOT_FOUND"), "{unknown}");
        }
        let empty = csv(&app, &run).await;
        assert_eq!((empty.status.as_u16(), empty.text.lines().count()), (200, 1), "a header alone");
    }

    async fn a_deleted_student_leaves_no_numbers_behind(backend) {
        let app = TestApp::start(backend).await;
        let names = students(&app, 2).await;
        damage(&app, &names[0]).await;
        let run = start(&app, json!({ "scope": "ALL", "dryRun": true })).await;
        settle(&app).await;
        let delete = "mutation($id: String!) { deleteStudent(student: { sourcedId: $id }) { deletedId } }";
        app.service().data(delete, json!({ "id": names[0] })).await;
        let left = select(&app, &run, "changed changes { totalCount }").await;
        assert_eq!(left, json!({ "changed": 1, "changes": { "totalCount": 0 } }));
    }
}

fn csv_reader(text: &str) -> csv::Reader<&[u8]> {
    csv::Reader::from_reader(text.as_bytes())
}
