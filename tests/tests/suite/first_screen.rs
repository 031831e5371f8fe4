//! The first screen of a family's dashboard: everything in one request, in as few statements for many children as for one.

use api::auth::Role;
use api::demo;
use entity::clock::Clock as _;
use serde_json::{Value, json};
use tests::{TestApp, on_both_backends};

const SCREEN: &str = "{ myChildren {
    student { displayName }
    totalQuizzesCompleted totalAssignmentsCompleted
    overallQuizAverageScore overallAssignmentAverageScore overallAverageScore lastPerformanceUpdate
    trend { direction slope { pointsPerWeek low high } }
    enrollments {
        course { title }
        status totalQuizzesTaken averageQuizScore totalAssignmentsCompleted averageAssignmentScore
        overallShare { points weight }
        trend { direction }
        recentActivity(first: 1) { nodes { title state } }
    }
    recentActivity(first: 5) { nodes { kind title course { title } score state at } }
} }";

/// One for the children, and for all children together: one for the students, the trends, the enrolments, their courses, all
/// enrolments again for the shares, the trends by course, the activity by course, the activity, and its courses.
const STATEMENTS: usize = 10;

on_both_backends! {
    /// The invented school: its first guardian has four children, with some hundred results.
    async fn a_guardian_of_four_gets_it_in_a_handful_of_statements(backend) {
        let app = TestApp::start(backend).await;
        let filled = demo::fill(app.db(), app.clock.now()).await.unwrap();
        app.drain().await;
        let guardian = app.client(Role::Guardian, &filled.guardian);
        let (data, statements) = app.statements_of(guardian.data(SCREEN, json!({}))).await;
        assert!(statements.len() <= STATEMENTS, "{}: {statements:#?}", statements.len());

        let children = data["myChildren"].as_array().unwrap();
        assert_eq!(children.len(), 4);
        for child in children {
            let parts = child["enrollments"].as_array().unwrap();
            assert!(parts.len() > 1, "{child:#}");
            assert!(!child["recentActivity"]["nodes"].as_array().unwrap().is_empty(), "{child:#}");
            assert!(parts.iter().any(|part| part["recentActivity"]["nodes"].as_array().unwrap().len() == 1));
            let points: i64 = parts.iter().map(|part| hundredths(&part["overallShare"]["points"])).sum();
            assert_eq!(points, hundredths(&child["overallAverageScore"]), "{child:#}");
            let weight: i64 = parts.iter().map(|part| hundredths(&part["overallShare"]["weight"])).sum();
            let counts = !child["overallAverageScore"].is_null();
            assert_eq!(weight, if counts { 10_000 } else { 0 }, "{child:#}");
        }
    }

    async fn it_takes_as_many_statements_for_ten_children_as_for_one(backend) {
        let app = TestApp::start(backend).await;
        for course in ["maths", "art", "latin"] {
            app.course(course).await;
            app.quiz(course, course).await;
        }
        for (guardian, children) in [("single", 1), ("many", 10)] {
            app.write("upsertGuardian", json!({ "sourcedId": guardian, "displayName": guardian })).await;
            for child in 0..children {
                let student = format!("{guardian} {child}");
                app.student(&student).await;
                for course in ["maths", "art", "latin"] {
                    app.enroll(&student, course, "ACTIVE").await;
                    app.attempt(&student, course, course, "80").await;
                }
                let right = json!({ "student": { "sourcedId": student }, "guardian": { "sourcedId": guardian } });
                app.write("grantGuardianship", right).await;
            }
            app.drain().await;
            let client = app.client(Role::Guardian, guardian);
            let (data, statements) = app.statements_of(client.data(SCREEN, json!({}))).await;
            assert_eq!(data["myChildren"].as_array().unwrap().len(), children);
            assert!(statements.len() <= STATEMENTS, "{guardian}: {}: {statements:#?}", statements.len());
        }
    }
}

/// The hundredths in a decimal number with two decimals; 0 for null.
fn hundredths(decimal: &Value) -> i64 {
    decimal.as_str().unwrap_or("0.00").replace('.', "").parse().unwrap()
}
