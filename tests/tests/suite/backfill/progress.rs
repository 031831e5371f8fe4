//! A run as it goes on.

use std::time::Duration;

use api::service::backfill::progress;
use entity::backfill_run::State;
use futures::StreamExt;
use serde_json::json;
use tests::{TestApp, on_both_backends};

use super::{LEASE, start, step, students, walker};

/// How long a change that never comes is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

on_both_backends! {
    async fn a_run_is_told_whenever_it_has_come_further_until_it_ends(backend) {
        let app = TestApp::start(backend).await;
        students(&app, 300).await;
        let run = start(&app, json!({ "scope": "ALL" })).await;
        let mut told = Box::pin(progress(app.db().clone(), run.parse().unwrap()));
        let mut next = async || tokio::time::timeout(PATIENCE, told.next()).await.expect("something is told");
        let first = next().await.unwrap().unwrap();
        assert_eq!((first.row.state, first.row.enqueued, first.done()), (State::Running, 0, 0));
        let mut walker = walker(&app, "one");
        step(&mut walker).await;
        let second = next().await.unwrap().unwrap();
        assert_eq!((second.row.enqueued, second.done()), (250, 0));
        step(&mut walker).await;
        let claim = worker::queue::claim(app.db(), "a worker", 100, LEASE).await.unwrap();
        worker::recalculation::recalculate(app.db(), &*app.clock, &claim).await.unwrap();
        let third = next().await.unwrap().unwrap();
        assert_eq!((third.row.enqueued, third.done()), (300, 100));
        app.drain().await;
        step(&mut walker).await;
        let mut last = next().await.unwrap().unwrap();
        while !last.row.state.has_ended() {
            last = next().await.unwrap().unwrap();
        }
        assert_eq!((last.row.state, last.done()), (State::Finished, 300));
        assert!(next().await.is_none(), "it is over");
    }

    async fn of_a_run_that_is_not_there_nothing_is_told(backend) {
        let app = TestApp::start(backend).await;
        let none = "backfillRun:0193d1b2-0000-7000-8000-000000000000".parse().unwrap();
        assert!(Box::pin(progress(app.db().clone(), none)).next().await.is_none());
    }
}
