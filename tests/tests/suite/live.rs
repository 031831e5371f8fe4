//! Profiles that are followed as they change.

use api::auth::Role;
use api::http::Options;
use chrono::TimeDelta;
use entity::database::Database;
use entity::feed;
use serde_json::{Value, json};
use tests::{Backend, Socket, TestApp, on_both_backends};
use tokio_util::sync::CancellationToken;

const PROFILE: &str = "subscription($id: ID!) { performanceUpdated(studentId: $id) \
     { version overallAverageScore student { sourcedId } } }";
const CHILDREN: &str =
    "subscription { myChildrenUpdated { version overallAverageScore student { sourcedId } } }";

/// A course with a quiz, and students who are enrolled in it. Returns their ids.
async fn school(app: &TestApp, students: &[&str]) -> Vec<Value> {
    app.course("maths").await;
    app.quiz("q", "maths").await;
    let mut ids = Vec::new();
    for student in students {
        app.student(student).await;
        app.enroll(student, "maths", "ACTIVE").await;
        let query = "query($s: String!) { studentProfile(sourcedId: $s) { student { id } } }";
        let data = app.admin().data(query, json!({ "s": student })).await;
        ids.push(data["studentProfile"]["student"]["id"].clone());
    }
    app.drain().await;
    ids
}

async fn guardian(app: &TestApp, guardian: &str, children: &[&str]) {
    app.write("upsertGuardian", json!({ "sourcedId": guardian, "displayName": guardian })).await;
    for child in children {
        app.write("grantGuardianship", pair(child, guardian)).await;
    }
}

/// A school of Ada and Ben, and Ben's guardian, who follows all her children as "all" and has seen him.
async fn guardian_of_ben(backend: Backend) -> (TestApp, Socket) {
    let app = TestApp::start(backend).await;
    school(&app, &["ada", "ben"]).await;
    guardian(&app, "gwen", &["ben"]).await;
    let mut gwen = socket(&app, Role::Guardian, "gwen").await;
    gwen.subscribe("all", CHILDREN, json!({})).await;
    assert_eq!(profile(&mut gwen, "all").await.0, "ben");
    (app, gwen)
}

fn pair(student: &str, guardian: &str) -> Value {
    json!({ "student": { "sourcedId": student }, "guardian": { "sourcedId": guardian } })
}

async fn socket(app: &TestApp, role: Role, subject: &str) -> Socket {
    Socket::connect(&app.url, &app.token(role, subject)).await
}

/// The student, the version and the overall average of the next profile of the subscription `id`.
async fn profile(socket: &mut Socket, id: &str) -> (String, i64, Option<String>) {
    let data = socket.data(id).await;
    let profile = data.as_object().and_then(|data| data.values().next()).expect("one field");
    let text = |value: &Value| value.as_str().map(str::to_owned);
    (
        text(&profile["student"]["sourcedId"]).expect("a student"),
        profile["version"].as_i64().expect("a version"),
        text(&profile["overallAverageScore"]),
    )
}

