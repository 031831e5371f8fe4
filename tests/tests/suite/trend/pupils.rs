//! Invented results of invented students: the same that `expected.py` makes.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use tests::TestApp;
use tests::app::start_of_time;

const WEEK: i64 = 7 * 24 * 60 * 60;

/// A linear congruential generator, which is easily written in any language.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from(self.0 >> 33).unwrap() % limit
    }
}

/// Each result with its time and its hundredths of a percent.
fn results(student: u64) -> Vec<(DateTime<Utc>, i64)> {
    let mut random = Random(student);
    let (count, base, drift) = (2 + random.below(26), 4000 + random.below(5000), random.below(601) - 300);
    let noise = 1 + i64::try_from(student % 10).unwrap() * 250;
    let result = |_| {
        let ago = random.below(9 * WEEK);
        let score = base + (drift * (9 * WEEK - ago)).div_euclid(WEEK) + random.below(noise);
        (start_of_time() - TimeDelta::seconds(ago), score.clamp(0, 99_999))
    };
    (0..count).map(result).collect()
}

/// Writes the results of the first `students` students, half of them as quiz attempts and half as submissions.
pub async fn write(app: &TestApp, students: u64) {
    let names: Vec<String> = (0..students).map(name).collect();
    let students_in = |input: fn(&String) -> Value| names.iter().map(input).collect::<Vec<_>>();
    app.course("maths").await;
    app.quiz("quiz", "maths").await;
    app.assignment("essay", "maths").await;
    let people = students_in(|name| json!({ "sourcedId": name, "displayName": name }));
    app.write_all("upsertStudent", &people, false).await;
    let enrollments = students_in(
        |name| json!({ "student": { "sourcedId": name }, "sourcedId": name, "course": { "sourcedId": "maths" }, "status": "ACTIVE" }),
    );
    app.write_all("upsertEnrollment", &enrollments, false).await;
    let (mut attempts, mut submissions) = (Vec::new(), Vec::new());
    for (student, name) in (0..students).zip(&names) {
        for (number, (at, hundredths)) in results(student).into_iter().enumerate() {
            let score = format!("{}.{:02}", hundredths / 100, hundredths % 100);
            let mut item = json!({
                "student": { "sourcedId": name },
                "sourcedId": number.to_string(),
                "score": { "percentage": score },
            });
            let (into, task, done) = match number % 2 {
                0 => (&mut attempts, ("quiz", "quiz"), "completedAt"),
                _ => (&mut submissions, ("assignment", "essay"), "gradedAt"),
            };
            item[task.0] = json!({ "sourcedId": task.1 });
            item[done] = json!(at.to_rfc3339());
            into.push(item);
        }
    }
    for (mutation, items) in [("recordQuizAttempt", attempts), ("recordSubmission", submissions)] {
        for items in items.chunks(1000) {
            app.write_all(mutation, items, false).await;
        }
    }
}

/// The `sourcedId` of a student.
pub fn name(student: u64) -> String {
    format!("pupil {student}")
}
