//! Recalculating some students at once.

use serde_json::json;
use tests::{TestApp, on_both_backends};

use super::{damage, students};
use crate::queue::{jobs, student_id};

const RECALCULATE: &str = "mutation($ids: [ID!]!) { recalculateStudents(ids: $ids) { enqueued } }";

on_both_backends! {
    async fn students_are_recalculated_at_once(backend) {
        let app = TestApp::start(backend).await;
        let names = students(&app, 3).await;
        let mut ids = Vec::new();
        for name in &names[..2] {
            damage(&app, name).await;
            ids.push(student_id(&app, name).await.to_string());
        }
        ids.push(ids[0].clone());
        let answer = app.admin().data(RECALCULATE, json!({ "ids": ids })).await;
        assert_eq!(answer["recalculateStudents"]["enqueued"], 2);
        let jobs = jobs(&app).await;
        assert_eq!(jobs.len(), 2);
        assert!(jobs.iter().all(|job| job.priority == 0 && !job.backfill && job.max_attempts == 20));
        for name in &names {
            assert_eq!(app.settled_profile(name).await.quizzes, 1);
        }
    }

    async fn an_unknown_student_is_told_by_the_place_and_nothing_is_enqueued(backend) {
        let app = TestApp::start(backend).await;
        let names = students(&app, 1).await;
        let known = student_id(&app, &names[0]).await.to_string();
        let unknown = "student:0193d1b2-0000-7000-8000-000000000000".to_owned();
        let too_many: Vec<&String> = std::iter::repeat_n(&known, 1001).collect();
        for (ids, code, field) in [
            (json!([known, unknown]), "NOT_FOUND", "ids[1]"),
            (json!([known, known, "s0000"]), "BAD_USER_INPUT", "ids[2]"),
            (json!(too_many), "LIMIT_EXCEEDED", "ids"),
        ] {
            let error = app.admin().error(RECALCULATE, json!({ "ids": ids })).await;
            assert_eq!((error.code.as_str(), error.field.as_deref()), (code, Some(field)));
        }
        app.assert_waiting_jobs(0).await;
    }
}
