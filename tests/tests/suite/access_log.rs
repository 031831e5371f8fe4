//! Who read or changed whose record: what is noted, and who may ask.

mod changes;

use std::collections::BTreeSet;

use api::auth::{Identity, Role, Secret, TokenRules, sign_hs256};
use api::http::Options;
use api::service::read::ProfileCache;
use chrono::TimeDelta;
use entity::clock::Clock;
use entity::database::Database;
use entity::sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use tests::binary::TallyApi;
use tests::client::Client;
use tests::{Backend, Socket, TestApp, on_both_backends};
use worker::accesses::{self, KEPT_FOR};

/// Ada and others, with what items need; gwen is ada's guardian.
async fn school(app: &TestApp) {
    for student in ["ada", "ben", "cid"] {
        app.student(student).await;
    }
    app.course("maths").await;
    app.quiz("q", "maths").await;
    app.assignment("t", "maths").await;
    app.write("upsertGuardian", json!({ "sourcedId": "gwen", "displayName": "Gwen" })).await;
    grant(app, "gwen").await;
}

async fn grant(app: &TestApp, guardian: &str) {
    let input = json!({ "student": { "sourcedId": "ada" }, "guardian": { "sourcedId": guardian } });
    app.write("grantGuardianship", input).await;
}

/// The entries of the log, the newest first, as `operation kind role subject count`.
async fn log(app: &TestApp, arguments: &str) -> Vec<String> {
    let query = format!("{{ accessLog({arguments}) {{ nodes {{ operation kind role subject count }} }} }}");
    let data = app.admin().data(&query, json!({})).await;
    let entries = data["accessLog"]["nodes"].as_array().expect("entries").iter();
    entries.map(line).collect()
}

fn line(entry: &Value) -> String {
    let text = |field: &str| entry[field].as_str().unwrap_or("-").to_owned();
    let who = if entry["subject"].is_null() { text("who") } else { text("subject") };
    format!("{} {} {} {who} {}", text("operation"), text("kind"), text("role"), entry["count"])
}

async fn student_id(client: &Client, sourced_id: &str) -> String {
    let query = "query($id: String!) { studentProfile(sourcedId: $id) { student { id } } }";
    let data = client.data(query, json!({ "id": sourced_id })).await;
    data["studentProfile"]["student"]["id"].as_str().expect("an id").to_owned()
}

fn sorted(mut entries: Vec<String>) -> Vec<String> {
    entries.sort_unstable();
    entries
}

/// A token that is good for longer than an hour.
fn long_token(app: &TestApp, role: Role, subject: &str) -> String {
    let secret = Secret::new(tests::app::SECRET).expect("the tests' secret is long enough");
    let identity = Identity::new(role, subject).expect("a subject that tokens can have");
    let lifetime = TimeDelta::hours(9);
    sign_hs256(&secret, &identity, app.clock.now(), lifetime, &TokenRules::default()).expect("a token")
}

const READ: &str = "{ studentProfile(sourcedId: \"ada\") { overallAverageScore student { displayName } } }";

