//! Enrolments, and what counts in their courses.

use async_graphql::connection::Connection;
use async_graphql::{Context, Description, ID, Object, Result};
use entity::{course, enrollment};

use super::activity::activity_of_seen;
use super::trend::trend_of_seen;
use super::{ActivityItem, Course, Share, Student, Trend, related};
use crate::error::UserError;
use crate::schema::enums::EnrollmentStatus;
use crate::schema::paging::{STATEMENTS, page_size};
use crate::schema::scalars::Decimal;
use crate::service::read::{self, EnrollmentsOf, ProfileCache};

/// A student's enrolment in a course, with what counts there.
#[derive(Clone, Debug, Description)]
pub struct Enrollment {
    /// The enrolment.
    pub row: enrollment::Model,
    /// Its course, if it was read along.
    pub course: Option<course::Model>,
}

#[Object(use_type_description)]
impl Enrollment {
    /// The id that Tally gave it, such as `enrollment:0193…`.
    pub async fn id(&self) -> ID {
        self.row.id.to_string().into()
    }

    /// The writing system's own id; unique for the student.
    async fn sourced_id(&self) -> &str {
        &self.row.sourced_id
    }

    /// The student.
    async fn student(&self, ctx: &Context<'_>) -> Result<Student> {
        related(ctx, "student", self.row.student_id).await.map(Student)
    }

    /// The course.
    async fn course(&self, ctx: &Context<'_>) -> Result<Course> {
        if let Some(course) = &self.course {
            return Ok(Course(course.clone()));
        }
        let course = self.row.course_id;
        ctx.data::<ProfileCache>()?.course(course, related(ctx, "course", course)).await.map(Course)
    }

    /// Where it stands. Items count while it is active or completed.
    async fn status(&self) -> EnrollmentStatus {
        self.row.status.into()
    }

    /// The number of counted quiz attempts in the course.
    async fn total_quizzes_taken(&self) -> i64 {
        self.row.total_quizzes_taken
    }

    /// Their average in percent; null when there is none.
    async fn average_quiz_score(&self) -> Option<Decimal> {
        self.row.average_quiz_score.map(Into::into)
    }

    /// The number of counted assignment submissions in the course.
    async fn total_assignments_completed(&self) -> i64 {
        self.row.total_assignments_completed
    }

    /// Their average in percent; null when there is none.
    async fn average_assignment_score(&self) -> Option<Decimal> {
        self.row.average_assignment_score.map(Into::into)
    }

    /// Its share of the student's overall average.
    async fn overall_share(&self, ctx: &Context<'_>) -> Result<Share> {
        let enrollments = related(ctx, "enrollments", EnrollmentsOf(self.row.student_id)).await?;
        let share = read::overall_share(&enrollments.rows, self.row.id).map(Share);
        // Only a deletion between two statements of one request can bring this about.
        Ok(share.ok_or_else(|| UserError::not_found("overallShare"))?)
    }

    /// The student's attempts and submissions in the course, the latest first.
    #[graphql(complexity = "page_size(first) * child_complexity")]
    async fn recent_activity(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 unless told otherwise.")] first: Option<i32>,
        #[graphql(desc = "Only those after this cursor.")] after: Option<String>,
    ) -> Result<Connection<String, ActivityItem>> {
        activity_of_seen(ctx, self.row.student_id, Some(self.row.course_id), first, after.as_deref()).await
    }

    /// Whether the student's results in the course are getting better or worse.
    #[graphql(complexity = "STATEMENTS + child_complexity")]
    async fn trend(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Over how many weeks up to now, 1 to 52.", default = 8)] window: i32,
    ) -> Result<Trend> {
        trend_of_seen(ctx, self.row.student_id, Some(self.row.course_id), window).await
    }
}

impl From<enrollment::Model> for Enrollment {
    fn from(row: enrollment::Model) -> Self {
        Self { row, course: None }
    }
}
