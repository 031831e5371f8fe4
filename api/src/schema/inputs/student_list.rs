//! Which students are listed, and in which order.

use async_graphql::{Enum, InputObject};
use entity::id::CourseId;
use entity::score::Score;

use super::common::{Ref, optional_text};
use crate::error::UserError;
use crate::schema::enums::EnrollmentStatus;
use crate::schema::scalars::Decimal;
use crate::service::students::{Bounds, Direction, Field, Filter, Order};

/// The finest step of a score.
const SCORE_DECIMALS: u32 = 2;

/// Conditions on students. Those that are given must all be met.
#[derive(InputObject, Clone, Debug, Default)]
pub struct StudentFilter {
    /// A part of the name or of the `sourcedId`, 1 to 255 characters. The case of the letters A to Z plays no part.
    pub search: Option<String>,
    /// Enrolled in this course.
    pub course: Option<Ref>,
    /// With an enrolment of this status: in the course, if one is given, or else in any.
    pub enrollment_status: Option<EnrollmentStatus>,
    /// Whether facts have changed since the aggregates were computed.
    pub stale: Option<bool>,
    /// Whether the aggregates have never been written.
    pub never_updated: Option<bool>,
    /// The number of counted quiz attempts.
    pub quizzes: Option<CountRange>,
    /// The number of counted assignment submissions.
    pub assignments: Option<CountRange>,
    /// The average of the counted quiz attempts in percent.
    pub quiz_average: Option<ScoreRange>,
    /// The average of the counted submissions in percent.
    pub assignment_average: Option<ScoreRange>,
    /// The average of both together in percent.
    pub overall_average: Option<ScoreRange>,
}

/// A range of counts, its ends included.
#[derive(InputObject, Clone, Copy, Debug)]
pub struct CountRange {
    /// The smallest; without it there is none.
    pub min: Option<i64>,
    /// The greatest; without it there is none.
    pub max: Option<i64>,
}

/// A range of scores from 0 to 999.99 with at most two decimals, its ends included. Who has no score is not in it.
#[derive(InputObject, Clone, Copy, Debug)]
pub struct ScoreRange {
    /// The smallest; without it there is none.
    pub min: Option<Decimal>,
    /// The greatest; without it there is none.
    pub max: Option<Decimal>,
}

/// An order of students. Those who are equal in it are in the order of their ids; those without a value come last,
/// whichever the direction.
#[derive(InputObject, Clone, Copy, Debug)]
pub struct StudentOrder {
    /// By what.
    pub field: StudentOrderField,
    /// Upwards unless told otherwise.
    #[graphql(default)]
    pub direction: OrderDirection,
}

/// What students can be ordered by.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "Field")]
pub enum StudentOrderField {
    /// The name, by its characters' code points.
    Name,
    /// The writing system's own id, by its characters' code points.
    SourcedId,
    /// The number of counted quiz attempts.
    TotalQuizzesCompleted,
    /// The number of counted assignment submissions.
    TotalAssignmentsCompleted,
    /// The average of the counted quiz attempts.
    OverallQuizAverageScore,
    /// The average of the counted submissions.
    OverallAssignmentAverageScore,
    /// The average of both together.
    OverallAverageScore,
    /// When the aggregates were last written.
    LastPerformanceUpdate,
    /// Since when the aggregates have been stale: upwards, those first who have been so for longest.
    StaleSince,
}

/// Upwards or downwards.
#[derive(Enum, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[graphql(remote = "Direction")]
pub enum OrderDirection {
    /// The smallest first.
    #[default]
    Ascending,
    /// The greatest first.
    Descending,
}

impl StudentFilter {
    /// Reads the conditions.
    pub(in crate::schema) fn read(self) -> Result<Filter, UserError> {
        Ok(Filter {
            search: optional_text("filter.search", self.search)?,
            course: self.course.map(|course| course.read::<CourseId>("filter.course")).transpose()?,
            status: self.enrollment_status.map(Into::into),
            stale: self.stale,
            never_updated: self.never_updated,
            quizzes: counts("filter.quizzes", self.quizzes)?,
            assignments: counts("filter.assignments", self.assignments)?,
            quiz_average: scores("filter.quizAverage", self.quiz_average)?,
            assignment_average: scores("filter.assignmentAverage", self.assignment_average)?,
            average: scores("filter.overallAverage", self.overall_average)?,
        })
    }
}

impl From<StudentOrder> for Order {
    fn from(order: StudentOrder) -> Self {
        Self { field: order.field.into(), direction: order.direction.into() }
    }
}

fn counts(field: &str, range: Option<CountRange>) -> Result<Bounds<i64>, UserError> {
    range.map_or_else(|| Ok(Bounds::default()), |range| ordered(field, range.min, range.max))
}

fn scores(field: &str, range: Option<ScoreRange>) -> Result<Bounds<Score>, UserError> {
    let Some(ScoreRange { min, max }) = range else { return Ok(Bounds::default()) };
    let min = min.map(|min| score(&format!("{field}.min"), min)).transpose()?;
    let max = max.map(|max| score(&format!("{field}.max"), max)).transpose()?;
    ordered(field, min, max)
}

/// A score as it is given: to round an end of a range would move it.
fn score(field: &str, decimal: Decimal) -> Result<Score, UserError> {
    let decimal = decimal.read().map_err(|message| UserError::input(field, message))?;
    if decimal.normalize().scale() > SCORE_DECIMALS {
        return Err(UserError::input(field, "must have at most two decimals"));
    }
    Score::from_percentage(decimal).map_err(|error| UserError::input(field, error))
}

fn ordered<T: PartialOrd>(field: &str, min: Option<T>, max: Option<T>) -> Result<Bounds<T>, UserError> {
    match (&min, &max) {
        (Some(least), Some(most)) if least > most => {
            Err(UserError::input(field, "must have a min that is not above its max"))
        }
        _ => Ok(Bounds { min, max }),
    }
}
