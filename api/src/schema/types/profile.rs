//! A student's aggregates.

use async_graphql::connection::Connection;
use async_graphql::{Context, Description, ID, Object, Result};
use entity::student_profile;

use super::activity::activity_of_seen;
use super::history::{HistoryArguments, HistoryInterval, PerformanceSnapshot, history_of_seen};
use super::trend::trend_of_seen;
use super::weekly::{WeeklyPerformance, WeeksArguments, weeks_asked, weeks_of_seen};
use super::{ActivityItem, Enrollment, RecordAccess, Student, Trend, related};
use crate::error::database_error;
use crate::schema::context::Resolving;
use crate::schema::date::Date;
use crate::schema::paging::{Page, SHORT_LIST, STATEMENTS, page_size};
use crate::schema::query::read_course;
use crate::schema::scalars::{Decimal, Time};
use crate::service::access;
use crate::service::read::{self, EnrollmentsOf, EnrollmentsWithCourses, ProfileCache};

/// A student's aggregates: what a dashboard shows at a glance. The six aggregate fields change together. Nobody can
/// write them; they follow from the facts.
#[derive(Clone, Debug, Description)]
pub struct StudentProfile(pub student_profile::Model);

/// What stands before the student's id when the id of a profile is written out.
pub(super) const PROFILE_PREFIX: &str = "profile";

#[Object(use_type_description)]
impl StudentProfile {
    /// The id of the profile, such as `profile:0193…`.
    pub async fn id(&self) -> ID {
        format!("{PROFILE_PREFIX}:{}", self.0.student_id.0).into()
    }

    /// The student.
    async fn student(&self, ctx: &Context<'_>) -> Result<Student> {
        related(ctx, "student", self.0.student_id).await.map(Student)
    }

    /// The number of counted quiz attempts: completed, with a score, neither voided nor excused, in a course where the
    /// enrolment is active or completed.
    async fn total_quizzes_completed(&self) -> i64 {
        self.0.total_quizzes_completed
    }

    /// The number of counted assignment submissions: graded, with a score, neither voided nor excused, in a course
    /// where the enrolment is active or completed.
    async fn total_assignments_completed(&self) -> i64 {
        self.0.total_assignments_completed
    }

    /// The average of the counted quiz attempts in percent, each with the same weight; null when there is none.
    async fn overall_quiz_average_score(&self) -> Option<Decimal> {
        self.0.overall_quiz_average_score.map(Into::into)
    }

    /// The average of the counted submissions in percent, each with the same weight; null when there is none.
    async fn overall_assignment_average_score(&self) -> Option<Decimal> {
        self.0.overall_assignment_average_score.map(Into::into)
    }

    /// The average of both together in percent, each item with the same weight, from the exact sums and not from the two
    /// averages; null when there is none.
    async fn overall_average_score(&self) -> Option<Decimal> {
        self.0.overall_average_score.map(Into::into)
    }

    /// When these fields were last written; null before the first time.
    async fn last_performance_update(&self) -> Option<Time> {
        self.0.last_performance_update.map(Into::into)
    }

    /// How often these fields have been written: of two answers, the one with the greater version is the newer.
    async fn version(&self) -> i64 {
        self.0.version
    }

    /// Whether facts have changed since these fields were computed. A recalculation is on its way then.
    async fn is_stale(&self) -> bool {
        self.0.is_stale()
    }

    /// Since when the fields have been stale; null when they are not.
    async fn stale_since(&self) -> Option<Time> {
        self.0.stale_since.map(Into::into)
    }

