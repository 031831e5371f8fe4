//! Every kind of transaction, with SQLite failing at every table that it writes.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use api::auth::Role;
use entity::database::Database;
use entity::job::State;
use entity::quiz_attempt;
use entity::sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, Statement};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tests::{Backend, TestApp};
use worker::queue;

use super::{NO_LIMIT, limit_pages, record, stored_attempts};
use crate::backfill::walker;
use crate::queue::{jobs, school, sql};
use crate::sessions::sign_in;

/// Work that writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Work {
    Fact,
    Bulk,
    Enrollment,
    Merge,
    Erasure,
    AccessLog,
    Session,
    Revocation,
    Claim,
    Recalculation,
    Sweep,
    Reclaim,
    Backfill,
}

const ALL: [Work; 13] = [
    Work::Fact,
    Work::Bulk,
    Work::Enrollment,
    Work::Merge,
    Work::Erasure,
    Work::AccessLog,
    Work::Session,
    Work::Revocation,
    Work::Claim,
    Work::Recalculation,
    Work::Sweep,
    Work::Reclaim,
    Work::Backfill,
];

/// The tables at which each kind of work was made to fail: those that it writes.
const STRUCK: [(Work, &[&str]); 13] = [
    (Work::Fact, &["job", "quiz_attempt", "student_profile"]),
    (Work::Bulk, &["job", "quiz_attempt", "student_profile"]),
    (Work::Enrollment, &["enrollment", "job", "student_profile"]),
    (
        Work::Merge,
        &[
            "enrollment",
            "job",
            "performance_snapshot",
            "quiz_attempt",
            "student",
            "student_profile",
            "weekly_performance",
        ],
    ),
    (
        Work::Erasure,
        &[
            "access_log",
            "enrollment",
            "job",
            "performance_snapshot",
            "quiz_attempt",
            "student",
            "student_erasure",
            "student_profile",
            "weekly_performance",
        ],
    ),
    (Work::AccessLog, &["access_log"]),
    (Work::Session, &["session"]),
    (Work::Revocation, &["revoked_token"]),
    (Work::Claim, &["job"]),
    (
        Work::Recalculation,
        &["enrollment", "job", "performance_snapshot", "student_profile", "weekly_performance"],
    ),
    (Work::Sweep, &["job"]),
    (Work::Reclaim, &["job", "job_failure"]),
    (
        Work::Backfill,
        &[
            "backfill_item",
            "backfill_run",
            "enrollment",
            "job",
            "performance_snapshot",
            "student_profile",
            "weekly_performance",
        ],
    ),
];

const LEASE: Duration = Duration::from_mins(5);

/// Error of a request that failed.
type Failed = Option<String>;

async fn mutate(app: &TestApp, mutation: &str) -> Failed {
    let answer = app.admin().send(&format!("mutation {{ {mutation} }}"), json!({})).await;
    answer.error().map(|error| error.code)
}

/// A failure below the API, where codes are not known.
fn failed<T, E: std::fmt::Display>(result: Result<T, E>) -> Failed {
    result.err().map(|error| error.to_string())
}

impl Work {
    /// Creates the preconditions of the `n`th time.
    async fn prepare(self, app: &TestApp, n: usize) {
        match self {
            Self::Merge | Self::Erasure => {
                for name in [format!("from-{n}"), format!("into-{n}")] {
                    app.student(&name).await;
                    app.enroll(&name, "maths", "ACTIVE").await;
                    app.attempt(&name, "a1", "q1", "70").await;
                }
                app.drain().await;
            }
            Self::Claim | Self::Recalculation => {
                app.attempt("ada", &format!("prepared-{n}"), "q1", "70").await;
            }
            Self::Sweep => {
                app.attempt("ada", &format!("prepared-{n}"), "q1", "70").await;
                sql(app, "DELETE FROM job").await;
            }
            Self::Reclaim => {
                app.attempt("ada", &format!("prepared-{n}"), "q1", "70").await;
                queue::claim(app.db(), "vanished", 10, LEASE).await.expect("a claim");
                sql(
                    app,
                    "UPDATE job SET lease_expires_at = '2000-01-01T00:00:00+00:00' WHERE state = 'running'",
                )
                .await;
            }
            _ => {}
        }
    }

