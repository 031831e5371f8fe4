//! Rows that several want at once: the same key by many clients, a course by another enrolment, an item by two students.

use futures::future::join_all;
use serde_json::json;
use tests::{TestApp, on_both_backends};

on_both_backends! {
    /// Nothing can be locked of a student who is not there yet.
    async fn many_clients_can_create_the_same_student_at_once(backend) {
        let app = TestApp::start(backend).await;
        let written = join_all((0..16).map(|_| app.student("ada"))).await;
        let created = written.iter().filter(|written| written.outcome == "CREATED").count();
        let unchanged = written.iter().filter(|written| written.outcome == "UNCHANGED").count();
        assert_eq!((created, unchanged), (1, 15));
    }

    async fn enrolments_can_exchange_their_courses_in_one_call(backend) {
        let app = TestApp::start(backend).await;
        app.student("ada").await;
        for course in ["maths", "music", "art"] {
            app.course(course).await;
            app.enroll("ada", course, if course == "art" { "DROPPED" } else { "ACTIVE" }).await;
        }
        let delete = json!({ "student": { "sourcedId": "ada" }, "enrollment": { "sourcedId": "ada-art" } });
        app.write("deleteEnrollment", delete).await;
        let moved = |enrollment: &str, course: &str| {
            json!({
                "student": { "sourcedId": "ada" }, "sourcedId": enrollment, "course": { "sourcedId": course },
            })
        };
        // Each step is allowed when it is its turn, and the last one closes the circle.
        let inputs = [moved("ada-maths", "art"), moved("ada-music", "maths"), moved("ada-maths", "music")];
        let query = "mutation($inputs: [UpsertEnrollmentInput!]!) { \
                     upsertEnrollments(inputs: $inputs) { results { fact { sourcedId course { sourcedId } } } } }";
        app.service().data(query, json!({ "inputs": inputs })).await;
        let query = "{ studentProfile(sourcedId: \"ada\") { enrollments { sourcedId course { sourcedId } } } }";
        let data = app.admin().data(query, json!({})).await;
        let expected = json!([
            { "sourcedId": "ada-maths", "course": { "sourcedId": "music" } },
            { "sourcedId": "ada-music", "course": { "sourcedId": "maths" } },
        ]);
        let mut enrollments = data["studentProfile"]["enrollments"].as_array().unwrap().clone();
        enrollments.sort_by_key(|enrollment| enrollment["sourcedId"].to_string());
        assert_eq!(json!(enrollments), expected);
    }

    /// What the kept student had once and has no more gives way to what the other one has.
    async fn a_deleted_item_does_not_keep_out_a_live_one_of_a_merged_student(backend) {
        let app = TestApp::start(backend).await;
        app.course("maths").await;
        app.quiz("q1", "maths").await;
        for student in ["double", "ada"] {
            app.student(student).await;
            app.enroll(student, "maths", "ACTIVE").await;
            app.attempt(student, "same", "q1", if student == "ada" { "10" } else { "90" }).await;
        }
        let delete =
            json!({ "student": { "sourcedId": "ada" }, "attempt": { "sourcedId": "same" }, "change": "DELETE" });
        app.write("changeQuizAttemptStanding", delete).await;
        let merge = "mutation { mergeStudents(from: { sourcedId: \"double\" }, into: { sourcedId: \"ada\" }) { id } }";
        app.service().data(merge, json!({})).await;
        assert_eq!(app.settled_profile("ada").await.numbers(), (1, Some("90.00"), 0, None, Some("90.00")));
    }
}
