//! The benchmark measures what it says, on data like that of the API.

use std::collections::BTreeSet;
use std::process::Stdio;

use entity::score::Score;
use entity::sea_orm::{EntityTrait, QueryOrder};
use entity::{assignment_submission, course, enrollment, quiz, quiz_attempt, student};
use serde_json::{Value, json};
use tests::bench::school::{self, facts};
use tests::{Backend, TestApp, binary, on_both_backends};
use tokio::process::Command;

const STUDENTS: usize = 20;

/// Loads the school as a learning system would.
async fn load_through_the_api(app: &TestApp) {
    let all: Vec<facts::Facts> = (0..STUDENTS).map(facts::Facts::of).collect();
    let each_course = 0..facts::COURSES;
    let tasks = || each_course.clone().flat_map(|course| (0..facts::TASKS).map(move |nth| (course, nth)));
    let reference = |sourced_id: String| json!({ "sourcedId": sourced_id });
    let courses = each_course.clone().map(|number| {
        json!({ "sourcedId": facts::course(number), "title": format!("Course {number}") })
    });
    let quizzes = tasks().map(|(course, nth)| {
        let title = format!("Quiz {nth}");
        json!({ "sourcedId": facts::quiz(course, nth), "title": title, "course": reference(facts::course(course)) })
    });
    let assignments = tasks().map(|(course, nth)| {
        let (id, title) = (facts::assignment(course, nth), format!("Assignment {nth}"));
        json!({ "sourcedId": id, "title": title, "course": reference(facts::course(course)) })
    });
    write(app, "upsertCourse", courses).await;
    write(app, "upsertQuiz", quizzes).await;
    write(app, "upsertAssignment", assignments).await;

    let students = all.iter().map(|student| {
        json!({ "sourcedId": student.sourced_id(), "displayName": format!("Student {}", student.number) })
    });
    write(app, "upsertStudent", students).await;
    let taken = || all.iter().flat_map(|student| student.enrollments.iter().map(move |taken| (student, taken)));
    let enrollments = taken().map(|(student, taken)| {
        json!({
            "student": reference(student.sourced_id()),
            "sourcedId": facts::enrollment(taken.course),
            "course": reference(facts::course(taken.course)),
            "status": "ACTIVE",
        })
    });
    let attempts = taken().flat_map(|(student, taken)| {
        taken.attempts.iter().enumerate().map(move |(nth, score)| {
            json!({
                "student": reference(student.sourced_id()),
                "sourcedId": facts::attempt(taken.course, nth),
                "quiz": reference(facts::quiz(taken.course, nth)),
                "completedAt": facts::school_time(),
                "score": { "percentage": score.to_string() },
            })
        })
    });
    let submissions = taken().flat_map(|(student, taken)| {
        taken.submissions.iter().enumerate().map(move |(nth, score)| {
            json!({
                "student": reference(student.sourced_id()),
                "sourcedId": facts::submission(taken.course, nth),
                "assignment": reference(facts::assignment(taken.course, nth)),
                "submittedAt": facts::school_time(),
                "gradedAt": facts::school_time(),
                "score": { "percentage": score.to_string() },
            })
        })
    });
    write(app, "upsertEnrollment", enrollments).await;
    write(app, "recordQuizAttempt", attempts).await;
    write(app, "recordSubmission", submissions).await;
    app.drain().await;
}

async fn write(app: &TestApp, mutation: &str, inputs: impl Iterator<Item = Value>) {
    let inputs: Vec<Value> = inputs.collect();
    for page in inputs.chunks(1000) {
        let written = app.write_all(mutation, page, false).await;
        assert_eq!(usize::try_from(written.written).unwrap(), page.len(), "{mutation}");
    }
}