    /// Does it for the `n`th time.
    async fn perform(self, app: &TestApp, n: usize) -> Failed {
        match self {
            Self::Fact => record(app, &long(&format!("fact-{n}"))).await,
            Self::Bulk => {
                let attempts: Vec<Value> = (0..20).map(|at| attempt(&format!("bulk-{n}-{at}"))).collect();
                app.send_all("recordQuizAttempt", &attempts, false).await.error().map(|error| error.code)
            }
            Self::Enrollment => {
                let status = if n.is_multiple_of(2) { "DROPPED" } else { "ACTIVE" };
                let input = format!(
                    "student: {{ sourcedId: \"ada\" }}, sourcedId: \"ada-maths\", \
                     course: {{ sourcedId: \"maths\" }}, status: {status}"
                );
                mutate(app, &format!("upsertEnrollment(input: {{ {input} }}) {{ outcome }}")).await
            }
            Self::Merge => {
                let pair =
                    format!("from: {{ sourcedId: \"from-{n}\" }}, into: {{ sourcedId: \"into-{n}\" }}");
                mutate(app, &format!("mergeStudents({pair}) {{ id }}")).await
            }
            Self::Erasure => {
                let student = format!("student: {{ sourcedId: \"from-{n}\" }}, reason: \"asked\"");
                mutate(app, &format!("eraseStudent({student}) {{ erasedAt }}")).await
            }
            Self::AccessLog => {
                let reader = app.client(Role::Admin, &long(&format!("reader-{n}")));
                reader.data("{ studentProfile(sourcedId: \"ada\") { id } }", json!({})).await;
                let answer = app.admin().send("{ accessLog { nodes { subject } } }", json!({})).await;
                answer.error().map(|error| error.code)
            }
            Self::Session => {
                let answer = sign_in(app, &[("token", &app.token(Role::Admin, &long("admin")))]).await;
                (answer.status != StatusCode::SEE_OTHER).then(|| answer.status.to_string())
            }
            Self::Revocation => {
                let jti = long(&format!("jti-{n}"));
                mutate(app, &format!("revokeTokens(tokens: {{ jti: \"{jti}\" }}) {{ revokedAt }}")).await
            }
            Self::Claim => failed(queue::claim(app.db(), "claiming", 10, LEASE).await),
            Self::Recalculation => recalculate(app).await,
            Self::Sweep => failed(queue::sweep_stale(app.db(), &*app.clock).await),
            Self::Reclaim => failed(queue::reclaim_lost(app.db()).await),
            Self::Backfill => {
                let started = mutate(app, "backfillStudentAggregates(input: { scope: ALL }) { id }").await;
                let mut walker = walker(app, "walking");
                let enqueued = failed(walker.step().await);
                started.or(enqueued).or(recalculate(app).await).or(failed(walker.step().await))
            }
        }
    }
}

/// Runs all jobs that are due. Some error of theirs, if they did not all complete.
async fn recalculate(app: &TestApp) -> Failed {
    let drained = worker::drain(app.db(), &app.shared_clock()).await;
    let waiting = jobs(app).await.into_iter().find(|job| job.state != State::Completed);
    failed(drained).or(waiting.map(|job| job.last_error.unwrap_or_default()))
}

fn attempt(sourced_id: &str) -> Value {
    json!({
        "student": { "sourcedId": "ada" }, "quiz": { "sourcedId": "q1" }, "sourcedId": sourced_id,
        "completedAt": "2026-03-01T10:00:00Z", "score": { "percentage": "80" },
    })
}

/// A long name that begins so: rows that are large fill pages soon.
fn long(name: &str) -> String {
    format!("{name}-{}", "x".repeat(200))
}

/// All tables.
async fn tables(app: &TestApp) -> Vec<String> {
    let find =
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name";
    let statement = Statement::from_string(app.db().backend(), find);
    let rows = app.db().reader().query_all_raw(statement).await.expect("tables");
    rows.iter().map(|row| row.try_get_by_index(0).expect("a name")).collect()
}

const EVENTS: [&str; 3] = ["INSERT", "UPDATE", "DELETE"];

/// Has SQLite end every transaction that writes to `table`.
async fn fail(app: &TestApp, table: &str) {
    for event in EVENTS {
        let trigger = format!(
            "CREATE TRIGGER fail_{event} BEFORE {event} ON {table} BEGIN SELECT RAISE(ROLLBACK, 'disk failed'); END"
        );
        sql(app, &trigger).await;
    }
}

