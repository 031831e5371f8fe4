//! Runs over all students.

use std::time::Duration;

use entity::backfill::Run;
use entity::clock::{Clock, SystemClock};
use entity::db_time;
use entity::job::State;
use serde_json::json;
use tests::{TestApp, on_both_backends};
use worker::backfill::Step;
use worker::queue::{self, Retention};

use super::{assert_figures, damage, figures, select, settle, start, step, students, walker};
use crate::queue::{jobs, sql, student_id};

on_both_backends! {
    async fn a_run_repairs_what_is_damaged_and_counts_it(backend) {
        let app = TestApp::start(backend).await;
        let names = students(&app, 300).await;
        let right = app.all_numbers().await;
        for name in [&names[3], &names[270]] {
            damage(&app, name).await;
        }
        app.advance(chrono::TimeDelta::hours(1));
        let run = start(&app, json!({ "scope": "ALL" })).await;
        assert_figures(&app, &run, json!({ "state": "RUNNING", "total": 300, "enqueued": 0, "done": 0 })).await;
        app.assert_waiting_jobs(0).await;
        settle(&app).await;
        assert_figures(&app, &run, json!({
            "state": "FINISHED", "total": 300, "enqueued": 300, "pending": 0, "done": 300,
            "changed": 2, "unchanged": 298, "failed": 0, "calledOff": 0,
        }))
        .await;
        assert_eq!(app.all_numbers().await, right);
        let stamped = app.profile(&names[0]).await.updated;
        assert_eq!(stamped, Some(app.clock.now().to_rfc3339()), "a recalculation is stamped as always");
        let seen = select(&app, &run, "requestedBy finishedAt studentsPerSecond secondsLeft scope priority").await;
        assert_eq!((&seen["requestedBy"], &seen["scope"], &seen["priority"]), (&json!("admin"), &json!("ALL"), &json!(10)));
        assert!(seen["finishedAt"].is_string() && seen["studentsPerSecond"].is_f64() && seen["secondsLeft"].is_null());
    }

    async fn what_a_run_changed_is_kept_with_its_values_before_and_after(backend) {
        let app = TestApp::start(backend).await;
        let names = students(&app, 3).await;
        damage(&app, &names[1]).await;
        let run = start(&app, json!({ "scope": "ALL" })).await;
        settle(&app).await;
        let changes = select(&app, &run, "changes { totalCount nodes { student { sourcedId } isStale enrollments \
            before { totalQuizzesCompleted overallQuizAverageScore overallAverageScore } \
            after { totalQuizzesCompleted overallQuizAverageScore overallAverageScore lastPerformanceUpdate } } }").await;
        assert_eq!(changes["changes"], json!({ "totalCount": 1, "nodes": [{
            "student": { "sourcedId": names[1] }, "isStale": false, "enrollments": 0,
            "before": { "totalQuizzesCompleted": 7, "overallQuizAverageScore": "0.10", "overallAverageScore": null },
            "after": {
                "totalQuizzesCompleted": 1, "overallQuizAverageScore": "80.00", "overallAverageScore": "80.00",
                "lastPerformanceUpdate": app.clock.now().to_rfc3339(),
            },
        }] }));
    }

    async fn students_who_are_created_meanwhile_are_walked_too(backend) {
        let app = TestApp::start(backend).await;
        students(&app, 260).await;
        let run = start(&app, json!({ "scope": "ALL" })).await;
        let mut walker = walker(&app, "one");
        assert_eq!(step(&mut walker).await, Step::Moved);
        assert_figures(&app, &run, json!({ "enqueued": 250 })).await;
        app.advance(chrono::TimeDelta::seconds(1));
        app.student("late").await;
        assert_eq!(step(&mut walker).await, Step::Moved);
        assert_figures(&app, &run, json!({ "enqueued": 261, "total": 261 })).await;
        // After the last page, too, as long as jobs are to be done.
        app.advance(chrono::TimeDelta::seconds(1));
        app.student("latest").await;
        app.drain().await;
        assert_eq!(step(&mut walker).await, Step::Moved);
        assert_figures(&app, &run, json!({ "state": "RUNNING", "enqueued": 262 })).await;
        app.drain().await;
        step(&mut walker).await;
        assert_figures(&app, &run, json!({ "state": "FINISHED", "done": 262, "unchanged": 262 })).await;
    }

    async fn a_run_does_not_fill_the_queue(backend) {
        let app = TestApp::start(backend).await;
        students(&app, 2300).await;
        let run = start(&app, json!({ "scope": "ALL" })).await;
        let mut walker = walker(&app, "one");
        while step(&mut walker).await == Step::Moved {}
        app.assert_waiting_jobs(2000).await;
        assert_figures(&app, &run, json!({ "enqueued": 2000, "pending": 2000, "done": 0 })).await;
        let claim = queue::claim(app.db(), "a worker", 250, Duration::from_secs(30)).await.unwrap();
        assert_eq!(step(&mut walker).await, Step::Waiting, "what runs is not done");
        queue::release(app.db(), &claim, Duration::ZERO, None).await.unwrap();
        settle_by(&app, &mut walker).await;
        assert_figures(&app, &run, json!({ "state": "FINISHED", "done": 2300 })).await;
    }

    async fn a_rate_is_kept(backend) {
        let app = TestApp::start(backend).await;
        students(&app, 40).await;
        let slow = start(&app, json!({ "scope": "ALL", "ratePerSecond": 1 })).await;
        let fast = start(&app, json!({ "scope": "ALL", "ratePerSecond": 40, "dryRun": true })).await;
        let mut walker = walker(&app, "one");
        step(&mut walker).await;
        for (run, page, pause) in [(&slow, 1, 1000), (&fast, 10, 250)] {
            assert_figures(&app, run, json!({ "enqueued": page })).await;
            let row = Run::read(app.db(), run.parse().unwrap()).await.unwrap().unwrap().row;
            assert!(row.due_at - row.started_at >= chrono::TimeDelta::milliseconds(pause), "{row:?}");
        }
        let later = db_time::after_sql(app.db().backend(), Duration::from_secs(50));
        sql(&app, &format!("UPDATE backfill_run SET due_at = {later}")).await;
        assert_eq!(step(&mut walker).await, Step::Waiting);
        assert_figures(&app, &slow, json!({ "enqueued": 1 })).await;
        sql(&app, "UPDATE backfill_run SET due_at = started_at").await;
        assert_eq!(step(&mut walker).await, Step::Moved);
        assert_figures(&app, &slow, json!({ "enqueued": 2 })).await;
        assert_figures(&app, &fast, json!({ "enqueued": 20 })).await;
    }

    async fn live_changes_come_before_a_run(backend) {
        let app = TestApp::start(backend).await;
        let names = students(&app, 5).await;
        let run = start(&app, json!({ "scope": "ALL" })).await;
        let mut walker = walker(&app, "one");
        step(&mut walker).await;
        app.assert_waiting_jobs(5).await;
        app.attempt(&names[4], "b", "q1", "100").await;
        app.assert_waiting_jobs(5).await;
        let first = queue::claim(app.db(), "a worker", 1, Duration::from_secs(30)).await.unwrap();
        assert_eq!(first.jobs[0].student_id, student_id(&app, &names[4]).await);
        let job = jobs(&app).await.into_iter().find(|job| job.id == first.jobs[0].id).unwrap();
        assert_eq!(job.max_attempts, 20, "a live change is tried as often as any");
        queue::release(app.db(), &first, Duration::ZERO, None).await.unwrap();
        settle_by(&app, &mut walker).await;
        assert_eq!(app.profile(&names[4]).await.overall.as_deref(), Some("90.00"));
        assert_figures(&app, &run, json!({ "state": "FINISHED", "changed": 1, "unchanged": 4 })).await;
    }

    async fn jobs_that_no_run_waits_for_are_not_marked(backend) {
        let app = TestApp::start(backend).await;
        let names = students(&app, 2).await;
        app.attempt(&names[0], "b", "q1", "100").await;
        start(&app, json!({ "scope": "STUDENTS", "students": [{ "sourcedId": names[1] }] })).await;
        step(&mut walker(&app, "one")).await;
        let marks: Vec<(bool, i32)> = {
            let mut jobs = jobs(&app).await;
            jobs.sort_by_key(|job| job.priority);
            jobs.into_iter().map(|job| (job.backfill, job.max_attempts)).collect()
        };
        assert_eq!(marks, [(false, 20), (true, 5)]);
    }

    async fn a_student_who_is_deleted_or_merged_meanwhile_ends_without_failure(backend) {
        let app = TestApp::start(backend).await;
        let names = students(&app, 4).await;
        let run = start(&app, json!({ "scope": "ALL" })).await;
        let mut walker = walker(&app, "one");
        step(&mut walker).await;
        let (deleted, merged, into) = (&names[0], &names[1], &names[2]);
        let delete = "mutation($id: String!) { deleteStudent(student: { sourcedId: $id }) { deletedId } }";
        app.service().data(delete, json!({ "id": deleted })).await;
        let merge = "mutation($a: String!, $b: String!) \
            { mergeStudents(from: { sourcedId: $a }, into: { sourcedId: $b }) { id } }";
        app.service().data(merge, json!({ "a": merged, "b": into })).await;
        settle_by(&app, &mut walker).await;
        assert_figures(&app, &run, json!({ "state": "FINISHED", "done": 4, "failed": 0 })).await;
    }

    async fn an_ended_run_is_pruned_after_thirty_days(backend) {
        let app = TestApp::start(backend).await;
        let names = students(&app, 2).await;
        damage(&app, &names[0]).await;
        let old = start(&app, json!({ "scope": "ALL" })).await;
        settle(&app).await;
        damage(&app, &names[0]).await;
        app.advance(chrono::TimeDelta::seconds(1));
        let young = start(&app, json!({ "scope": "ALL" })).await;
        settle(&app).await;
        queue::prune(app.db(), Retention::default(), SystemClock.now()).await.unwrap();
        assert_eq!(figures(&app, &old).await["changed"], 1);
        let long_ago = (entity::clock::SystemClock.now() - chrono::TimeDelta::days(31)).format("%Y-%m-%dT%H:%M:%S+00:00");
        sql(&app, &format!("UPDATE backfill_run SET finished_at = '{long_ago}' WHERE id = (SELECT id FROM backfill_run ORDER BY id LIMIT 1)")).await;
        queue::prune(app.db(), Retention::default(), SystemClock.now()).await.unwrap();
        assert!(figures(&app, &old).await.is_null());
        assert_eq!(figures(&app, &young).await["changed"], 1);
        let items = select(&app, &young, "changes { totalCount }").await;
        assert_eq!(items["changes"]["totalCount"], 1, "the items of the other run stay");
    }

    async fn runs_are_listed_by_pages_the_newest_first(backend) {
        let app = TestApp::start(backend).await;
        let names = students(&app, 1).await;
        let mut started = Vec::new();
        for _ in 0..3 {
            app.advance(chrono::TimeDelta::seconds(1));
            started.push(start(&app, json!({ "scope": "STUDENTS", "students": [{ "sourcedId": names[0] }] })).await);
        }
        let page = "query($after: String) { backfillRuns(first: 2, after: $after) \
            { nodes { id state } pageInfo { endCursor hasNextPage } } }";
        let first = app.admin().data(page, json!({})).await["backfillRuns"].clone();
        assert_eq!(first["nodes"], json!([{ "id": started[2], "state": "RUNNING" }, { "id": started[1], "state": "RUNNING" }]));
        let next = app.admin().data(page, json!({ "after": first["pageInfo"]["endCursor"] })).await;
        assert_eq!(next["backfillRuns"]["nodes"], json!([{ "id": started[0], "state": "RUNNING" }]));
        assert_eq!(next["backfillRuns"]["pageInfo"]["hasNextPage"], false);
        let node = "query($id: ID!) { node(id: $id) { ... on BackfillRun { scope } } }";
        assert_eq!(app.admin().data(node, json!({ "id": started[0] })).await["node"]["scope"], "STUDENTS");
    }

    async fn jobs_that_end_without_a_word_hold_no_run_up(backend) {
        let app = TestApp::start(backend).await;
        students(&app, 3).await;
        let run = start(&app, json!({ "scope": "ALL" })).await;
        let mut walker = walker(&app, "one");
        step(&mut walker).await;
        // What workers of an earlier version, or somebody by hand, may have done.
        sql(&app, "UPDATE job SET state = 'completed' WHERE id = (SELECT id FROM job ORDER BY student_id LIMIT 1)").await;
        sql(&app, "UPDATE job SET state = 'discarded', last_error = 'oops' WHERE id = (SELECT id FROM job ORDER BY student_id DESC LIMIT 1)").await;
        sql(&app, "DELETE FROM job WHERE state = 'available'").await;
        let id = run.parse().unwrap();
        entity::backfill::ending::end_orphans(app.db(), id).await.unwrap();
        step(&mut walker).await;
        assert_figures(&app, &run, json!({ "state": "FINISHED", "unchanged": 2, "failed": 1 })).await;
        let failures = select(&app, &run, "failures { nodes { error } }").await;
        assert_eq!(failures["failures"]["nodes"], json!([{ "error": "oops" }]));
        assert!(jobs(&app).await.iter().all(|job| job.state != State::Available));
    }

    async fn a_run_over_nobody_ends_at_once(backend) {
        let app = TestApp::start(backend).await;
        let run = start(&app, json!({ "scope": "ALL" })).await;
        settle(&app).await;
        assert_figures(&app, &run, json!({ "state": "FINISHED", "total": 0, "done": 0 })).await;
    }
}

/// Walks on with the same walker, and runs all jobs, until every run has ended.
async fn settle_by(app: &TestApp, walker: &mut worker::backfill::Walker) {
    loop {
        app.drain().await;
        if step(walker).await == Step::Idle {
            return;
        }
    }
}
