//! Profiles kept in memory: as fresh as those that are not.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use api::auth::Role;
use api::http::Options;
use api::service::read::ProfileCache;
use entity::clock::SystemClock;
use entity::database::Database;
use entity::feed;
use serde_json::{Value, json};
use tests::client::Client;
use tests::{Backend, Socket, TestApp, on_both_backends};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use worker::{Metrics, Settings, Worker, wakeup};

const PATIENCE: Duration = Duration::from_secs(30);
const PROFILE: &str = "query($s: String!) { studentProfile(sourcedId: $s) \
     { student { id } version isStale staleSince totalQuizzesCompleted overallAverageScore } }";

async fn start(backend: Backend) -> TestApp {
    let app = TestApp::start_with(backend, Options { cache: ProfileCache::on(), ..Options::default() }).await;
    app.course("maths").await;
    app.quiz("q", "maths").await;
    app.student("ada").await;
    app.enroll("ada", "maths", "ACTIVE").await;
    app.drain().await;
    app
}

/// A dashboard: the numbers, and what they are made of.
const DASHBOARD: &str = "query { studentProfile(sourcedId: \"ada\") { totalQuizzesCompleted \
     enrollments { status totalQuizzesTaken course { title } } } }";

async fn dashboard(client: &Client) -> Value {
    client.data(DASHBOARD, json!({})).await["studentProfile"].clone()
}

async fn ada(client: &Client) -> Value {
    client.data(PROFILE, json!({ "s": "ada" })).await["studentProfile"].clone()
}

/// A counter of the server's metrics.
async fn counter(app: &TestApp, name: &str) -> u64 {
    let (_, text) = app.ops("/metrics").await;
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ').map(str::to_owned));
    value.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("{name} in\n{text}"))
}

fn run_worker(db: &Database, stop: &CancellationToken) -> JoinHandle<()> {
    let settings = Settings::for_backend(db.backend());
    let running = Worker::new(db.clone(), Arc::new(SystemClock), settings, Metrics::new()).run(stop.clone());
    tokio::spawn(async move { running.await.expect("the worker runs") })
}

on_both_backends! {
    async fn what_is_read_again_comes_from_memory_for_those_who_see_everybody(backend) {
        let app = start(backend).await;
        app.write("upsertGuardian", json!({ "sourcedId": "gwen", "displayName": "Gwen" })).await;
        let pair = json!({ "student": { "sourcedId": "ada" }, "guardian": { "sourcedId": "gwen" } });
        app.write("grantGuardianship", pair.clone()).await;
        let (service, gwen) = (app.service(), app.client(Role::Guardian, "gwen"));
        let read = ada(&service).await;
        let by_id = "query($id: ID!) { studentProfile(id: $id) { version } }";
        for _ in 0..10 {
            assert_eq!(ada(&service).await, read);
            assert_eq!(ada(&gwen).await, read);
            let again = service.data(by_id, json!({ "id": read["student"]["id"] })).await;
            assert_eq!(again["studentProfile"]["version"], read["version"]);
        }
        // It may have had to be read again while this machine was busy with something else.
        let (hits, misses) = (
            counter(&app, "tally_profile_cache_hits_total").await,
            counter(&app, "tally_profile_cache_misses_total").await,
        );
        assert_eq!(hits + misses, 21, "the guardian's reads are none of the cache's");
        assert!(hits >= 10, "{hits} of 20 came from memory");
        app.write("revokeGuardianship", pair).await;
        assert_eq!(ada(&gwen).await, Value::Null, "rights are asked of the database");
        assert!(!ada(&service).await.is_null());
    }

    async fn a_change_of_this_process_is_seen_at_once(backend) {
        let app = start(backend).await;
        let service = app.service();
        for n in 1..=50 {
            assert_eq!(ada(&service).await["isStale"], false);
            app.attempt("ada", &n.to_string(), "q", "60").await;
            let stale = ada(&service).await;
            assert_eq!((&stale["isStale"], &stale["totalQuizzesCompleted"]), (&json!(true), &json!(n - 1)));
            app.drain().await;
            let counted = ada(&service).await;
            assert_eq!((&counted["isStale"], &counted["totalQuizzesCompleted"]), (&json!(false), &json!(n)));
        }
        service.data("mutation { deleteStudent(student: { sourcedId: \"ada\" }) { deletedId } }", json!({})).await;
        assert_eq!(ada(&service).await, Value::Null);
        app.student("ada").await;
        assert_eq!(ada(&service).await["totalQuizzesCompleted"], 0, "another of the same name");
    }

    async fn a_dashboard_that_is_read_again_takes_no_statement(backend) {
        let app = start(backend).await;
        let service = app.service();
        let read = dashboard(&service).await;
        // It is kept for two seconds, which a machine that is busy with something else can take for two reads.
        let mut statements = usize::MAX;
        for _ in 0..10 {
            let (again, taken) = app.statements_of(dashboard(&service)).await;
            assert_eq!(again, read);
            statements = statements.min(taken.len());
        }
        assert_eq!(statements, 0);
    }

    async fn the_parts_of_a_dashboard_change_at_once_and_with_the_whole(backend) {
        let app = start(backend).await;
        let service = app.service();
        let read = async || {
            let read = dashboard(&service).await;
            assert_eq!(read, dashboard(&service).await, "what was read and what is kept");
            read
        };
        let part = async || read().await["enrollments"][0].clone();
        assert_eq!(part().await["course"]["title"], "Course maths");
        app.write("upsertCourse", json!({ "sourcedId": "maths", "title": "Algebra" })).await;
        assert_eq!(part().await["course"]["title"], "Algebra");
        for status in ["PENDING", "DROPPED", "ACTIVE"] {
            app.enroll("ada", "maths", status).await;
            assert_eq!(part().await["status"], status);
        }
        for n in 1..=5 {
            app.attempt("ada", &n.to_string(), "q", "60").await;
            read().await;
            app.drain().await;
            let whole = read().await;
            assert_eq!(whole["totalQuizzesCompleted"], n);
            assert_eq!(whole["enrollments"][0]["totalQuizzesTaken"], n);
        }
    }

    async fn what_another_process_commits_is_seen_after_a_moment(backend) {
        let app = start(backend).await;
        let elsewhere = Database::connect(app.database_url(), 4).await.unwrap();
        let service = app.service();
        for n in 1..=2 {
            app.attempt("ada", &n.to_string(), "q", "60").await;
            ada(&service).await;
            worker::drain(&elsewhere, &app.shared_clock()).await.unwrap();
            // Nobody watches, and so nobody listens.
            let seen = async { while ada(&service).await["totalQuizzesCompleted"] != n {} };
            tokio::time::timeout(PATIENCE, seen).await.expect("the new profile is read");
        }
    }

    async fn nothing_older_than_what_was_answered_or_pushed_is_served(backend) {
        let app = start(backend).await;
        let stop = CancellationToken::new();
        let running = run_worker(app.db(), &stop);
        race(&app, 300).await;
        stop.cancel();
        running.await.unwrap();
    }

    async fn nor_with_the_worker_in_another_process(backend) {
        let app = start(backend).await;
        let stop = CancellationToken::new();
        let elsewhere = Database::connect(app.database_url(), 4).await.unwrap();
        let running = run_worker(&elsewhere, &stop);
        let told = tokio::spawn(feed::announce(elsewhere, stop.clone()));
        let woken = tokio::spawn(wakeup::announce(app.db().clone(), stop.clone()));
        race(&app, 150).await;
        stop.cancel();
        for task in [running, told, woken] {
            task.await.unwrap();
        }
    }
}

