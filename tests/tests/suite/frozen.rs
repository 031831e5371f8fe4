//! A process that is frozen in the middle of a transaction keeps others waiting for seconds and not for its whole lease.

use std::fs;
use std::process::Stdio;

use entity::database::Database;
use entity::sea_orm::ConnectionTrait;
use futures::future::join_all;
use serde_json::json;
use tests::{Backend, TestApp};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::queue::school;

/// The server ends the transaction, and the facts are written.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres_the_transaction_of_a_frozen_process_is_ended() {
    let app = TestApp::start(Backend::Postgres).await;
    school(&app, &["ada"]).await;
    let frozen = app.db().begin_write().await.expect("a transaction");
    frozen.execute_unprepared("SELECT 1 FROM student_profile FOR UPDATE").await.expect("locks");
    let written = join_all((0..4).map(|n| {
        let app = &app;
        async move { app.attempt("ada", &format!("a{n}"), "q1", "80").await.outcome }
    }));
    assert_eq!(written.await, ["CREATED"; 4]);
    frozen.commit().await.expect_err("the server has ended it");
}

const HELD_DATABASE: &str = "TALLY_TEST_HELD_DATABASE";
const HELD: &str = "the write lock is held";

/// Not a test but the program that [`Holder`] starts: this one again, which holds the write lock until its input ends.
#[tokio::test]
#[expect(clippy::print_stdout, reason = "its parent waits for the line")]
async fn holder_of_the_write_lock() {
    #[expect(clippy::disallowed_methods, reason = "this is how its parent says which database")]
    let Ok(url) = std::env::var(HELD_DATABASE) else { return };
    let db = Database::connect(&url, 1).await.expect("the database opens");
    let _held = db.begin_write().await.expect("the write lock");
    println!("{HELD}");
    std::io::stdin().read_line(&mut String::new()).expect("the end of the input");
}

/// Another process that holds the write lock of an SQLite file. Dropping this kills it.
struct Holder(Child);

impl Holder {
    async fn of(app: &TestApp) -> Self {
        let mut command = Command::new(std::env::current_exe().expect("the path of the running test"));
        command.args(["--exact", "frozen::holder_of_the_write_lock", "--nocapture"]);
        command.env(HELD_DATABASE, app.database_url());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        let mut child = command.spawn().expect("the program starts");
        let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        while let Some(line) = lines.next_line().await.expect("a line") {
            if line.contains(HELD) {
                return Self(child);
            }
        }
        panic!("the write lock is not held");
    }

    fn pid(&self) -> u32 {
        self.0.id().expect("it runs")
    }

    /// Returns when the process is stopped.
    async fn freeze(&self) {
        let kill = Command::new("kill").args(["-STOP", &self.pid().to_string()]).status().await;
        assert!(kill.expect("there is a kill").success());
        while !fs::read_to_string(format!("/proc/{}/stat", self.pid())).expect("it exists").contains(") T ") {
            tokio::task::yield_now().await;
        }
    }
}

/// The code of the error of a write, and what `/readyz` says after it.
async fn refused(app: &TestApp) -> (String, u16, String) {
    let write = "mutation { upsertStudent(input: { sourcedId: \"ben\", displayName: \"Ben\" }) { outcome } }";
    let error = app.service().error(write, json!({})).await;
    let (status, text) = app.ops("/readyz").await;
    (error.code, status, text)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite_a_frozen_process_is_told_from_a_slow_one() {
    let app = TestApp::start(Backend::Sqlite).await;
    app.student("ada").await;
    let mut holder = Holder::of(&app).await;
    let pid = holder.pid();

    let (code, status, text) = refused(&app).await;
    assert_eq!((code.as_str(), status), ("UNAVAILABLE", 503));
    assert!(text.contains(&format!("process {pid} has held the write lock for too long")), "{text}");

    holder.freeze().await;
    let (code, status, text) = refused(&app).await;
    assert_eq!((code.as_str(), status), ("UNAVAILABLE", 503));
    assert!(text.contains(&format!("process {pid} holds the write lock and is stopped")), "{text}");
    app.profile("ada").await;

    holder.0.kill().await.expect("it is killed");
    assert_eq!(app.student("ben").await.outcome, "CREATED");
    assert_eq!(app.ops("/readyz").await.0, 200);
}
