//! Telling a case to a server, through its API.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tests::TestApp;

use super::facts::{COURSES, Case, DONE, Fact, Items, Kind, STUDENTS, Step, TASKS, enrolled_from_the_start};
use super::model::Numbers;

/// One telling, to students and with courses of its own.
pub struct Telling<'a> {
    app: &'a TestApp,
    /// What all ids of this telling begin with.
    prefix: String,
}

impl<'a> Telling<'a> {
    pub fn new(app: &'a TestApp, prefix: String) -> Self {
        Self { app, prefix }
    }

    fn id(&self, kind: &str, number: usize) -> String {
        format!("{}{kind} {number}", self.prefix)
    }

    fn sourced(&self, kind: &str, number: usize) -> Value {
        json!({ "sourcedId": self.id(kind, number) })
    }

    /// Creates the students, the courses, and in each course one quiz and one assignment, and the first enrolments.
    pub async fn prepare(&self) {
        let students =
            (0..STUDENTS).map(|n| json!({ "sourcedId": self.id("student", n), "displayName": "x" }));
        self.app.write_all("upsertStudent", &students.collect::<Vec<_>>(), false).await;
        let courses = (0..COURSES).map(|n| json!({ "sourcedId": self.id("course", n), "title": "x" }));
        self.app.write_all("upsertCourse", &courses.collect::<Vec<_>>(), false).await;
        for (mutation, kind) in [("upsertQuiz", "quiz"), ("upsertAssignment", "essay")] {
            let task = |n| json!({ "sourcedId": self.id(kind, n), "course": self.sourced("course", n), "title": "x" });
            self.app.write_all(mutation, &(0..TASKS).map(task).collect::<Vec<_>>(), false).await;
        }
        let enrollments = (0..STUDENTS)
            .flat_map(|student| (0..COURSES).map(move |course| (student, course)))
            .filter(|(student, course)| enrolled_from_the_start(*student, *course))
            .map(|(student, course)| self.enrollment(student, course, &Fact::Status("ACTIVE")).1);
        self.app.write_all("upsertEnrollment", &enrollments.collect::<Vec<_>>(), false).await;
    }

    /// Follows the steps of `case`.
    pub async fn one_by_one(&self, case: &Case) {
        let mut told = vec![0; case.things.len()];
        for step in &case.steps {
            match *step {
                Step::Tell(thing) => {
                    let (kind, fact) = (case.things[thing].kind, &case.things[thing].history[told[thing]]);
                    told[thing] += 1;
                    let (mutation, input) = self.input(kind, fact);
                    self.app.write(mutation, input).await;
                }
                Step::Repeat(thing) if told[thing] > 0 => {
                    let (kind, fact) =
                        (case.things[thing].kind, &case.things[thing].history[told[thing] - 1]);
                    let (mutation, input) = self.input(kind, fact);
                    let again = self.app.write(mutation, input).await;
                    assert_eq!((again.outcome.as_str(), again.recalculation_enqueued), ("UNCHANGED", false));
                }
                Step::Repeat(_) => {}
                Step::Drain => {
                    self.app.drain().await;
                }
                Step::Refused(student) => self.refused_call(student).await,
            }
        }
    }

    /// Tells the first facts about all things in calls of one kind each, then the second ones, and so on.
    pub async fn in_bulk(&self, case: &Case) {
        let longest = case.things.iter().map(|thing| thing.history.len()).max().unwrap_or(0);
        for at in 0..longest {
            let mut calls: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
            for thing in &case.things {
                if let Some(fact) = thing.history.get(at) {
                    let (mutation, input) = self.input(thing.kind, fact);
                    calls.entry(mutation).or_default().push(input);
                }
            }
            for (mutation, inputs) in calls {
                self.app.write_all(mutation, &inputs, false).await;
            }
        }
    }