/// Writes facts, follows the profile, and reads it all the time; and then compares what is kept with what is stored.
async fn race(app: &TestApp, facts: i64) {
    let service = app.service();
    let id = ada(&service).await["student"]["id"].clone();
    let mut socket = Socket::connect(&app.url, &app.token(Role::Admin, "admin")).await;
    let query =
        "subscription($id: ID!) { performanceUpdated(studentId: $id) { version totalQuizzesCompleted } }";
    socket.subscribe("1", query, json!({ "id": id })).await;
    let follower = {
        let service = service.clone();
        tokio::spawn(async move {
            loop {
                let pushed = socket.data("1").await["performanceUpdated"].clone();
                let read = ada(&service).await;
                assert!(read["version"].as_i64() >= pushed["version"].as_i64(), "{read} after {pushed}");
                if pushed["totalQuizzesCompleted"] == facts {
                    return;
                }
            }
        })
    };
    let done = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..4).map(|_| tokio::spawn(read_on(service.clone(), done.clone()))).collect();
    for n in 1..=facts {
        app.attempt("ada", &n.to_string(), "q", "60").await;
        let read = ada(&service).await;
        let counted = read["totalQuizzesCompleted"] == n && read["isStale"] == false;
        assert!(counted || read["isStale"] == true, "{read} after {n} facts");
    }
    tokio::time::timeout(PATIENCE, follower).await.expect("the last one comes").unwrap();
    done.store(true, Ordering::Relaxed);
    for reader in readers {
        assert!(reader.await.unwrap() > 0);
    }
    let stored = app.profile("ada").await;
    assert_eq!((stored.quizzes, stored.stale), (facts, false));
}

/// Reads one profile after the other, each at least as new as the one before. Returns how many.
async fn read_on(client: Client, done: Arc<AtomicBool>) -> usize {
    let (mut reads, mut version) = (0, -1);
    while !done.load(Ordering::Relaxed) {
        let read = ada(&client).await["version"].as_i64().expect("a version");
        assert!(read >= version, "{read} after {version}");
        (version, reads) = (read, reads + 1);
    }
    reads
}