    /// The student's enrolments, each with what counts in its course. Their parts add up to the whole.
    #[graphql(complexity = "SHORT_LIST * child_complexity")]
    async fn enrollments(&self, ctx: &Context<'_>) -> Result<Vec<Enrollment>> {
        let (student, cache) = (self.0.student_id, ctx.data::<ProfileCache>()?);
        // What is kept has its courses kept beside it.
        if !cache.is_on() && ctx.look_ahead().field("course").exists() {
            let rows = related(ctx, "enrollments", EnrollmentsWithCourses(student)).await?;
            return Ok(rows.into_iter().map(|(row, course)| Enrollment { row, course }).collect());
        }
        let read = related(ctx, "enrollments", EnrollmentsOf(student));
        let rows = cache.enrollments(&self.0, read).await?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// The student's attempts and submissions, the latest first.
    #[graphql(complexity = "STATEMENTS + page_size(first) * child_complexity")]
    async fn recent_activity(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those in this course: an id such as `course:0193…`.")] course_id: Option<ID>,
        #[graphql(desc = "How many, 1 to 100; 20 unless told otherwise.")] first: Option<i32>,
        #[graphql(desc = "Only those after this cursor.")] after: Option<String>,
    ) -> Result<Connection<String, ActivityItem>> {
        let course = read_course(course_id.as_ref())?;
        activity_of_seen(ctx, self.0.student_id, course, first, after.as_deref()).await
    }

    /// Whether the student's results are getting better or worse.
    #[graphql(complexity = "STATEMENTS + child_complexity")]
    async fn trend(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only in this course: an id such as `course:0193…`.")] course_id: Option<ID>,
        #[graphql(desc = "Over how many weeks up to now, 1 to 52.", default = 8)] window: i32,
    ) -> Result<Trend> {
        trend_of_seen(ctx, self.0.student_id, read_course(course_id.as_ref())?, window).await
    }

    /// What the numbers were, in the order in which they changed.
    #[graphql(complexity = "STATEMENTS + page_size(first) * child_complexity")]
    async fn history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only changes at this time or later.")] from: Option<Time>,
        #[graphql(desc = "Only changes before this time.")] to: Option<Time>,
        #[graphql(desc = "How finely; every change unless told otherwise.")] every: Option<HistoryInterval>,
        #[graphql(desc = "How many, 1 to 100; 20 unless told otherwise.")] first: Option<i32>,
        #[graphql(desc = "Only those after this cursor.")] after: Option<String>,
    ) -> Result<Connection<String, PerformanceSnapshot>> {
        history_of_seen(ctx, self.0.student_id, HistoryArguments { from, to, every, first, after }).await
    }

    /// What counts week by week, one week after the other, also those in which nothing counts.
    #[graphql(complexity = "STATEMENTS + weeks_asked(from, to) * child_complexity")]
    async fn weekly_performance(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only what counts in this course: an id such as `course:0193…`.")] course_id: Option<
            ID,
        >,
        #[graphql(desc = "From the week of this day; from the first in which anything counts unless told \
                          otherwise. At most 260 weeks are answered.")]
        from: Option<Date>,
        #[graphql(
            desc = "To the week of this day; to this week, or to the last in which anything counts if \
                          that is later, unless told otherwise."
        )]
        to: Option<Date>,
    ) -> Result<Vec<WeeklyPerformance>> {
        weeks_of_seen(ctx, self.0.student_id, WeeksArguments { course_id, from, to }).await
    }

    /// Who else read or changed the student's record, the newest first: for everybody who may see the record.
    #[graphql(complexity = "STATEMENTS + page_size(first) * child_complexity")]
    async fn accesses(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 unless told otherwise.")] first: Option<i32>,
        #[graphql(desc = "Only those after this cursor.")] after: Option<String>,
    ) -> Result<Connection<String, RecordAccess>> {
        let page = Page::read(first, after.as_deref())?;
        let log = &ctx.services()?.access_log;
        let rows =
            access::accesses_to(ctx.reader()?, log, self.0.student_id, page.after, page.limit + 1).await;
        let rows = rows.map_err(|error| database_error(&error))?;
        Ok(page.connection(rows, |row| (row.entry.id.to_string(), RecordAccess(row))))
    }
}

/// The aggregates of the children whom the viewer may see as a guardian.
pub(in crate::schema) async fn children_of_viewer(ctx: &Context<'_>) -> Result<Vec<StudentProfile>> {
    let rows = read::children(ctx.reader()?, &ctx.scope()?).await.map_err(|error| database_error(&error))?;
    Ok(rows.into_iter().map(StudentProfile).collect())
}
