//! What a person can ask: all that is kept of them, to be forgotten, and to be seen by nobody else any more.

use api::auth::Role;
use chrono::TimeDelta;
use entity::sea_orm::{ConnectionTrait, EntityTrait, Statement};
use entity::{revoked_subject, session, student_erasure};
use serde_json::{Value, json};
use tests::{Backend, Socket, TestApp, on_both_backends};

use crate::backfill;
use crate::queue::sql;

/// Ada, of whom there is a row in every table that can hold one of hers; gwen is her guardian.
async fn school(app: &TestApp) {
    for student in ["ada", "ben"] {
        app.student(student).await;
    }
    app.course("maths").await;
    app.quiz("q", "maths").await;
    app.assignment("t", "maths").await;
    app.enroll("ada", "maths", "ACTIVE").await;
    app.attempt("ada", "a", "q", "80").await;
    app.submission("ada", "s", "t", "90").await;
    for guardian in ["gwen", "glen"] {
        app.write("upsertGuardian", json!({ "sourcedId": guardian, "displayName": guardian })).await;
    }
    grant(app, "gwen", json!({})).await;
    app.drain().await;
    app.client(Role::Guardian, "gwen").data("{ myChildren { id } }", json!({})).await;
}

async fn grant(app: &TestApp, guardian: &str, dates: Value) {
    let mut input = json!({ "student": { "sourcedId": "ada" }, "guardian": { "sourcedId": guardian } });
    for (name, value) in dates.as_object().into_iter().flatten() {
        input[name] = value.clone();
    }
    app.write("grantGuardianship", input).await;
}

async fn id_of_ada(app: &TestApp) -> String {
    let data =
        app.service().data("{ studentProfile(sourcedId: \"ada\") { student { id } } }", json!({})).await;
    data["studentProfile"]["student"]["id"].as_str().expect("an id").to_owned()
}

/// The tables that have rows of the student, with how many.
async fn tables_with(app: &TestApp, student: &str) -> Vec<String> {
    let uuid = student.trim_start_matches("student:");
    let (tables, value) = match backend_of(app) {
        Backend::Sqlite => (
            "SELECT t.name AS name FROM sqlite_master t, pragma_table_info(t.name) c \
             WHERE t.type = 'table' AND c.name = 'student_id' ORDER BY 1",
            format!("x'{}'", uuid.replace('-', "")),
        ),
        Backend::Postgres => (
            "SELECT table_name::text AS name FROM information_schema.columns \
             WHERE table_schema = 'public' AND column_name = 'student_id' ORDER BY 1",
            format!("'{uuid}'"),
        ),
    };
    let db = app.db();
    let query = async |sql: String| {
        db.reader().query_all_raw(Statement::from_string(db.backend(), sql)).await.expect("rows")
    };
    let mut found = Vec::new();
    for table in query(tables.to_owned()).await {
        let table: String = table.try_get("", "name").expect("a name");
        let rows = query(format!("SELECT 1 AS one FROM {table} WHERE student_id = {value}")).await;
        if !rows.is_empty() {
            found.push(table);
        }
    }
    found
}

fn backend_of(app: &TestApp) -> Backend {
    match app.db().backend() {
        entity::sea_orm::DbBackend::Sqlite => Backend::Sqlite,
        _ => Backend::Postgres,
    }
}

/// For each table with a student's rows, where the exported record has them.
const SECTIONS: [(&str, &str); 12] = [
    ("access_log", "accesses"),
    ("aggregate_drift", "drift"),
    ("assignment_submission", "assignmentSubmissions"),
    ("backfill_item", "backfills"),
    ("enrollment", "enrollments"),
    ("guardianship", "guardianships"),
    ("job", "jobs"),
    ("job_failure", "jobs"),
    ("performance_snapshot", "history"),
    ("quiz_attempt", "quizAttempts"),
    ("student_profile", "profile"),
    ("weekly_performance", "weeks"),
];

const ERASE: &str = "mutation($reason: String!) { eraseStudent(student: { sourcedId: \"ada\" }, reason: $reason) \
    { studentId erasedAt role subject reason } }";

