//! Queries about what was: the history of a student's numbers, and what counts week by week.

use async_graphql::connection::Connection;
use async_graphql::{Context, ID, Object, Result};
use entity::id::StudentId;

use crate::error::UserError;
use crate::schema::date::Date;
use crate::schema::paging::{STATEMENTS, page_size};
use crate::schema::scalars::Time;
use crate::schema::types::{
    HistoryArguments, HistoryInterval, PerformanceSnapshot, WeeklyPerformance, WeeksArguments,
    history_of_student, weeks_asked, weeks_of_student,
};

#[derive(Debug, Default)]
pub(in crate::schema) struct HistoryQuery;

#[Object]
impl HistoryQuery {
    /// What a student's numbers were, in the order in which they changed; null when there is no such student, or none
    /// whom the viewer may see. Every change is kept for some months, then the last one of each day, and in the end the
    /// last one of each week and month.
    #[graphql(complexity = "STATEMENTS + page_size(first) * child_complexity")]
    #[expect(clippy::too_many_arguments, reason = "these are the arguments of the field")]
    async fn performance_history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The student's id, such as `student:0193…`.")] student_id: ID,
        #[graphql(desc = "Only changes at this time or later.")] from: Option<Time>,
        #[graphql(desc = "Only changes before this time.")] to: Option<Time>,
        #[graphql(desc = "How finely; every change unless told otherwise.")] every: Option<HistoryInterval>,
        #[graphql(desc = "How many, 1 to 100; 20 unless told otherwise.")] first: Option<i32>,
        #[graphql(desc = "Only those after this cursor.")] after: Option<String>,
    ) -> Result<Option<Connection<String, PerformanceSnapshot>>> {
        let arguments = HistoryArguments { from, to, every, first, after };
        history_of_student(ctx, student(&student_id)?, arguments).await
    }

    /// What counts for a student week by week, one week after the other, also those in which nothing counts; null when
    /// there is no such student, or none whom the viewer may see. Empty when nothing counts and no first day is given.
    #[graphql(complexity = "STATEMENTS + weeks_asked(from, to) * child_complexity")]
    async fn weekly_performance(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The student's id, such as `student:0193…`.")] student_id: ID,
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
    ) -> Result<Option<Vec<WeeklyPerformance>>> {
        weeks_of_student(ctx, student(&student_id)?, WeeksArguments { course_id, from, to }).await
    }
}

fn student(id: &ID) -> Result<StudentId, UserError> {
    id.parse().map_err(|error| UserError::input("studentId", error))
}
