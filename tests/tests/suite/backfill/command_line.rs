//! `tally-worker backfill`.

use serde_json::{Value, json};
use tests::binary::Ended;
use tests::program::Program;
use tests::{TestApp, on_both_backends};

use super::{damage, students};
use crate::queue::{heal, poison, sql, student_id};

async fn backfill(app: &TestApp, args: &[&str]) -> Ended {
    let args = [&["backfill", "--log", "error"], args].concat();
    Program::new("tally-worker").run(&args, &[("DATABASE_URL", app.database_url())]).await
}

/// Fails unless the process has told this figure.
fn told(ended: &Ended, figure: &str, value: &str) {
    let line = format!("{figure:<12} {value}\n");
    assert!(ended.stdout.contains(&line), "{line:?} is not told: {ended:?}");
}

/// The newest run.
async fn newest(app: &TestApp) -> Value {
    let query =
        "{ backfillRuns(first: 1) { nodes { id state requestedBy priority ratePerSecond dryRun done } } }";
    app.admin().data(query, json!({})).await["backfillRuns"]["nodes"][0].clone()
}

on_both_backends! {
    async fn all_students_are_recalculated_without_any_other_worker(backend) {
        let app = TestApp::start(backend).await;
        let names = students(&app, 30).await;
        damage(&app, &names[3]).await;
        let dry = backfill(&app, &["--dry-run"]).await;
        assert_eq!(dry.code, Some(0), "{dry:?}");
        told(&dry, "would change", "1");
        assert_eq!(app.profile(&names[3]).await.quizzes, 7);
        let ended = backfill(&app, &["--priority", "5", "--rate", "1000"]).await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        for (figure, value) in [("state", "finished"), ("students", "30"), ("done", "30"), ("changed", "1"), ("failed", "0")] {
            told(&ended, figure, value);
        }
        assert!(ended.stderr.contains("30 of 30 students, "), "lines where there is no terminal: {ended:?}");
        assert_eq!(app.profile(&names[3]).await.quizzes, 1);
        let run = newest(&app).await;
        assert!(run["requestedBy"].as_str().unwrap().starts_with("tally-worker on "), "{run}");
        assert_eq!((&run["priority"], &run["ratePerSecond"]), (&json!(5), &json!(1000)));
    }

    async fn students_and_courses_are_named_by_either_id(backend) {
        let app = TestApp::start(backend).await;
        let names = students(&app, 4).await;
        for name in &names {
            damage(&app, name).await;
        }
        let id = student_id(&app, &names[0]).await.to_string();
        told(&backfill(&app, &["--student-id", &id, "--student-id", &names[1]]).await, "changed", "2");
        told(&backfill(&app, &["--stale"]).await, "students", "0");
        told(&backfill(&app, &["--course", "maths"]).await, "changed", "2");
        let unknown = backfill(&app, &["--student-id", "nobody"]).await;
        assert_eq!((unknown.code, unknown.stdout.as_str()), (Some(1), ""));
        assert!(unknown.stderr.contains("--student-id nobody"), "{unknown:?}");
        let unknown = backfill(&app, &["--course", "nothing"]).await;
        assert!(unknown.stderr.contains("--course nothing"), "{unknown:?}");
        let both = backfill(&app, &["--stale", "--course", "maths"]).await;
        assert_eq!(both.code, Some(2), "{both:?}");
    }

    async fn a_student_who_fails_is_told_by_the_exit_code(backend) {
        let app = TestApp::start(backend).await;
        let names = students(&app, 3).await;
        poison(&app, &names[1]).await;
        let ended = backfill(&app, &[]).await;
        assert_eq!(ended.code, Some(1), "{ended:?}");
        told(&ended, "failed", "1");
        let id = student_id(&app, &names[1]).await;
        assert!(ended.stdout.contains(&format!("{id} failed after 5 attempts: ")), "{ended:?}");
        heal(&app).await;
        assert_eq!(backfill(&app, &[]).await.code, Some(0));
    }

    async fn an_interrupt_cancels_the_run_and_a_second_one_leaves_it(backend) {
        let app = TestApp::start(backend).await;
        students(&app, 3).await;
        // No job is run, so that the run does not come to its end.
        app.admin().data("mutation { pauseJobs(kind: RECALCULATE) { pausedKinds } }", json!({})).await;
        for (interrupts, state) in [(1, "CANCELLED"), (2, "RUNNING")] {
            let program = Program::new("tally-worker");
            let mut running = program.start(&["backfill", "--log", "error"], &[("DATABASE_URL", app.database_url())]);
            running.says("of 3 students").await;
            running.interrupt().await;
            running.says("again leaves it").await;
            if interrupts == 2 {
                running.interrupt().await;
            }
            let ended = running.ended().await;
            assert_eq!(ended.code, Some(130), "{ended:?}");
            assert_eq!(newest(&app).await["state"], state, "after {interrupts}");
        }
        app.admin().data("mutation { resumeJobs(kind: RECALCULATE) { pausedKinds } }", json!({})).await;
        sql(&app, "UPDATE job SET run_at = enqueued_at").await;
        let followed = backfill(&app, &[]).await;
        assert_eq!(followed.code, Some(0), "{followed:?}");
        assert!(followed.stderr.contains("is going on already"), "{followed:?}");
        told(&followed, "done", "3");
    }
}
