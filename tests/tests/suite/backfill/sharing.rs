//! Two runs over the same students.

use futures::future::join_all;
use serde_json::json;
use tests::{TestApp, on_both_backends};

use super::{assert_figures, damage, select, settle, start, step, students, walker};
use crate::queue::jobs;

on_both_backends! {
    async fn while_a_run_over_a_scope_goes_on_it_is_the_only_one(backend) {
        let app = TestApp::start(backend).await;
        students(&app, 3).await;
        let all = join_all((0..8).map(|_| start(&app, json!({ "scope": "ALL" })))).await;
        assert!(all.iter().all(|run| *run == all[0]), "{all:?}");
        let course = json!({ "scope": "COURSE", "course": { "sourcedId": "maths" } });
        let others = [
            start(&app, json!({ "scope": "ALL", "dryRun": true })).await,
            start(&app, json!({ "scope": "STALE" })).await,
            start(&app, course.clone()).await,
        ];
        assert!(!others.contains(&all[0]), "other scopes and dry runs are other runs");
        assert_eq!(start(&app, course).await, others[2]);
        settle(&app).await;
        let next = start(&app, json!({ "scope": "ALL" })).await;
        assert_ne!(next, all[0], "a run that has ended is not returned");
    }

    async fn runs_share_the_jobs_that_wait(backend) {
        let app = TestApp::start(backend).await;
        let names = students(&app, 4).await;
        damage(&app, &names[1]).await;
        let all = start(&app, json!({ "scope": "ALL" })).await;
        let named = json!(names.iter().map(|it| json!({ "sourcedId": it })).collect::<Vec<_>>());
        let some = start(&app, json!({ "scope": "STUDENTS", "students": named })).await;
        let again = start(&app, json!({ "scope": "STUDENTS", "students": named })).await;
        assert_ne!(some, again, "runs over named students are runs of their own");
        let mut walker = walker(&app, "one");
        step(&mut walker).await;
        app.assert_waiting_jobs(4).await;
        settle(&app).await;
        assert_eq!(jobs(&app).await.len(), 4, "no student was recalculated twice");
        for run in [&all, &some, &again] {
            assert_figures(&app, run, json!({ "state": "FINISHED", "done": 4, "changed": 1, "unchanged": 3 })).await;
            let changes = select(&app, run, "changes { nodes { student { sourcedId } } }").await;
            assert_eq!(changes["changes"]["nodes"], json!([{ "student": { "sourcedId": names[1] } }]));
        }
    }
}
