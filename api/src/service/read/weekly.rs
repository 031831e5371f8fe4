//! What counts for a student week by week.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use entity::aggregate::{Aggregates, ScoreSum};
use entity::calendar::Week;
use entity::clock::Clock;
use entity::id::{CourseId, StudentId};
use entity::school;
use entity::sea_orm::sea_query::{ExprTrait, SimpleExpr};
use entity::sea_orm::{
    ColumnTrait, DatabaseConnection, EntityTrait, FromQueryResult, QueryFilter, QuerySelect, Select,
};
use entity::weekly_performance::{Column, Entity};

use super::profile::profile;
use super::scope::Scope;
use crate::error::{ApiError, UserError};
use crate::service::facts::Reference;

/// The most weeks that are answered at once: five years.
pub const MAX_WEEKS: i64 = 260;

/// Which weeks are asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct WeeksFilter {
    /// Of this course alone; else of all together.
    pub course: Option<CourseId>,
    /// From the week of this day; else from the first in which anything counts, or from as many as there may be.
    pub from: Option<NaiveDate>,
    /// To the week of this day; else to the week that is now, or to the last in which anything counts if that is later.
    pub to: Option<NaiveDate>,
}

/// A week, and what counts in it.
pub type WeekOf = (Week, Aggregates);

/// The weeks of a student, one after the other, also those in which nothing counts; none when the viewer may not see the
/// student.
///
/// # Errors
/// When too many weeks are asked for; whatever the database reports.
pub async fn weeks(
    db: &DatabaseConnection,
    scope: &Scope,
    clock: &dyn Clock,
    student: StudentId,
    filter: WeeksFilter,
) -> Result<Option<Vec<WeekOf>>, ApiError> {
    if profile(db, scope, &Reference::Id(student.0)).await?.is_none() {
        return Ok(None);
    }
    weeks_unscoped(db, clock, student, filter).await.map(Some)
}

/// The weeks of a student whom the viewer has seen already.
///
/// # Errors
/// As [`weeks`].
pub async fn weeks_unscoped(
    db: &DatabaseConnection,
    clock: &dyn Clock,
    student: StudentId,
    filter: WeeksFilter,
) -> Result<Vec<WeekOf>, ApiError> {
    let Some((first, last)) = span(db, clock, student, filter).await? else { return Ok(Vec::new()) };
    let rows = of(student, filter.course)
        .select_only()
        .column(Column::Week)
        .column_as(exact(Column::Quizzes), "quizzes")
        .column_as(exact(Column::QuizScoreSum), "quiz_score_sum")
        .column_as(exact(Column::Assignments), "assignments")
        .column_as(exact(Column::AssignmentScoreSum), "assignment_score_sum")
        .filter(Column::Week.between(first, last))
        .group_by(Column::Week)
        .into_model::<SumRow>()
        .all(db)
        .await?;
    let counted: BTreeMap<Week, Aggregates> = rows.iter().map(|row| (row.week, row.aggregates())).collect();
    let all = (0..=first.until(last)).map(|weeks| first.plus(weeks));
    Ok(all.map(|week| (week, counted.get(&week).copied().unwrap_or_default())).collect())
}

/// The first and the last week to be answered; none when nothing says where to begin.
async fn span(
    db: &DatabaseConnection,
    clock: &dyn Clock,
    student: StudentId,
    filter: WeeksFilter,
) -> Result<Option<(Week, Week)>, ApiError> {
    let (from, to) = (filter.from.map(Week::of), filter.to.map(Week::of));
    if let (Some(first), Some(last)) = (from, to) {
        return within_limit(first, last).map(Some);
    }
    let bounds = of(student, filter.course)
        .select_only()
        .column_as(Column::Week.min(), "first")
        .column_as(Column::Week.max(), "last")
        .into_model::<Bounds>()
        .one(db)
        .await?;
    let (counted_first, counted_last) = bounds.map_or((None, None), |bounds| (bounds.first, bounds.last));
    let now = school::Model::read(db).await?.zone()?.week(clock.now());
    let last = to.unwrap_or_else(|| counted_last.map_or(now, |last| Ord::max(last, now)));
    let Some(first) = from.or_else(|| Some(Ord::max(counted_first?, last.plus(1 - MAX_WEEKS)))) else {
        return Ok(None);
    };
    within_limit(first, last).map(Some)
}

fn within_limit(first: Week, last: Week) -> Result<(Week, Week), ApiError> {
    if first.until(last) < MAX_WEEKS {
        return Ok((first, last));
    }
    Err(UserError::limit("from", format!("is more than {MAX_WEEKS} weeks before the last week")).into())
}

fn of(student: StudentId, course: Option<CourseId>) -> Select<Entity> {
    let weeks = Entity::find().filter(Column::StudentId.eq(student));
    match course {
        Some(course) => weeks.filter(Column::CourseId.eq(course)),
        None => weeks,
    }
}

/// The cast gives both databases the same type of sum.
fn exact(column: Column) -> SimpleExpr {
    column.sum().cast_as("bigint")
}

#[derive(FromQueryResult)]
struct Bounds {
    first: Option<Week>,
    last: Option<Week>,
}

#[derive(FromQueryResult)]
struct SumRow {
    week: Week,
    quizzes: i64,
    quiz_score_sum: i64,
    assignments: i64,
    assignment_score_sum: i64,
}

impl SumRow {
    const fn aggregates(&self) -> Aggregates {
        Aggregates {
            quizzes: ScoreSum { hundredths: self.quiz_score_sum, count: self.quizzes },
            assignments: ScoreSum { hundredths: self.assignment_score_sum, count: self.assignments },
        }
    }
}
