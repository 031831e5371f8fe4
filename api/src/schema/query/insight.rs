//! Queries of what lies behind a student's numbers.

use async_graphql::connection::Connection;
use async_graphql::{Context, ID, Object, Result};
use entity::id::{CourseId, StudentId};

use crate::error::{UserError, database_error};
use crate::schema::context::Resolving;
use crate::schema::paging::{STATEMENTS, page_size};
use crate::schema::types::{ActivityItem, Explanation, Trend, activity_page, trend_of};
use crate::service::read;

/// What can be read of what lies behind a student's numbers.
#[derive(Debug, Default)]
pub struct InsightQuery;

#[Object]
impl InsightQuery {
    /// Where a student's three averages come from, down to every item that is left out; null when there is no such
    /// student, or none whom the viewer may see.
    #[graphql(complexity = "100 + child_complexity")]
    async fn explain(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The student's id, such as `student:0193…`.")] student_id: ID,
    ) -> Result<Option<Explanation>> {
        let student = read_student(&student_id)?;
        let explanation = read::explanation(&ctx.services()?.db, &ctx.scope()?, student).await;
        Ok(explanation.map_err(|error| database_error(&error))?.map(Explanation::from))
    }

    /// A student's attempts and submissions, the latest first; null when there is no such student, or none whom the
    /// viewer may see.
    #[graphql(complexity = "page_size(first) * child_complexity")]
    async fn recent_activity(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The student's id, such as `student:0193…`.")] student_id: ID,
        #[graphql(desc = "Only those in this course: an id such as `course:0193…`.")] course_id: Option<ID>,
        #[graphql(desc = "How many, 1 to 100; 20 unless told otherwise.")] first: Option<i32>,
        #[graphql(desc = "Only those after this cursor.")] after: Option<String>,
    ) -> Result<Option<Connection<String, ActivityItem>>> {
        let student = read_student(&student_id)?;
        let course = read_course(course_id.as_ref())?;
        let (page, of) = activity_page(student, course, first, after.as_deref())?;
        let items = read::activity(&ctx.services()?.db, &ctx.scope()?, of).await;
        let items = items.map_err(|error| database_error(&error))?;
        Ok(items.map(|items| page.connection(items, ActivityItem::edge)))
    }

    /// Whether a student's results are getting better or worse; null when there is no such student, or none whom the
    /// viewer may see.
    #[graphql(complexity = "STATEMENTS + child_complexity")]
    async fn trend(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The student's id, such as `student:0193…`.")] student_id: ID,
        #[graphql(desc = "Only in this course: an id such as `course:0193…`.")] course_id: Option<ID>,
        #[graphql(desc = "Over how many weeks up to now, 1 to 52.", default = 8)] window: i32,
    ) -> Result<Option<Trend>> {
        let student = read_student(&student_id)?;
        let of = trend_of(ctx, student, read_course(course_id.as_ref())?, window)?;
        let trend = read::trend(&ctx.services()?.db, &ctx.scope()?, of).await;
        Ok(trend.map_err(|error| database_error(&error))?.map(Trend))
    }
}

fn read_student(id: &ID) -> Result<StudentId, UserError> {
    id.parse().map_err(|error| UserError::input("studentId", error))
}

/// Reads the id of a course that a list may be narrowed to.
pub(in crate::schema) fn read_course(id: Option<&ID>) -> Result<Option<CourseId>, UserError> {
    id.map(|id| id.parse().map_err(|error| UserError::input("courseId", error))).transpose()
}
