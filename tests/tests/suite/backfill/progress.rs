//! A run as it goes on.

use std::time::Duration;

use api::auth::Role;
use api::service::backfill::progress;
use entity::backfill_run::State;
use futures::StreamExt;
use serde_json::json;
use tests::{Socket, TestApp, on_both_backends};

use super::{LEASE, settle, start, step, students, walker};

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

    async fn a_run_is_followed_over_a_socket(backend) {
        let app = TestApp::start(backend).await;
        students(&app, 3).await;
        let run = start(&app, json!({ "scope": "ALL" })).await;
        let mut socket = Socket::connect(&app.url, &app.token(Role::Admin, "admin")).await;
        let query = "subscription($id: ID!) { backfillProgress(runId: $id) { state done total } }";
        socket.subscribe("1", query, json!({ "id": run })).await;
        let told = |state: &str, done: u64| {
            let run = json!({ "state": state, "done": done, "total": 3 });
            json!({ "id": "1", "type": "next", "payload": { "data": { "backfillProgress": run } } })
        };
        assert_eq!(socket.next().await, told("RUNNING", 0));
        settle(&app).await;
        loop {
            let message = socket.next().await;
            if message == told("FINISHED", 3) {
                break;
            }
            assert_eq!(message["payload"]["data"]["backfillProgress"]["state"], "RUNNING", "{message}");
        }
        assert_eq!(socket.next().await, json!({ "id": "1", "type": "complete" }));
    }

    async fn of_a_run_that_is_not_there_nothing_is_told(backend) {
        let app = TestApp::start(backend).await;
        let none = "backfillRun:0193d1b2-0000-7000-8000-000000000000".parse().unwrap();
        assert!(Box::pin(progress(app.db().clone(), none)).next().await.is_none());
    }
}
