//! SQLite ends a transaction by itself when its disk is full or fails. After such an error nothing may be acknowledged
//! that is not stored, and everything that is acknowledged afterwards must be stored.
//!
//! A disk is full by `PRAGMA max_page_count`, which makes SQLite report `SQLITE_FULL` for every page beyond a number. It
//! then undoes a statement or the whole transaction, depending on the statement; `RAISE(ROLLBACK)` in a trigger makes it
//! end the transaction for certain.

mod places;
pub(crate) mod process;

use api::auth::Role;
use chrono::TimeDelta;
use entity::database::Database;
use entity::quiz_attempt;
use entity::sea_orm::{ConnectionTrait, EntityTrait, PaginatorTrait};
use serde_json::json;
use tests::{Backend, TestApp};

use crate::queue::{school, sql};
use crate::sessions::{sign_in, sign_in_by_token, who};

/// The limit that a new connection has.
const NO_LIMIT: u32 = 1_073_741_823;

/// Sets the limit of the connection that writes. A limit below the present size is the present size.
async fn limit_pages(app: &TestApp, pages: u32) {
    app.db().writer().execute_unprepared(&format!("PRAGMA max_page_count = {pages}")).await.expect("a limit");
}

/// The code of the error, if recording the attempt is not acknowledged.
async fn record(app: &TestApp, attempt: &str) -> Option<String> {
    let mutation =
        "mutation($input: RecordQuizAttemptInput!) { recordQuizAttempt(input: $input) { outcome } }";
    let input = json!({
        "student": { "sourcedId": "ada" }, "quiz": { "sourcedId": "q1" }, "sourcedId": attempt,
        "completedAt": "2026-03-01T10:00:00Z", "score": { "percentage": "80" },
    });
    let answer = app.service().send(mutation, json!({ "input": input })).await;
    answer.error().map(|error| error.code)
}

/// Number of attempts that a new process sees in the file.
async fn stored_attempts(app: &TestApp) -> u64 {
    let other = Database::connect(app.database_url(), 1).await.expect("the file opens");
    quiz_attempt::Entity::find().count(other.reader()).await.expect("a count")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn facts_are_kept_after_any_number_of_failures() {
    for failures in [1, 2, 6] {
        let app = TestApp::start(Backend::Sqlite).await;
        school(&app, &["ada"]).await;
        let (mut acknowledged, mut failed) = (0, 0);
        for n in 0.. {
            limit_pages(&app, 1).await;
            match record(&app, &format!("full-{n}")).await {
                None => acknowledged += 1,
                Some(code) => {
                    assert_eq!(code, "UNAVAILABLE");
                    failed += 1;
                }
            }
            if failed == failures {
                break;
            }
        }
        assert_eq!(stored_attempts(&app).await, acknowledged, "while full, {failures} failures");
        limit_pages(&app, NO_LIMIT).await;
        for n in 0..30 {
            assert_eq!(record(&app, &format!("free-{n}")).await, None);
        }
        assert_eq!(stored_attempts(&app).await, acknowledged + 30, "after {failures} failures");
    }
}

/// Has SQLite answer an insertion of an attempt with an error, and undo as much as `what` says.
async fn fail_insertions(app: &TestApp, what: &str) {
    sql(app, "DROP TRIGGER IF EXISTS fail").await;
    let trigger = format!(
        "CREATE TRIGGER fail BEFORE INSERT ON quiz_attempt BEGIN SELECT RAISE({what}, 'the disk failed'); END"
    );
    sql(app, &trigger).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn facts_are_kept_after_sqlite_has_ended_a_transaction_by_itself() {
    for failures in [&["ROLLBACK"][..], &["ROLLBACK", "ABORT"], &["ROLLBACK", "ROLLBACK", "ABORT", "ABORT"]] {
        let app = TestApp::start(Backend::Sqlite).await;
        school(&app, &["ada"]).await;
        for failure in failures {
            fail_insertions(&app, failure).await;
            assert!(record(&app, "failing").await.is_some());
        }
        sql(&app, "DROP TRIGGER fail").await;
        for n in 0..30 {
            assert_eq!(record(&app, &format!("free-{n}")).await, None);
        }
        assert_eq!(stored_attempts(&app).await, 30, "after {failures:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browsers_session_reads_on_while_nothing_can_be_stored() {
    let app = TestApp::start(Backend::Sqlite).await;
    let cookie = sign_in_by_token(&app, Role::Admin, "admin").await;
    sql(
        &app,
        "CREATE TRIGGER fail BEFORE UPDATE ON session BEGIN SELECT RAISE(ROLLBACK, 'disk failed'); END",
    )
    .await;
    // Long enough that the use of the session would be noted.
    app.advance(TimeDelta::minutes(10));
    assert_eq!(who(&app, &cookie).await, "ADMIN admin");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_that_could_not_sign_in_works_once_the_session_can_be_stored() {
    let app = TestApp::start(Backend::Sqlite).await;
    let link = app.one_time_link(Role::Admin, "admin");
    let code = link.split_once("code=").expect("a link with a code").1;
    sql(
        &app,
        "CREATE TRIGGER fail BEFORE INSERT ON session BEGIN SELECT RAISE(ROLLBACK, 'disk failed'); END",
    )
    .await;
    assert_eq!(sign_in(&app, &[("code", code)]).await.status, 503);
    sql(&app, "DROP TRIGGER fail").await;
    assert_eq!(sign_in(&app, &[("code", code)]).await.status, 303);
    assert_eq!(sign_in(&app, &[("code", code)]).await.status, 401, "it works once");
}