    /// A call that would rescore two of a student's items, if its third part did not name a quiz that is not there.
    async fn refused_call(&self, student: usize) {
        let record = |number, task| {
            let kind = Kind::Item { items: Items::Attempts, student, number };
            let fact = Fact::Recorded { task, score: Some(12_345), done: Some(0) };
            self.input(kind, &fact).1
        };
        let inputs = [record(0, 0), record(1, 1), record(2, TASKS)];
        let answer = self.app.send_all("recordQuizAttempt", &inputs, false).await;
        let error = answer.error().expect("an error");
        assert_eq!((error.code.as_str(), error.field.as_deref()), ("NOT_FOUND", Some("inputs[2].quiz")));
    }

    /// The mutation that tells `fact`, and its input.
    fn input(&self, kind: Kind, fact: &Fact) -> (&'static str, Value) {
        match kind {
            Kind::Enrollment { student, course } => self.enrollment(student, course, fact),
            Kind::Item { items, student, number } => self.item(items, student, number, fact),
            Kind::Task { items, number } => self.task(items, number, fact),
        }
    }

    fn enrollment(&self, student: usize, course: usize, fact: &Fact) -> (&'static str, Value) {
        let student = self.sourced("student", student);
        let enrollment = self.sourced("enrollment", course);
        match fact {
            Fact::Status(status) => {
                let course = self.sourced("course", course);
                let sourced_id = &enrollment["sourcedId"];
                let input = json!({ "student": student, "sourcedId": sourced_id, "course": course, "status": status });
                ("upsertEnrollment", input)
            }
            Fact::Unenrolled => ("deleteEnrollment", json!({ "student": student, "enrollment": enrollment })),
            other => panic!("{other:?} is not about an enrolment"),
        }
    }

    fn item(&self, items: Items, student: usize, number: usize, fact: &Fact) -> (&'static str, Value) {
        let (record, change, own, task_field, task_kind, done_field) = match items {
            Items::Attempts => {
                ("recordQuizAttempt", "changeQuizAttemptStanding", "attempt", "quiz", "quiz", "completedAt")
            }
            Items::Submissions => (
                "recordSubmission",
                "changeSubmissionStanding",
                "submission",
                "assignment",
                "essay",
                "gradedAt",
            ),
        };
        let student = self.sourced("student", student);
        match fact {
            Fact::Recorded { task, score, done } => {
                let percentage =
                    |score: &i64| json!({ "percentage": format!("{}.{:02}", score / 100, score % 100) });
                let input = json!({
                    "student": student,
                    "sourcedId": self.id(own, number),
                    task_field: self.sourced(task_kind, *task),
                    "score": score.as_ref().map(percentage),
                    done_field: done.map(|at| DONE[at].0),
                });
                (record, input)
            }
            Fact::Standing(standing) => {
                (change, json!({ "student": student, own: self.sourced(own, number), "change": standing }))
            }
            other => panic!("{other:?} is not about an item"),
        }
    }

    fn task(&self, items: Items, number: usize, fact: &Fact) -> (&'static str, Value) {
        let Fact::Moved { course } = fact else { panic!("{fact:?} is not about a quiz or an assignment") };
        let course = self.sourced("course", *course);
        match items {
            Items::Attempts => {
                ("upsertQuiz", json!({ "sourcedId": self.id("quiz", number), "course": course }))
            }
            Items::Submissions => {
                ("upsertAssignment", json!({ "sourcedId": self.id("essay", number), "course": course }))
            }
        }
    }

    /// The numbers of this telling's students, with its courses by their numbers.
    pub async fn numbers(&self) -> Numbers {
        let mut numbers = Vec::new();
        for student in 0..STUDENTS {
            let student = self.id("student", student);
            let profile = self.app.profile(&student).await;
            assert!(!profile.stale, "{student} is stale");
            let course = format!("{}course ", self.prefix);
            let parts = self.app.parts(&student).await;
            let parts = parts.iter().map(|part| part.replace(&course, "")).collect();
            let weeks = self.app.counted_weeks(&student, "(from: \"2024-12-30\", to: \"2026-03-02\")").await;
            numbers.push((profile.to_string(), parts, weeks));
        }
        numbers
    }
}