async fn heal(app: &TestApp) {
    for event in EVENTS {
        sql(app, &format!("DROP TRIGGER fail_{event}")).await;
    }
    // Retries of failed jobs need not wait.
    sql(app, "UPDATE job SET run_at = enqueued_at WHERE state = 'retryable'").await;
    app.drain().await;
    sql(app, "DELETE FROM job").await;
}

/// Fails unless what is acknowledged now is seen by another process.
async fn assert_stores(app: &TestApp, other: &Database, after: &str) {
    // An ordinary rollback: a driver that counts a transaction too many takes it for that of a savepoint.
    let missing =
        json!({ "student": { "sourcedId": "nobody" }, "quiz": { "sourcedId": "q1" }, "sourcedId": "x" });
    assert!(app.send_all("recordQuizAttempt", &[missing], false).await.error().is_some());
    assert_eq!(record(app, after).await, None, "{after}");
    let stored = quiz_attempt::Entity::find().filter(quiz_attempt::Column::SourcedId.eq(after));
    assert_eq!(
        stored.count(other.reader()).await.expect("a count"),
        1,
        "acknowledged, and not there: {after}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_fails_what_is_acknowledged_afterwards_is_stored() {
    let mut struck: BTreeMap<Work, BTreeSet<String>> = BTreeMap::new();
    for work in ALL {
        let app = TestApp::start(Backend::Sqlite).await;
        school(&app, &["ada"]).await;
        let other = Database::connect(app.database_url(), 1).await.expect("the file opens");
        for (n, table) in tables(&app).await.iter().enumerate() {
            work.prepare(&app, n).await;
            fail(&app, table).await;
            if work.perform(&app, n).await.is_some() {
                struck.entry(work).or_default().insert(table.clone());
            }
            heal(&app).await;
            assert_stores(&app, &other, &format!("{work:?}-{table}")).await;
        }
    }
    let expected: BTreeMap<Work, BTreeSet<String>> = STRUCK
        .iter()
        .map(|(work, tables)| (*work, tables.iter().map(|table| (*table).to_owned()).collect()))
        .collect();
    assert_eq!(struck, expected, "where each kind of work was made to fail");
}

/// The kinds of work that certainly run out of pages: they add large rows. Others fail here only if a page happens to split.
const ADD_ROWS: [Work; 6] =
    [Work::Fact, Work::Bulk, Work::AccessLog, Work::Session, Work::Revocation, Work::Backfill];

/// Limit of repetitions until a kind of work has failed [`FAILURES`] times.
const TIMES: usize = 120;
const FAILURES: usize = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_is_full_at_any_page_is_unavailable_and_loses_nothing() {
    let mut failed = BTreeSet::new();
    for work in ALL {
        let app = TestApp::start(Backend::Sqlite).await;
        school(&app, &["ada"]).await;
        let mut failures = 0;
        for n in 0..TIMES {
            work.prepare(&app, n).await;
            limit_pages(&app, 1).await;
            let failure = work.perform(&app, n).await;
            limit_pages(&app, NO_LIMIT).await;
            if let Some(error) = failure {
                assert_unavailable(work, &error);
                assert_nothing_lost(&app, work, n).await;
                failures += 1;
            }
            if failures == FAILURES {
                failed.insert(work);
                break;
            }
        }
    }
    assert!(failed.is_superset(&BTreeSet::from(ADD_ROWS)), "only these have failed: {failed:?}");
}

/// As users see it, or in the words of SQLite below the API.
fn assert_unavailable(work: Work, error: &str) {
    let known = ["UNAVAILABLE", "503 Service Unavailable"].contains(&error) || error.contains("disk is full");
    assert!(known, "{work:?}: {error}");
}

async fn assert_nothing_lost(app: &TestApp, work: Work, n: usize) {
    let stored = stored_attempts(app).await;
    assert_eq!(record(app, &format!("after-{n}")).await, None);
    assert_eq!(stored_attempts(app).await, stored + 1, "{work:?}: acknowledged, and not there");
    sql(app, "UPDATE job SET run_at = enqueued_at WHERE state = 'retryable'").await;
    app.drain().await;
    // Those of workers that have vanished are counted, each time that their jobs are taken back.
    let counted = jobs(app).await.iter().any(|job| job.attempt > 1);
    assert!(!counted || work == Work::Reclaim, "{work:?}: an attempt was counted");
    sql(app, "DELETE FROM job").await;
}
