//! The numbers depend on the facts alone: not on their order, not on when jobs run, not on what is said twice or taken
//! back, and a rebuild from nothing gives them again.
//!
//! Each generated case is told twice, each time to students of its own: once fact by fact in any order, with drains,
//! repetitions and refused calls in between, and once in bulk. Both must give what a model of a few lines gives.

mod facts;
mod model;
mod telling;

use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use tests::{TestApp, on_both_backends};
use tokio::runtime::Handle;

use facts::{Case, case};
use telling::Telling;

/// How many cases are generated, always the same ones.
const CASES: u32 = 16;

fn runner() -> TestRunner {
    let config =
        Config { cases: CASES, failure_persistence: None, max_shrink_iters: 50, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

/// Tells `case` in both ways to new students, and compares.
async fn tell(app: &TestApp, number: usize, case: &Case) -> Result<(), TestCaseError> {
    let expected = model::numbers(case);
    let one_by_one = Telling::new(app, format!("case {number} one by one "));
    one_by_one.prepare().await;
    one_by_one.one_by_one(case).await;
    app.drain().await;
    prop_assert_eq!(one_by_one.numbers().await, expected.clone(), "one by one");

    let in_bulk = Telling::new(app, format!("case {number} in bulk "));
    in_bulk.prepare().await;
    in_bulk.in_bulk(case).await;
    app.drain().await;
    prop_assert_eq!(in_bulk.numbers().await, expected, "in bulk");

    app.assert_waiting_jobs(0).await;
    app.assert_parts_add_up().await;
    let before = app.all_numbers().await;
    app.rebuild().await;
    prop_assert_eq!(app.all_numbers().await, before, "a rebuild");
    Ok(())
}

on_both_backends! {
    async fn the_numbers_follow_from_the_facts_alone(backend) {
        let app = TestApp::start(backend).await;
        let number = AtomicUsize::new(0);
        let outcome = tokio::task::block_in_place(|| {
            runner().run(&case(), |case| {
                let number = number.fetch_add(1, Ordering::Relaxed);
                Handle::current().block_on(tell(&app, number, &case))
            })
        });
        if let Err(error) = outcome {
            panic!("{error}");
        }
    }
}
