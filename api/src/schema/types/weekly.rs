//! What counts for a student week by week.

use async_graphql::{Context, Description, ID, Object, Result};
use entity::id::StudentId;

use crate::error::UserError;
use crate::schema::context::Resolving;
use crate::schema::date::Date;
use crate::schema::scalars::Decimal;
use crate::service::read::{self, MAX_WEEKS, WeekOf, WeeksFilter};

/// What counts for a student in one ISO week, which begins on Monday in the time zone of the school. A quiz attempt lies
/// in the week in which it was completed, a submission in that in which it was graded.
#[derive(Clone, Debug, Description)]
pub struct WeeklyPerformance(pub WeekOf);

#[Object(use_type_description)]
impl WeeklyPerformance {
    /// The week as ISO 8601 writes it, such as `2020-W53`; its year is that of its Thursday.
    async fn week(&self) -> String {
        self.0.0.to_string()
    }

    /// The first day of the week.
    async fn monday(&self) -> Date {
        self.0.0.monday().into()
    }

    /// The number of counted quiz attempts.
    async fn quizzes_completed(&self) -> i64 {
        self.0.1.quizzes.count
    }

    /// Their average in percent; null when there is none.
    async fn average_quiz_score(&self) -> Option<Decimal> {
        self.0.1.quizzes.average().map(Into::into)
    }

    /// The number of counted assignment submissions.
    async fn assignments_completed(&self) -> i64 {
        self.0.1.assignments.count
    }

    /// Their average in percent; null when there is none.
    async fn average_assignment_score(&self) -> Option<Decimal> {
        self.0.1.assignments.average().map(Into::into)
    }

    /// The number of both together.
    async fn items_completed(&self) -> i64 {
        self.0.1.overall().count
    }

    /// The average of both together in percent, each item with the same weight; null when there is none.
    async fn average_score(&self) -> Option<Decimal> {
        self.0.1.overall().average().map(Into::into)
    }
}

/// The arguments of weeks, as they come.
pub(in crate::schema) struct WeeksArguments {
    pub(in crate::schema) course_id: Option<ID>,
    pub(in crate::schema) from: Option<Date>,
    pub(in crate::schema) to: Option<Date>,
}

impl WeeksArguments {
    fn read(self) -> Result<WeeksFilter, UserError> {
        let course = self.course_id.map(|id| id.parse().map_err(|error| UserError::input("courseId", error)));
        let filter = WeeksFilter {
            course: course.transpose()?,
            from: Date::read("from", self.from)?,
            to: Date::read("to", self.to)?,
        };
        if let (Some(from), Some(to)) = (filter.from, filter.to)
            && to < from
        {
            return Err(UserError::input("to", "must not be before from"));
        }
        Ok(filter)
    }
}

/// How many weeks may be answered, for the complexity of a request.
pub(in crate::schema) fn weeks_asked(from: Option<Date>, to: Option<Date>) -> usize {
    let span = |from: Option<Date>, to| Some(Date::read("", to).ok()?? - Date::read("", from).ok()??);
    let weeks = span(from, to).map_or(MAX_WEEKS, |days| (days.num_weeks() + 2).clamp(1, MAX_WEEKS));
    usize::try_from(weeks).unwrap_or(usize::MAX)
}

/// The weeks of a student, if the viewer may see one with this id.
pub(in crate::schema) async fn weeks_of_student(
    ctx: &Context<'_>,
    student: StudentId,
    arguments: WeeksArguments,
) -> Result<Option<Vec<WeeklyPerformance>>> {
    let (filter, services) = (arguments.read()?, ctx.services()?);
    let weeks = read::weeks(ctx.reader()?, &ctx.scope()?, &*services.clock, student, filter).await?;
    Ok(weeks.map(|weeks| weeks.into_iter().map(WeeklyPerformance).collect()))
}

/// The weeks of a student whom the viewer has seen already.
pub(super) async fn weeks_of_seen(
    ctx: &Context<'_>,
    student: StudentId,
    arguments: WeeksArguments,
) -> Result<Vec<WeeklyPerformance>> {
    let (filter, services) = (arguments.read()?, ctx.services()?);
    let weeks = read::weeks_unscoped(ctx.reader()?, &*services.clock, student, filter).await?;
    Ok(weeks.into_iter().map(WeeklyPerformance).collect())
}
