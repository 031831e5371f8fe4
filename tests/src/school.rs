//! Short ways to write facts and read profiles, all through the API.

use serde_json::{Value, json};

use crate::TestApp;

/// The selection of a profile's numbers and marks.
const PROFILE: &str = "totalQuizzesCompleted totalAssignmentsCompleted overallQuizAverageScore \
     overallAssignmentAverageScore overallAverageScore lastPerformanceUpdate isStale staleSince";

/// What became of a fact that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// `CREATED`, `UPDATED` or `UNCHANGED`.
    pub outcome: String,
    /// Whether a recalculation was enqueued.
    pub recalculation_enqueued: bool,
}

/// A student's profile as a client sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// `totalQuizzesCompleted`.
    pub quizzes: i64,
    /// `totalAssignmentsCompleted`.
    pub assignments: i64,
    /// `overallQuizAverageScore`.
    pub quiz_average: Option<String>,
    /// `overallAssignmentAverageScore`.
    pub assignment_average: Option<String>,
    /// `overallAverageScore`.
    pub overall: Option<String>,
    /// `lastPerformanceUpdate`.
    pub updated: Option<String>,
    /// `isStale`.
    pub stale: bool,
}

impl Profile {
    fn read(value: &Value) -> Self {
        let text = |field: &str| value[field].as_str().map(str::to_owned);
        let count = |field: &str| value[field].as_i64().expect("a count");
        Self {
            quizzes: count("totalQuizzesCompleted"),
            assignments: count("totalAssignmentsCompleted"),
            quiz_average: text("overallQuizAverageScore"),
            assignment_average: text("overallAssignmentAverageScore"),
            overall: text("overallAverageScore"),
            updated: text("lastPerformanceUpdate"),
            stale: value["isStale"].as_bool().expect("a flag"),
        }
    }

    /// The numbers alone, for comparing: counts and averages of quizzes and assignments, and the overall average.
    pub fn numbers(&self) -> (i64, Option<&str>, i64, Option<&str>, Option<&str>) {
        (
            self.quizzes,
            self.quiz_average.as_deref(),
            self.assignments,
            self.assignment_average.as_deref(),
            self.overall.as_deref(),
        )
    }
}

impl TestApp {
    /// Writes one fact as the learning system. `mutation` is the field's name; its input type is named after it.
    pub async fn write(&self, mutation: &str, input: Value) -> Written {
        let payload = self
            .service()
            .mutate(mutation, &input_type(mutation), input, "outcome recalculationEnqueued")
            .await;
        Written {
            outcome: payload["outcome"].as_str().expect("an outcome").to_owned(),
            recalculation_enqueued: payload["recalculationEnqueued"].as_bool().expect("a flag"),
        }
    }

    /// Creates or renames a student.
    pub async fn student(&self, student: &str) -> Written {
        self.write(
            "upsertStudent",
            json!({ "sourcedId": student, "displayName": format!("Student {student}") }),
        )
        .await
    }

    /// Creates or renames a course.
    pub async fn course(&self, course: &str) -> Written {
        self.write("upsertCourse", json!({ "sourcedId": course, "title": format!("Course {course}") })).await
    }

    /// Creates a quiz, or moves it to `course`.
    pub async fn quiz(&self, quiz: &str, course: &str) -> Written {
        let input =
            json!({ "sourcedId": quiz, "title": format!("Quiz {quiz}"), "course": { "sourcedId": course } });
        self.write("upsertQuiz", input).await
    }

    /// Creates an assignment, or moves it to `course`.
    pub async fn assignment(&self, assignment: &str, course: &str) -> Written {
        let title = format!("Assignment {assignment}");
        let input = json!({ "sourcedId": assignment, "title": title, "course": { "sourcedId": course } });
        self.write("upsertAssignment", input).await
    }

    /// Enrols `student` in `course`, as `{student}-{course}`, with `status`.
    pub async fn enroll(&self, student: &str, course: &str, status: &str) -> Written {
        let input = json!({
            "student": { "sourcedId": student },
            "sourcedId": enrollment(student, course),
            "course": { "sourcedId": course },
            "status": status,
        });
        self.write("upsertEnrollment", input).await
    }

    /// Records a completed attempt with a percentage.
    pub async fn attempt(&self, student: &str, attempt: &str, quiz: &str, percentage: &str) -> Written {
        let input = json!({
            "student": { "sourcedId": student },
            "sourcedId": attempt,
            "quiz": { "sourcedId": quiz },
            "completedAt": "2026-03-01T10:00:00Z",
            "score": { "percentage": percentage },
        });
        self.write("recordQuizAttempt", input).await
    }

    /// Records a graded submission with a percentage.
    pub async fn submission(
        &self,
        student: &str,
        submission: &str,
        assignment: &str,
        percentage: &str,
    ) -> Written {
        let input = json!({
            "student": { "sourcedId": student },
            "sourcedId": submission,
            "assignment": { "sourcedId": assignment },
            "submittedAt": "2026-03-01T10:00:00Z",
            "gradedAt": "2026-03-01T12:00:00Z",
            "score": { "percentage": percentage },
        });
        self.write("recordSubmission", input).await
    }

    /// The profile of a student who must exist, as an admin sees it, after all due jobs have run.
    pub async fn settled_profile(&self, student: &str) -> Profile {
        self.drain().await;
        let profile = self.profile(student).await;
        assert!(!profile.stale, "the profile of {student} is stale although all jobs have run");
        profile
    }

    /// The profile of a student who must exist, as an admin sees it, as it is.
    pub async fn profile(&self, student: &str) -> Profile {
        let query = format!("query($id: String!) {{ studentProfile(sourcedId: $id) {{ {PROFILE} }} }}");
        let data = self.admin().data(&query, json!({ "id": student })).await;
        assert!(!data["studentProfile"].is_null(), "there is no student {student}");
        Profile::read(&data["studentProfile"])
    }
}

/// The `sourcedId` that [`TestApp::enroll`] gives an enrolment.
pub fn enrollment(student: &str, course: &str) -> String {
    format!("{student}-{course}")
}

/// The input type of a mutation: `upsertStudent` takes an `UpsertStudentInput`.
pub(crate) fn input_type(mutation: &str) -> String {
    let mut name = mutation.to_owned();
    name[..1].make_ascii_uppercase();
    name.push_str("Input");
    name
}
