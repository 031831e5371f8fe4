//! Who is listed.

use entity::enrollment::Status;
use entity::id::CourseId;
use entity::score::Score;
use entity::sea_orm::sea_query::{
    Expr, ExprTrait, Func, IntoTableRef, LikeExpr, Query, SimpleExpr, TableRef,
};
use entity::sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect, Value,
};
use entity::{course, enrollment, student, student_profile};

use crate::error::{ApiError, UserError};
use crate::service::facts::Reference;

/// Conditions that a student must meet, all of them.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// This is part of the name or of the writing system's id, whatever the case of its ASCII letters.
    pub search: Option<String>,
    /// Enrolled in this course.
    pub course: Option<Reference>,
    /// With an enrolment of this status: in the course, if there is one.
    pub status: Option<Status>,
    /// Stale, or not stale.
    pub stale: Option<bool>,
    /// Never updated, or updated at least once.
    pub never_updated: Option<bool>,
    /// The number of counted quiz attempts.
    pub quizzes: Bounds<i64>,
    /// The number of counted submissions.
    pub assignments: Bounds<i64>,
    /// The average of the quizzes.
    pub quiz_average: Bounds<Score>,
    /// The average of the assignments.
    pub assignment_average: Bounds<Score>,
    /// The average of both.
    pub average: Bounds<Score>,
}

/// What a value must not be below, and not be above. With either, there must be a value.
#[derive(Clone, Copy, Debug)]
pub struct Bounds<T> {
    /// The smallest.
    pub min: Option<T>,
    /// The greatest.
    pub max: Option<T>,
}

impl<T> Default for Bounds<T> {
    fn default() -> Self {
        Self { min: None, max: None }
    }
}

/// The tables that have a row for every student.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Table {
    Student,
    Profile,
}

impl Table {
    pub(super) fn name(self) -> TableRef {
        match self {
            Self::Student => student::Entity.into_table_ref(),
            Self::Profile => student_profile::Entity.into_table_ref(),
        }
    }

    /// The column of the student's id.
    pub(super) fn student(self) -> SimpleExpr {
        match self {
            Self::Student => Expr::col((student::Entity, student::Column::Id)),
            Self::Profile => Expr::col((student_profile::Entity, student_profile::Column::StudentId)),
        }
    }
}

/// A filter as conditions on the rows of each table; none where it lets all through.
#[derive(Debug, Default)]
pub(super) struct Resolved {
    student: Option<Condition>,
    profile: Option<Condition>,
    enrollment: Option<Condition>,
}

/// Finds the course that the filter names.
pub(super) async fn resolve(db: &impl ConnectionTrait, filter: &Filter) -> Result<Resolved, ApiError> {
    let course = match &filter.course {
        Some(reference) => {
            let course = course(db, reference).await?;
            Some(course.ok_or_else(|| UserError::not_found("filter.course"))?)
        }
        None => None,
    };
    Ok(Resolved {
        student: filter.search.as_deref().map(has),
        profile: some(of_profile(filter)),
        enrollment: of_enrollment(course, filter.status),
    })
}

async fn course(db: &impl ConnectionTrait, reference: &Reference) -> Result<Option<CourseId>, DbErr> {
    use course::{Column, Entity};
    let named = match reference {
        Reference::Id(id) => Column::Id.eq(*id),
        Reference::SourcedId(sourced_id) => Column::SourcedId.eq(sourced_id),
    };
    Entity::find().select_only().column(Column::Id).filter(named).into_tuple().one(db).await
}

impl Resolved {
    /// The condition on the rows of `table`. What other tables say is looked up for each row that is come by: so the
    /// order is kept, and a page that fills early ends early.
    pub(super) fn condition(&self, table: Table) -> Condition {
        let of_table = |of: Table, condition: &Option<Condition>| {
            let condition = condition.clone()?;
            Some(if of == table { condition } else { exists(of.name(), of.student(), table, condition) })
        };
        let enrolled = self.enrollment.clone().map(|condition| {
            let student = Expr::col((enrollment::Entity, enrollment::Column::StudentId));
            exists(enrollment::Entity.into_table_ref(), student, table, condition)
        });
        Condition::all()
            .add_option(of_table(Table::Student, &self.student))
            .add_option(of_table(Table::Profile, &self.profile))
            .add_option(enrolled)
    }
}

/// That `other` has a row of the same student that meets `condition`.
fn exists(other: TableRef, student: SimpleExpr, table: Table, condition: Condition) -> Condition {
    let row = Query::select()
        .expr(Expr::cust("1"))
        .from(other)
        .and_where(student.eq(table.student()))
        .cond_where(condition)
        .take();
    Condition::all().add(Expr::exists(row))
}

/// That `text` is part of the name or of the writing system's id.
fn has(text: &str) -> Condition {
    let mut pattern = String::from("%");
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c.to_ascii_lowercase());
    }
    pattern.push('%');
    let like = |column| {
        Func::lower(Expr::col((student::Entity, column))).like(LikeExpr::new(pattern.clone()).escape('\\'))
    };
    Condition::any().add(like(student::Column::DisplayName)).add(like(student::Column::SourcedId))
}

fn of_profile(filter: &Filter) -> Condition {
    use student_profile::{Column, Entity};
    let stale = filter.stale.map(|stale| {
        if stale {
            Entity::stale()
        } else {
            Condition::all().add(Expr::cust("facts_revision = aggregated_revision"))
        }
    });
    let never_updated = filter.never_updated.map(|never| {
        let updated = Column::LastPerformanceUpdate;
        if never { updated.is_null() } else { updated.is_not_null() }
    });
    Condition::all()
        .add_option(stale)
        .add_option(never_updated)
        .add_option(within(Column::TotalQuizzesCompleted, filter.quizzes))
        .add_option(within(Column::TotalAssignmentsCompleted, filter.assignments))
        .add_option(within(Column::OverallQuizAverageScore, filter.quiz_average))
        .add_option(within(Column::OverallAssignmentAverageScore, filter.assignment_average))
        .add_option(within(Column::OverallAverageScore, filter.average))
}

fn within<T: Into<Value>>(column: student_profile::Column, bounds: Bounds<T>) -> Option<Condition> {
    some(
        Condition::all()
            .add_option(bounds.min.map(|min| column.gte(min)))
            .add_option(bounds.max.map(|max| column.lte(max))),
    )
}

fn of_enrollment(course: Option<CourseId>, status: Option<Status>) -> Option<Condition> {
    use enrollment::Column;
    if course.is_none() && status.is_none() {
        return None;
    }
    let condition = Condition::all()
        .add(Column::DeletedAt.is_null())
        .add_option(course.map(|course| Column::CourseId.eq(course)))
        .add_option(status.map(|status| Column::Status.eq(status)));
    Some(condition)
}

fn some(condition: Condition) -> Option<Condition> {
    (!condition.is_empty()).then_some(condition)
}
