//! Enrolments, and what counts in their courses.

use async_graphql::{Context, Description, ID, Object, Result};
use entity::enrollment;

use super::{Course, Student, related};
use crate::schema::enums::EnrollmentStatus;
use crate::schema::scalars::Decimal;

/// A student's enrolment in a course, with what counts there.
#[derive(Clone, Debug, Description)]
pub struct Enrollment(pub enrollment::Model);

#[Object(use_type_description)]
impl Enrollment {
    /// The id that Tally gave it, such as `enrollment:0193…`.
    pub async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// The writing system's own id; unique for the student.
    async fn sourced_id(&self) -> &str {
        &self.0.sourced_id
    }

    /// The student.
    async fn student(&self, ctx: &Context<'_>) -> Result<Student> {
        related(ctx, "student", self.0.student_id).await.map(Student)
    }

    /// The course.
    async fn course(&self, ctx: &Context<'_>) -> Result<Course> {
        related(ctx, "course", self.0.course_id).await.map(Course)
    }

    /// Where it stands. Items count while it is active or completed.
    async fn status(&self) -> EnrollmentStatus {
        self.0.status.into()
    }

    /// The number of counted quiz attempts in the course.
    async fn total_quizzes_taken(&self) -> i64 {
        self.0.total_quizzes_taken
    }

    /// Their average in percent; null when there is none.
    async fn average_quiz_score(&self) -> Option<Decimal> {
        self.0.average_quiz_score.map(Into::into)
    }

    /// The number of counted assignment submissions in the course.
    async fn total_assignments_completed(&self) -> i64 {
        self.0.total_assignments_completed
    }

    /// Their average in percent; null when there is none.
    async fn average_assignment_score(&self) -> Option<Decimal> {
        self.0.average_assignment_score.map(Into::into)
    }
}

impl From<enrollment::Model> for Enrollment {
    fn from(row: enrollment::Model) -> Self {
        Self(row)
    }
}