async fn fail_a_job(app: &TestApp, student: &str) {
    let uuid = student.trim_start_matches("student:");
    let value = match backend_of(app) {
        Backend::Sqlite => format!("x'{}'", uuid.replace('-', "")),
        Backend::Postgres => format!("'{uuid}'"),
    };
    let failure = format!(
        "INSERT INTO job_failure (student_id, job_id, attempt, worker, error) \
         SELECT student_id, id, 1, 'w', 'oops' FROM job WHERE student_id = {value}"
    );
    app.db().writer().execute_unprepared(&failure).await.expect("a failure");
}

/// Leaves something of ada in the tables that hold nothing when all is well, and of her signing in.
async fn trouble(app: &TestApp, ada: &str) {
    fail_a_job(app, ada).await;
    let of_ada = "WHERE student_id = (SELECT id FROM student WHERE sourced_id = 'ada')";
    sql(app, &format!("UPDATE student_profile SET total_quizzes_completed = 9 {of_ada}")).await;
    let all = worker::audit::Pace { students: 100, every: std::time::Duration::ZERO };
    worker::audit::step(app.db(), &*app.clock, all).await.unwrap().expect("it is time");
    backfill::start(app, json!({ "scope": "ALL", "dryRun": true })).await;
    backfill::settle(app).await;
    let identity = api::auth::Identity::new(Role::Student, "ada").unwrap();
    api::service::session::begin(app.db(), &identity, None, tests::app::start_of_time()).await.unwrap();
    let revoke = "mutation { revokeTokens(tokens: { subject: { role: STUDENT, subject: \"ada\", \
        issuedBefore: \"2020-01-01T00:00:00Z\" } }) { revokedAt } }";
    app.admin().data(revoke, json!({})).await;
}

