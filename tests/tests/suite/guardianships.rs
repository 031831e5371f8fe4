//! The list of guardianships, for admins.

use api::auth::Role;
use chrono::TimeDelta;
use serde_json::{Value, json};
use tests::{TestApp, on_both_backends};

const LIST: &str = "query($student: Ref, $guardian: Ref, $first: Int, $after: String) {
    guardianships(student: $student, guardian: $guardian, first: $first, after: $after) {
        nodes { student { sourcedId } guardian { sourcedId } validUntil revokedAt }
        pageInfo { hasNextPage endCursor }
    }
}";

/// Two students, three guardians, and all guardianships there can be between them; one of which was revoked.
async fn families(app: &TestApp) {
    for student in ["ada", "ben"] {
        app.student(student).await;
        // Ids are in the order of their times.
        app.advance(TimeDelta::seconds(1));
    }
    for guardian in ["gwen", "hugo", "iris"] {
        app.write("upsertGuardian", json!({ "sourcedId": guardian, "displayName": guardian })).await;
        app.advance(TimeDelta::seconds(1));
        for student in ["ada", "ben"] {
            app.write("grantGuardianship", pair(student, guardian)).await;
        }
    }
    app.write("revokeGuardianship", pair("ada", "hugo")).await;
}

fn pair(student: &str, guardian: &str) -> Value {
    json!({ "student": { "sourcedId": student }, "guardian": { "sourcedId": guardian } })
}

/// Who sees whom, as the list tells it.
async fn told(app: &TestApp, variables: Value) -> Vec<(String, String)> {
    let data = app.admin().data(LIST, variables).await;
    let nodes = data["guardianships"]["nodes"].as_array().unwrap();
    let name = |value: &Value| value["sourcedId"].as_str().unwrap().to_owned();
    nodes.iter().map(|node| (name(&node["guardian"]), name(&node["student"]))).collect()
}

fn all_of(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(guardian, student)| ((*guardian).to_owned(), (*student).to_owned())).collect()
}

on_both_backends! {
    async fn they_are_listed_by_student_and_by_guardian_the_revoked_among_them(backend) {
        let app = TestApp::start(backend).await;
        families(&app).await;
        let of_ada = told(&app, json!({ "student": { "sourcedId": "ada" } })).await;
        assert_eq!(of_ada, all_of(&[("gwen", "ada"), ("hugo", "ada"), ("iris", "ada")]));
        let of_hugo = told(&app, json!({ "guardian": { "sourcedId": "hugo" } })).await;
        assert_eq!(of_hugo, all_of(&[("hugo", "ada"), ("hugo", "ben")]));
        assert_eq!(told(&app, pair("ben", "gwen")).await, all_of(&[("gwen", "ben")]));
        assert_eq!(told(&app, json!({ "student": { "sourcedId": "nobody" } })).await, []);

        let data = app.admin().data(LIST, pair("ada", "hugo")).await;
        assert!(data["guardianships"]["nodes"][0]["revokedAt"].is_string(), "{data}");
        let data = app.admin().data(LIST, pair("ben", "hugo")).await;
        assert!(data["guardianships"]["nodes"][0]["revokedAt"].is_null(), "{data}");
    }

    /// What is kept may be what was revoked, or what is gone may be: either way nobody comes back by a merge.
    async fn a_merge_revives_no_right_that_was_revoked(backend) {
        let app = TestApp::start(backend).await;
        families(&app).await;
        app.advance(TimeDelta::hours(1));
        app.write("revokeGuardianship", pair("ben", "iris")).await;
        // As by a process whose clock is behind: what is revoked is so whatever the time.
        app.advance(TimeDelta::minutes(-30));
        let merge = "mutation { mergeStudents(from: { sourcedId: \"ben\" }, into: { sourcedId: \"ada\" }) { id } }";
        app.admin().data(merge, json!({})).await;
        for (guardian, is_revoked) in [("gwen", false), ("hugo", true), ("iris", true)] {
            let data = app.admin().data(LIST, pair("ada", guardian)).await;
            let nodes = data["guardianships"]["nodes"].as_array().unwrap();
            assert_eq!(nodes.len(), 1, "{guardian}: {data}");
            assert_eq!(nodes[0]["revokedAt"].is_string(), is_revoked, "{guardian}: {data}");
            let children = app.client(Role::Guardian, guardian).data("{ myChildren { student { sourcedId } } }", json!({})).await;
            assert_eq!(children["myChildren"].as_array().map(Vec::is_empty), Some(is_revoked), "{guardian}");
        }
    }

    async fn a_merge_revives_no_right_that_has_ended(backend) {
        let app = TestApp::start(backend).await;
        families(&app).await;
        let hand_over = "mutation { handOverStudent(student: { sourcedId: \"ben\" }) { revokedAt } }";
        app.admin().data(hand_over, json!({})).await;
        let merge = "mutation { mergeStudents(from: { sourcedId: \"ben\" }, into: { sourcedId: \"ada\" }) { id } }";
        app.admin().data(merge, json!({})).await;
        for guardian in ["gwen", "hugo", "iris"] {
            let children = app.client(Role::Guardian, guardian).data("{ myChildren { student { sourcedId } } }", json!({})).await;
            assert_eq!(children["myChildren"], json!([]), "{guardian}");
        }
    }

    async fn pages_go_on_where_the_one_before_has_ended(backend) {
        let app = TestApp::start(backend).await;
        families(&app).await;
        let (mut all, mut after) = (Vec::new(), Value::Null);
        loop {
            let page = json!({ "first": 2, "after": after });
            all.extend(told(&app, page.clone()).await);
            let data = app.admin().data(LIST, page).await;
            let info = &data["guardianships"]["pageInfo"];
            if info["hasNextPage"] == false {
                break;
            }
            after = info["endCursor"].clone();
        }
        assert_eq!(all, told(&app, json!({})).await);
        assert_eq!(all.len(), 6);
        for cursor in ["", "student:1,guardian:2", "nonsense"] {
            let error = app.admin().error(LIST, json!({ "after": cursor })).await;
            assert_eq!((error.code.as_str(), error.field.as_deref()), ("BAD_USER_INPUT", Some("after")), "{cursor}");
        }
    }
}