on_both_backends! {
    async fn the_current_value_comes_first_and_then_each_change(backend) {
        let app = TestApp::start(backend).await;
        let ids = school(&app, &["ada", "ben"]).await;
        let mut socket = socket(&app, Role::Admin, "admin").await;
        socket.subscribe("a", PROFILE, json!({ "id": ids[0] })).await;
        let (student, mut version, overall) = profile(&mut socket, "a").await;
        assert_eq!((student.as_str(), overall), ("ada", None));
        for (attempt, average) in [("60", "60.00"), ("80", "70.00"), ("100", "80.00")] {
            app.attempt("ada", attempt, "q", attempt).await;
            app.attempt("ben", attempt, "q", attempt).await;
            app.drain().await;
            let (student, newer, overall) = profile(&mut socket, "a").await;
            assert_eq!((student.as_str(), overall.as_deref()), ("ada", Some(average)));
            assert!(newer > version);
            version = newer;
        }
        assert_eq!(socket.next_if_any().await, None, "ben's changes are none of ada's");
        socket.send(&json!({ "type": "complete", "id": "a" })).await;
        app.attempt("ada", "more", "q", "0").await;
        app.drain().await;
        assert_eq!(socket.next_if_any().await, None, "what was completed says nothing more");
    }

    async fn a_revoked_guardian_gets_nothing_more_from_the_next_event_on(backend) {
        let app = TestApp::start(backend).await;
        let ids = school(&app, &["ada", "ben"]).await;
        guardian(&app, "gwen", &["ada", "ben"]).await;
        let mut gwen = socket(&app, Role::Guardian, "gwen").await;
        gwen.subscribe("ada", PROFILE, json!({ "id": ids[0] })).await;
        assert_eq!(profile(&mut gwen, "ada").await.0, "ada");
        gwen.subscribe("all", CHILDREN, json!({})).await;
        assert_eq!(profile(&mut gwen, "all").await.0, "ada");
        assert_eq!(profile(&mut gwen, "all").await.0, "ben");

        app.write("revokeGuardianship", pair("ada", "gwen")).await;
        app.attempt("ada", "1", "q", "60").await;
        app.drain().await;
        let error = gwen.next().await;
        assert_eq!(error["payload"]["data"], Value::Null, "{error}");
        assert_eq!(error["payload"]["errors"][0]["extensions"]["code"], "NOT_FOUND", "{error}");
        assert_eq!(gwen.next().await, json!({ "type": "complete", "id": "ada" }));
        app.attempt("ben", "1", "q", "80").await;
        app.drain().await;
        let (student, _, overall) = profile(&mut gwen, "all").await;
        assert_eq!((student.as_str(), overall.as_deref()), ("ben", Some("80.00")), "ada is heard of no more");

        // What does not exist looks the same.
        let mut unknown = error.clone();
        unknown["id"] = json!("x");
        gwen.subscribe("x", PROFILE, json!({ "id": format!("student:{}", uuid::Uuid::nil()) })).await;
        assert_eq!(gwen.next().await, unknown);
    }

    async fn a_right_that_runs_out_is_judged_at_every_event(backend) {
        let app = TestApp::start(backend).await;
        let ids = school(&app, &["ada"]).await;
        guardian(&app, "gwen", &[]).await;
        let mut input = pair("ada", "gwen");
        input["validUntil"] = json!((tests::app::start_of_time() + TimeDelta::minutes(10)).to_rfc3339());
        app.write("grantGuardianship", input).await;
        let mut gwen = socket(&app, Role::Guardian, "gwen").await;
        gwen.subscribe("a", PROFILE, json!({ "id": ids[0] })).await;
        profile(&mut gwen, "a").await;
        app.advance(TimeDelta::minutes(9));
        app.attempt("ada", "1", "q", "60").await;
        app.drain().await;
        profile(&mut gwen, "a").await;
        app.advance(TimeDelta::minutes(1));
        app.attempt("ada", "2", "q", "80").await;
        app.drain().await;
        assert_eq!(gwen.next().await["payload"]["errors"][0]["extensions"]["code"], "NOT_FOUND");
    }

    async fn children_who_join_are_followed_and_those_who_go_are_not(backend) {
        let (app, mut gwen) = guardian_of_ben(backend).await;
        app.write("grantGuardianship", pair("ada", "gwen")).await;
        assert_eq!(profile(&mut gwen, "all").await.0, "ada", "at once, as it is");
        app.attempt("ada", "1", "q", "60").await;
        app.drain().await;
        assert_eq!(profile(&mut gwen, "all").await.2.as_deref(), Some("60.00"));
        app.service()
            .data("mutation { deleteStudent(student: { sourcedId: \"ada\" }) { deletedId } }", json!({}))
            .await;
        app.attempt("ben", "1", "q", "80").await;
        app.drain().await;
        assert_eq!(profile(&mut gwen, "all").await.2.as_deref(), Some("80.00"));
    }

    async fn a_child_who_is_merged_into_another_record_is_followed_there(backend) {
        let (app, mut gwen) = guardian_of_ben(backend).await;
        let merge = "mutation { mergeStudents(from: { sourcedId: \"ben\" }, into: { sourcedId: \"ada\" }) { id } }";
        app.admin().data(merge, json!({})).await;
        assert_eq!(profile(&mut gwen, "all").await.0, "ada", "at once");
    }

    async fn a_deleted_student_ends_the_subscription(backend) {
        let app = TestApp::start(backend).await;
        let ids = school(&app, &["ada"]).await;
        let mut admin = socket(&app, Role::Admin, "admin").await;
        admin.subscribe("a", PROFILE, json!({ "id": ids[0] })).await;
        profile(&mut admin, "a").await;
        app.service()
            .data("mutation { deleteStudent(student: { sourcedId: \"ada\" }) { deletedId } }", json!({}))
            .await;
        assert_eq!(admin.next().await["payload"]["errors"][0]["extensions"]["code"], "NOT_FOUND");
        assert_eq!(admin.next().await, json!({ "type": "complete", "id": "a" }));
    }

    async fn what_a_worker_elsewhere_computes_is_heard_of(backend) {
        let app = TestApp::start(backend).await;
        let ids = school(&app, &["ada"]).await;
        let mut socket = socket(&app, Role::Admin, "admin").await;
        socket.subscribe("a", PROFILE, json!({ "id": ids[0] })).await;
        profile(&mut socket, "a").await;
        // Another set of connections shares nothing with the server's, as another process would.
        let elsewhere = Database::connect(app.database_url(), 4).await.unwrap();
        let stop = CancellationToken::new();
        let announced = tokio::spawn(feed::announce(elsewhere.clone(), stop.clone()));
        for (attempt, average) in [("60", "60.00"), ("80", "70.00"), ("100", "80.00")] {
            app.attempt("ada", attempt, "q", attempt).await;
            worker::drain(&elsewhere, &app.shared_clock()).await.unwrap();
            assert_eq!(profile(&mut socket, "a").await.2.as_deref(), Some(average));
        }
        stop.cancel();
        announced.await.unwrap();
        // Nobody says anything now, and the versions are looked at all the same.
        app.attempt("ada", "0", "q", "0").await;
        worker::drain(&elsewhere, &app.shared_clock()).await.unwrap();
        assert_eq!(profile(&mut socket, "a").await.2.as_deref(), Some("60.00"));
    }

    async fn a_client_that_is_slow_gets_the_latest(backend) {
        let mut options = Options::default();
        options.limits.document.aliases = 120;
        let app = TestApp::start_with(backend, options).await;
        let ids = school(&app, &["ada"]).await;
        let mut socket = socket(&app, Role::Admin, "admin").await;
        // So much at once that the connection itself cannot hold it.
        let name = "\u{1f393}".repeat(255);
        app.write("upsertStudent", json!({ "sourcedId": "ada", "displayName": name })).await;
        let wide: Vec<String> = (0..120).map(|n| format!("a{n}: student {{ displayName }}")).collect();
        let query = format!("subscription($id: ID!) {{ performanceUpdated(studentId: $id) {{ version overallAverageScore {} }} }}", wide.join(" "));
        socket.subscribe("a", &query, json!({ "id": ids[0] })).await;
        let mut version = socket.data("a").await["performanceUpdated"]["version"].as_i64().unwrap();
        let changes = 100;
        for n in 0..changes {
            app.attempt("ada", "1", "q", &n.to_string()).await;
            app.drain().await;
        }
        let mut came = 0;
        loop {
            let profile = socket.data("a").await["performanceUpdated"].clone();
            let newer = profile["version"].as_i64().unwrap();
            assert!(newer > version, "{newer} after {version}");
            version = newer;
            came += 1;
            if profile["overallAverageScore"] == format!("{}.00", changes - 1) {
                break;
            }
        }
        assert!(came < changes, "{came} of {changes} values were kept for a client that did not take them");
    }
}