on_both_backends! {
    async fn the_exported_record_has_everything(backend) {
        let app = TestApp::start(backend).await;
        school(&app).await;
        let ada = id_of_ada(&app).await;
        trouble(&app, &ada).await;
        let query = "query($id: ID!) { studentRecord(id: $id) }";
        let record = app.admin().data(query, json!({ "id": ada })).await["studentRecord"].clone();
        assert_eq!((&record["format"], &record["version"]), (&json!("tally.student-record"), &json!(1)));
        assert_eq!(record["exportedAt"], "2026-03-02T08:00:00Z");
        assert_eq!(record["student"]["sourcedId"], "ada");
        assert_eq!(record["profile"]["overallAverageScore"], "85.00");
        assert_eq!(record["enrollments"][0]["course"]["title"], "Course maths");
        let attempt = &record["quizAttempts"][0];
        assert_eq!((&attempt["quiz"]["sourcedId"], &attempt["score"]), (&json!("q"), &json!("80.00")));
        let submission = &record["assignmentSubmissions"][0];
        assert_eq!((&submission["assignment"]["sourcedId"], &submission["score"]), (&json!("t"), &json!("90.00")));
        assert_eq!(record["guardianships"][0]["guardian"]["displayName"], "gwen");
        assert_eq!(record["jobs"][0]["failures"][0]["error"], "oops");
        assert_eq!(record["history"][0]["overallAverageScore"], "85.00");
        assert_eq!(record["weeks"][0]["averageQuizScore"], "80.00");
        let of_backfill = &record["backfills"][0];
        let quizzes = |numbers: &Value| numbers["totalQuizzesCompleted"].as_i64();
        assert_eq!((quizzes(&of_backfill["before"]), quizzes(&of_backfill["after"])), (Some(9), Some(1)));
        assert_eq!(record["drift"]["differences"][0]["field"], "totalQuizzesCompleted");
        assert_eq!(record["sessions"][0]["createdAt"], "2026-03-02T08:00:00Z");
        let of_gwen = record["accesses"].as_array().unwrap().iter().find(|entry| entry["subject"] == "gwen").unwrap();
        assert_eq!((&of_gwen["kind"], &of_gwen["operation"]), (&json!("READ"), &json!("myChildren")));

        let sections = SECTIONS.map(|(table, _)| table);
        assert_eq!(tables_with(&app, &ada).await, sections, "say in SECTIONS where a new table is exported");
        for (table, section) in SECTIONS {
            let rows = &record[section];
            assert!(rows.is_object() || rows.as_array().is_some_and(|rows| !rows.is_empty()), "{table}: {rows}");
        }
        let nobody = format!("student:{}", uuid::Uuid::nil());
        assert_eq!(app.admin().data(query, json!({ "id": nobody })).await["studentRecord"], Value::Null);
    }

    async fn who_is_erased_is_forgotten_and_that_it_was_done_is_not(backend) {
        let app = TestApp::start(backend).await;
        school(&app).await;
        let ada = id_of_ada(&app).await;
        trouble(&app, &ada).await;
        let mut follower = Socket::connect(&app.url, &app.token(Role::Guardian, "gwen")).await;
        let profile = "subscription($id: ID!) { performanceUpdated(studentId: $id) { version } }";
        follower.subscribe("1", profile, json!({ "id": ada })).await;
        follower.data("1").await;
        // Noted and not yet written, as it may be in another process, too.
        app.client(Role::Guardian, "gwen").data("{ myChildren { id } }", json!({})).await;
        let erasure = app.admin().data(ERASE, json!({ "reason": "has asked for it" })).await["eraseStudent"].clone();
        let expected = json!({
            "studentId": ada, "erasedAt": "2026-03-02T08:00:00+00:00", "role": "ADMIN", "subject": "admin",
            "reason": "has asked for it",
        });
        assert_eq!(erasure, expected);
        let query = "query($id: ID!) { erasure(studentId: $id) { studentId erasedAt role subject reason } }";
        assert_eq!(app.admin().data(query, json!({ "id": ada })).await["erasure"], expected);

        let log = "{ accessLog(first: 100) { nodes { operation role subject studentId student { id } } } }";
        let data = app.admin().data(log, json!({})).await;
        let entries = data["accessLog"]["nodes"].as_array().unwrap();
        let of_erased: Vec<&Value> = entries.iter().filter(|entry| entry["studentId"].is_null()).collect();
        for (operation, subject) in [("myChildren", "gwen"), ("eraseStudent", "admin"), ("recordQuizAttempt", "lms")] {
            let is_it = |entry: &&&Value| entry["operation"] == operation && entry["subject"] == subject;
            assert_eq!(of_erased.iter().filter(is_it).count(), 1, "{operation} of {subject} in {data:#}");
        }
        assert!(of_erased.iter().all(|entry| entry["student"].is_null()));
        assert_eq!(tables_with(&app, &ada).await, ["student_erasure"]);
        assert_eq!(session::Entity::find().all(app.db().reader()).await.unwrap(), []);
        assert_eq!(revoked_subject::Entity::find().all(app.db().reader()).await.unwrap(), []);
        let told = follower.next().await;
        assert_eq!(told["payload"]["errors"][0]["extensions"]["code"], "NOT_FOUND", "{told}");
        assert_eq!(app.client(Role::Guardian, "gwen").data("{ myChildren { id } }", json!({})).await["myChildren"], json!([]));
        // The jobs that were under way find nobody; others are as they were.
        app.drain().await;
        assert_eq!(app.profile("ben").await.quizzes, 0);
        assert_eq!(app.admin().error(ERASE, json!({ "reason": "again" })).await.code, "NOT_FOUND");
    }

    async fn what_another_process_notes_of_an_erased_student_names_nobody(backend) {
        let app = TestApp::start(backend).await;
        school(&app).await;
        let ada = id_of_ada(&app).await;
        app.admin().data(ERASE, json!({ "reason": "has asked for it" })).await;
        let student_id = ada.parse().unwrap();
        let other = api::service::access::AccessLog::new(app.db().clone(), app.shared_clock());
        let viewer = api::viewer::Viewer::new(api::auth::Identity::new(Role::Guardian, "glen").unwrap());
        let witness = api::service::access::Witness::new(other.clone(), viewer);
        witness.note("node", entity::access_log::Kind::Read, [student_id]);
        witness.settle();
        other.flush().await.unwrap();
        assert_eq!(tables_with(&app, &ada).await, ["student_erasure"]);
        let log = "{ accessLog(subject: \"glen\") { nodes { operation studentId } } }";
        let entries = app.admin().data(log, json!({})).await["accessLog"]["nodes"].clone();
        assert_eq!(entries, json!([{ "operation": "node", "studentId": null }]));
    }

    async fn an_erasure_needs_a_reason_and_an_admin(backend) {
        let app = TestApp::start(backend).await;
        school(&app).await;
        let error = app.admin().error(ERASE, json!({ "reason": " " })).await;
        assert_eq!((error.code.as_str(), error.field.as_deref()), ("BAD_USER_INPUT", Some("reason")));
        assert_eq!(app.service().error(ERASE, json!({ "reason": "why not" })).await.code, "FORBIDDEN");
        assert_eq!(app.profile("ada").await.quizzes, 1);
        assert!(student_erasure::Entity::find().one(app.db().reader()).await.unwrap().is_none());
    }

    async fn a_student_who_comes_of_age_is_seen_by_no_guardian_from_then_on(backend) {
        let app = TestApp::start(backend).await;
        school(&app).await;
        let birthday = tests::app::start_of_time() + TimeDelta::days(10);
        let after = json!({ "validFrom": (birthday + TimeDelta::days(1)).to_rfc3339() });
        grant(&app, "glen", after).await;
        let hand_over = "mutation($at: DateTime) { handOverStudent(student: { sourcedId: \"ada\" }, at: $at) \
            { guardian { sourcedId } validUntil revokedAt } }";
        let at = json!({ "at": birthday.to_rfc3339() });
        let ended = app.service().data(hand_over, at.clone()).await["handOverStudent"].clone();
        let until = |guardian: &str| {
            let found = ended.as_array().unwrap().iter().find(|it| it["guardian"]["sourcedId"] == guardian);
            found.map(|it| (it["validUntil"].clone(), it["revokedAt"].is_null())).unwrap()
        };
        assert_eq!(until("gwen"), (json!(birthday.to_rfc3339()), true));
        assert_eq!(until("glen"), (Value::Null, false));
        assert_eq!(app.service().data(hand_over, at.clone()).await["handOverStudent"], json!([]), "again");

        let children = async |guardian: &str| {
            let client = app.client(Role::Guardian, guardian);
            client.data("{ myChildren { id } }", json!({})).await["myChildren"].as_array().unwrap().len()
        };
        app.clock.set(birthday - TimeDelta::microseconds(1));
        assert_eq!(children("gwen").await, 1);
        app.clock.set(birthday);
        assert_eq!(children("gwen").await, 0);
        app.clock.set(birthday + TimeDelta::days(2));
        assert_eq!(children("glen").await, 0);
        let own = app.client(Role::Student, "ada").data("{ me { profile { id } } }", json!({})).await;
        assert!(own["me"]["profile"]["id"].is_string());
        assert_eq!(app.service().data(hand_over, at).await["handOverStudent"], json!([]), "after the day");
    }

    async fn handing_over_without_a_date_takes_effect_at_once(backend) {
        let app = TestApp::start(backend).await;
        school(&app).await;
        app.advance(TimeDelta::minutes(1));
        let gwen = app.client(Role::Guardian, "gwen");
        let children = "{ myChildren { id } }";
        assert_ne!(gwen.data(children, json!({})).await["myChildren"], json!([]));
        let hand_over = "mutation { handOverStudent(student: { sourcedId: \"ada\" }) { validUntil } }";
        let past = "mutation { handOverStudent(student: { sourcedId: \"ada\" }, at: \"2000-01-01T00:00:00Z\") { validUntil } }";
        let ended = app.admin().data(past, json!({})).await["handOverStudent"].clone();
        assert_eq!(ended, json!([{ "validUntil": "2026-03-02T08:01:00+00:00" }]), "what was seen was seen");
        assert_eq!(gwen.data(children, json!({})).await["myChildren"], json!([]));
        assert_eq!(app.admin().data(hand_over, json!({})).await["handOverStudent"], json!([]));
        assert_eq!(gwen.error(hand_over, json!({})).await.code, "FORBIDDEN");
    }
}