on_both_backends! {
    async fn what_is_read_again_and_again_is_one_entry_that_counts(backend) {
        let app = TestApp::start(backend).await;
        school(&app).await;
        let gwen = app.client(Role::Guardian, "gwen");
        gwen.data(READ, json!({})).await;
        app.advance(TimeDelta::seconds(30));
        // What the client calls it does not matter, nor that the log was written in between.
        assert_eq!(log(&app, "subject: \"gwen\"").await, ["studentProfile READ GUARDIAN gwen 1"]);
        let other = "query Innocent { nothing: studentProfile(sourcedId: \"ada\") { ...All } } \
            fragment All on StudentProfile { id enrollments { id } }";
        gwen.data(other, json!({})).await;
        gwen.data("query { ...All } fragment All on Query { mine: myChildren { student { id } } }", json!({})).await;
        let entries = ["myChildren READ GUARDIAN gwen 1", "studentProfile READ GUARDIAN gwen 2"];
        assert_eq!(log(&app, "subject: \"gwen\"").await, entries);
        let times = "{ accessLog(subject: \"gwen\") { nodes { firstAt lastAt student { sourcedId } } } }";
        let data = app.admin().data(times, json!({})).await;
        let repeated = &data["accessLog"]["nodes"][1];
        assert_eq!(repeated["firstAt"], "2026-03-02T08:00:00+00:00");
        assert_eq!(repeated["lastAt"], "2026-03-02T08:00:30+00:00");
        assert_eq!(repeated["student"]["sourcedId"], "ada");
        let from = |seconds: u8| format!("subject: \"gwen\", from: \"2026-03-02T08:00:{seconds}Z\"");
        assert_eq!((log(&app, &from(30)).await.len(), log(&app, &from(31)).await.len()), (2, 0));
        app.advance(TimeDelta::hours(1));
        app.client(Role::Guardian, "gwen").data(READ, json!({})).await;
        assert_eq!(log(&app, "subject: \"gwen\", first: 1").await, ["studentProfile READ GUARDIAN gwen 1"]);
    }

    async fn admins_find_accesses_by_student_viewer_and_time(backend) {
        let app = TestApp::start(backend).await;
        school(&app).await;
        let ada = student_id(&app.service(), "ada").await;
        for minute in 0..5 {
            app.clock.set(tests::app::start_of_time() + TimeDelta::hours(1) + TimeDelta::minutes(minute));
            app.client(Role::Admin, &format!("admin-{minute}")).data(READ, json!({})).await;
        }
        let by_ada = log(&app, &format!("studentId: \"{ada}\", from: \"2026-03-02T09:00:00Z\"")).await;
        let by = |n: usize| format!("studentProfile READ ADMIN admin-{n} 1");
        assert_eq!(by_ada, [by(4), by(3), by(2), by(1), by(0)]);
        let between = "from: \"2026-03-02T09:01:00Z\", to: \"2026-03-02T09:03:00Z\"";
        assert_eq!(log(&app, between).await, [by(2), by(1)]);
        assert_eq!(log(&app, "subject: \"admin-3\"").await, [by(3)]);
        assert_eq!(log(&app, &format!("studentId: \"{}\"", student_id(&app.service(), "ben").await)).await.len(), 2);

        let page = "query($after: String) { accessLog(from: \"2026-03-02T09:00:00Z\", to: \"2026-03-02T10:00:00Z\", \
            first: 2, after: $after) { nodes { operation kind role subject count } pageInfo { endCursor hasNextPage } } }";
        let (mut after, mut found) = (Value::Null, Vec::new());
        loop {
            let data = app.admin().data(page, json!({ "after": after })).await;
            let page = &data["accessLog"];
            found.extend(page["nodes"].as_array().expect("entries").iter().map(line));
            after = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
        }
        // The service looked up ben's id in the same hour.
        found.retain(|entry| entry.contains("ADMIN"));
        assert_eq!(found, by_ada);
    }

    async fn a_family_sees_who_saw_their_child(backend) {
        let app = TestApp::start(backend).await;
        school(&app).await;
        app.write("upsertGuardian", json!({ "sourcedId": "glen", "displayName": "Glen" })).await;
        grant(&app, "glen").await;
        let glen = app.client(Role::Guardian, "glen");
        glen.data(READ, json!({})).await;
        let student = json!({ "student": { "sourcedId": "ada" }, "guardian": { "sourcedId": "glen" } });
        app.write("revokeGuardianship", student).await;
        app.admin().data(READ, json!({})).await;
        app.client(Role::Student, "ada").data(READ, json!({})).await;
        app.client(Role::Student, "ben").data(READ, json!({})).await;

        let query = "{ studentProfile(sourcedId: \"ada\") { accesses(first: 100) { nodes { operation kind role who count } } } }";
        for (role, subject) in [(Role::Guardian, "gwen"), (Role::Student, "ada")] {
            let data = app.client(role, subject).data(query, json!({})).await;
            let entries = data["studentProfile"]["accesses"]["nodes"].as_array().expect("entries").iter();
            let entries: BTreeSet<String> = entries.map(line).collect();
            let mut expected = BTreeSet::from([
                "upsertStudent CHANGED SERVICE lms 1".to_owned(),
                "grantGuardianship CHANGED SERVICE lms 2".to_owned(),
                "revokeGuardianship CHANGED SERVICE lms 1".to_owned(),
                "studentProfile READ GUARDIAN Glen 1".to_owned(),
                "studentProfile READ ADMIN - 1".to_owned(),
            ]);
            if role == Role::Student {
                // What gwen did by asking; the student's own is nowhere.
                expected.insert("studentProfile READ GUARDIAN Gwen 1".to_owned());
            }
            assert_eq!(entries, expected, "for {subject}");
        }
        // Whose right has ended cannot ask any more.
        assert_eq!(glen.data(query, json!({})).await["studentProfile"], Value::Null);
    }

    async fn no_read_waits_for_the_log(backend) {
        let app = TestApp::start(backend).await;
        school(&app).await;
        let held = app.db().begin_write().await.unwrap();
        if backend == Backend::Postgres {
            held.execute_unprepared("LOCK TABLE access_log").await.unwrap();
        }
        let gwen = app.client(Role::Guardian, "gwen");
        gwen.data(READ, json!({})).await;
        drop(held);
        assert_eq!(log(&app, "subject: \"gwen\"").await, ["studentProfile READ GUARDIAN gwen 1"]);
    }

    async fn a_profile_from_memory_is_noted_like_one_that_is_read(backend) {
        let app = TestApp::start_with(backend, Options { cache: ProfileCache::on(), ..Options::default() }).await;
        school(&app).await;
        app.drain().await;
        app.advance(TimeDelta::minutes(2));
        let ben = "{ studentProfile(sourcedId: \"ben\") { overallAverageScore } }";
        for _ in 0..3 {
            app.service().data(ben, json!({})).await;
        }
        let (_, metrics) = app.ops("/metrics").await;
        assert!(metrics.contains("tally_profile_cache_hits_total 2\n"), "{metrics}");
        assert_eq!(log(&app, "subject: \"lms\", first: 1").await, ["studentProfile READ SERVICE lms 3"]);
        assert_eq!(app.client(Role::Guardian, "gwen").data(ben, json!({})).await["studentProfile"], Value::Null);
        assert!(log(&app, "subject: \"gwen\"").await.is_empty());
    }

    async fn what_is_followed_is_noted_when_it_is_first_shown_and_then_once_an_hour(backend) {
        let app = TestApp::start(backend).await;
        school(&app).await;
        app.enroll("ada", "maths", "ACTIVE").await;
        app.drain().await;
        let mut socket = Socket::connect(&app.url, &long_token(&app, Role::Guardian, "gwen")).await;
        let profile = "subscription($id: ID!) { performanceUpdated(studentId: $id) { version student { sourcedId } } }";
        let ada = student_id(&app.service(), "ada").await;
        socket.subscribe("1", profile, json!({ "id": ada })).await;
        socket.data("1").await;
        socket.subscribe("2", "subscription { myChildrenUpdated { version } }", json!({})).await;
        socket.data("2").await;
        let first = ["myChildrenUpdated READ GUARDIAN gwen 1", "performanceUpdated READ GUARDIAN gwen 1"];
        assert_eq!(sorted(log(&app, "subject: \"gwen\"").await), first);
        let mut seen = async |attempt: &str| {
            app.attempt("ada", attempt, "q", "80").await;
            app.drain().await;
            // Either may come first.
            let ids = [socket.next().await["id"].clone(), socket.next().await["id"].clone()];
            assert_eq!(BTreeSet::from(ids.map(|id| id.as_str().map(str::to_owned))).len(), 2);
        };
        seen("a").await;
        app.advance(TimeDelta::minutes(59));
        seen("b").await;
        assert_eq!(sorted(log(&app, "subject: \"gwen\"").await), first, "nothing new");
        app.advance(TimeDelta::minutes(1));
        seen("c").await;
        seen("d").await;
        let twice = sorted([first, first].concat().into_iter().map(str::to_owned).collect());
        assert_eq!(sorted(log(&app, "subject: \"gwen\"").await), twice);

        app.advance(TimeDelta::seconds(1));
        let query = "query { studentProfile(sourcedId: \"ada\") { id } }";
        socket.subscribe("3", query, json!({})).await;
        socket.data("3").await;
        assert_eq!(log(&app, "subject: \"gwen\", first: 1").await, ["studentProfile READ GUARDIAN gwen 1"]);
    }

    async fn entries_are_pruned_when_they_are_old(backend) {
        let app = TestApp::start(backend).await;
        school(&app).await;
        let old = log(&app, "first: 100").await.len();
        assert!(old > 3);
        app.advance(KEPT_FOR - TimeDelta::seconds(1));
        let clock = app.shared_clock();
        let prune = async || accesses::prune(app.db(), clock.now(), KEPT_FOR).await.unwrap();
        assert_eq!(prune().await, 0);
        app.admin().data(READ, json!({})).await;
        assert_eq!(log(&app, "subject: \"admin\"").await.len(), 1);
        app.advance(TimeDelta::seconds(2));
        assert_eq!(prune().await, old as u64);
        assert_eq!(log(&app, "first: 100").await, ["studentProfile READ ADMIN admin 1"]);
    }

    async fn what_was_noted_is_written_when_the_server_stops(backend) {
        let database = tests::backend::TestDatabase::migrated(backend).await;
        look_at_a_student(&database.url, "anne", &["--demo"]).await;
        assert_eq!(entries_of(&database.db, "anne").await, 1);
    }

    async fn nothing_is_noted_where_nothing_is_to_be_kept(backend) {
        let database = tests::backend::TestDatabase::migrated(backend).await;
        // Without a worker, nothing is pruned.
        let args = ["--demo", "--access-log-days", "0", "--no-worker"];
        look_at_a_student(&database.url, "anne", &args).await;
        assert_eq!(entries_of(&database.db, "anne").await, 0);
    }
}

/// Has the admin `subject` see who has a job, on a server that is started and stopped.
async fn look_at_a_student(url: &str, subject: &str, args: &[&str]) {
    let api = TallyApi::new();
    let env = [("DATABASE_URL", url)];
    let server = api.serve(args, &env).await;
    let token = api.run(&["token", "--role", "admin", "--subject", subject], &env).await.stdout;
    let admin = Client::new(server.url(), Some(token.trim().to_owned()));
    let data = admin.data("{ jobs(first: 1) { nodes { student { sourcedId } } } }", json!({})).await;
    assert!(data["jobs"]["nodes"][0]["student"]["sourcedId"].is_string(), "{data}");
    assert_eq!(server.stop().await, Some(0));
}

async fn entries_of(db: &Database, subject: &str) -> usize {
    use entity::access_log::{Column, Entity};
    use entity::sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
    Entity::find().filter(Column::Subject.eq(subject)).all(db.reader()).await.unwrap().len()
}
