//! What a student's numbers were before.

use async_graphql::connection::Connection;
use async_graphql::{Context, Description, Enum, Object, Result};
use entity::id::StudentId;
use entity::performance_snapshot;

use crate::error::{UserError, database_error};
use crate::schema::context::Resolving;
use crate::schema::date::Date;
use crate::schema::inputs::optional_time;
use crate::schema::paging::Page;
use crate::schema::scalars::{Decimal, Time};
use crate::service::read::{self, Every, HistoryFilter, PastNumbers};

/// How finely a history is told.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "Every")]
pub enum HistoryInterval {
    /// Every change.
    Event,
    /// The last change of each day that has one.
    Day,
    /// The last change of each ISO week that has one.
    Week,
    /// The last change of each month that has one.
    Month,
}

/// Why a student's numbers changed.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "performance_snapshot::Cause")]
pub enum SnapshotCause {
    /// Facts of the student had changed.
    FactsChanged,
    /// No fact had changed: a rebuild found other numbers than were stored.
    Rebuilt,
}

/// A student's numbers as they were from one change to the next.
#[derive(Clone, Debug, Description)]
pub struct PerformanceSnapshot(pub PastNumbers);

#[Object(use_type_description)]
impl PerformanceSnapshot {
    /// The version of the profile that had these numbers first.
    async fn version(&self) -> i64 {
        self.0.snapshot.version
    }

    /// When the numbers became these.
    async fn taken_at(&self) -> Time {
        self.0.snapshot.taken_at.into()
    }

    /// The first day of the day, week or month at whose end the numbers were these, or are so far; of every change, its
    /// day. Days begin in the time zone of the school.
    async fn period(&self) -> Date {
        self.0.period.into()
    }

    /// Why the numbers changed.
    async fn cause(&self) -> SnapshotCause {
        self.0.snapshot.cause.into()
    }

    /// The number of counted quiz attempts.
    async fn total_quizzes_completed(&self) -> i64 {
        self.0.snapshot.total_quizzes_completed
    }

    /// The number of counted assignment submissions.
    async fn total_assignments_completed(&self) -> i64 {
        self.0.snapshot.total_assignments_completed
    }

    /// The average of the counted quiz attempts in percent; null when there was none.
    async fn overall_quiz_average_score(&self) -> Option<Decimal> {
        self.0.snapshot.overall_quiz_average_score.map(Into::into)
    }

    /// The average of the counted submissions in percent; null when there was none.
    async fn overall_assignment_average_score(&self) -> Option<Decimal> {
        self.0.snapshot.overall_assignment_average_score.map(Into::into)
    }

    /// The average of both together in percent; null when there was none.
    async fn overall_average_score(&self) -> Option<Decimal> {
        self.0.snapshot.overall_average_score.map(Into::into)
    }
}

/// The arguments of a history, as they come.
pub(in crate::schema) struct HistoryArguments {
    pub(in crate::schema) from: Option<Time>,
    pub(in crate::schema) to: Option<Time>,
    pub(in crate::schema) every: Option<HistoryInterval>,
    pub(in crate::schema) first: Option<i32>,
    pub(in crate::schema) after: Option<String>,
}

impl HistoryArguments {
    fn read(self) -> Result<(Page<i64>, HistoryFilter), UserError> {
        let page = Page::read(self.first, self.after.as_deref())?;
        let filter = HistoryFilter {
            from: optional_time("from", self.from)?,
            to: optional_time("to", self.to)?,
            every: self.every.map_or(Every::Event, Into::into),
            after: page.after,
            limit: page.limit + 1,
        };
        if let (Some(from), Some(to)) = (filter.from, filter.to)
            && to < from
        {
            return Err(UserError::input("to", "must not be before from"));
        }
        Ok((page, filter))
    }
}

type History = Connection<String, PerformanceSnapshot>;

fn connection(page: &Page<i64>, rows: Vec<PastNumbers>) -> History {
    page.connection(rows, |row| (row.snapshot.version.to_string(), PerformanceSnapshot(row)))
}

/// The history of a student, if the viewer may see one with this id.
pub(in crate::schema) async fn history_of_student(
    ctx: &Context<'_>,
    student: StudentId,
    arguments: HistoryArguments,
) -> Result<Option<History>> {
    let (page, filter) = arguments.read()?;
    let rows = read::history(ctx.reader()?, &ctx.scope()?, student, filter).await;
    Ok(rows.map_err(|error| database_error(&error))?.map(|rows| connection(&page, rows)))
}

/// The history of a student whom the viewer has seen already.
pub(super) async fn history_of_seen(
    ctx: &Context<'_>,
    student: StudentId,
    arguments: HistoryArguments,
) -> Result<History> {
    let (page, filter) = arguments.read()?;
    let rows = read::history_unscoped(ctx.reader()?, student, filter).await;
    Ok(connection(&page, rows.map_err(|error| database_error(&error))?))
}
