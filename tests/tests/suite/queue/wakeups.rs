//! How a worker hears of a commit. The poll is set far too slow to help.

use std::sync::Arc;
use std::time::Duration;

use entity::clock::SystemClock;
use entity::database::Database;
use tests::{TestApp, on_both_backends};
use tokio_util::sync::CancellationToken;
use worker::{Metrics, Settings, Worker, wakeup};

use super::school;

/// Long enough that a test in which only the poll worked would not end.
const NEVER: Duration = Duration::from_hours(1);
/// How long a wake-up that never comes is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// Runs a worker on `db` whose poll, sweep and reclaim never come round.
fn worker_without_poll(db: &Database, stop: &CancellationToken) -> tokio::task::JoinHandle<()> {
    let settings = Settings { poll: NEVER, sweep_every: NEVER, ..Settings::for_backend(db.backend()) };
    let worker = Worker::new(db.clone(), Arc::new(SystemClock), settings, Metrics::new());
    let running = worker.run(stop.clone());
    tokio::spawn(async move { running.await.expect("the worker runs") })
}

/// Waits until the profile shows `overall`.
async fn shows(app: &TestApp, student: &str, overall: &str) {
    let shown = async {
        while app.profile(student).await.overall.as_deref() != Some(overall) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, shown).await.expect("the worker was woken");
}

on_both_backends! {
    async fn a_commit_wakes_the_worker_of_its_own_process(backend) {
        let app = TestApp::start(backend).await;
        school(&app, &["ada"]).await;
        let stop = CancellationToken::new();
        let running = worker_without_poll(app.db(), &stop);
        for (attempt, overall) in [("60", "60.00"), ("80", "70.00"), ("100", "80.00")] {
            app.attempt("ada", attempt, "q1", attempt).await;
            shows(&app, "ada", overall).await;
        }
        stop.cancel();
        running.await.unwrap();
    }

    async fn a_commit_wakes_the_workers_of_other_processes(backend) {
        let app = TestApp::start(backend).await;
        school(&app, &["ada"]).await;
        // Another set of connections shares nothing with the server's, as another process would.
        let elsewhere = Database::connect(app.database_url(), 4).await.unwrap();
        let stop = CancellationToken::new();
        let running = worker_without_poll(&elsewhere, &stop);
        let announced = tokio::spawn(wakeup::announce(app.db().clone(), stop.clone()));
        for (attempt, overall) in [("60", "60.00"), ("80", "70.00"), ("100", "80.00")] {
            app.attempt("ada", attempt, "q1", attempt).await;
            shows(&app, "ada", overall).await;
        }
        stop.cancel();
        running.await.unwrap();
        announced.await.unwrap();
    }
}
