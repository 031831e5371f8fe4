//! What admins ask of the backfill, and what they see of it.
//!
//! The runs are walked by the workers: here they are asked for, called off and looked at.

mod changes_csv;
mod progress;
mod recalculate;

use std::collections::{BTreeSet, HashMap};

use entity::backfill::{self, Cancelled, Request, Run, Target};
use entity::backfill_item::Outcome;
use entity::clock::Clock;
use entity::database::Database;
use entity::id::{BackfillRunId, CourseId, StudentId};
use entity::sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};
use entity::{backfill_item, course, student};

pub use changes_csv::changes_csv;
pub use progress::progress;
pub use recalculate::recalculate;

use super::facts::{Reference, has_id_of};
use crate::error::{ApiError, UserError};

/// The most students that one call may name.
pub const MAX_STUDENTS: usize = 1000;

/// Which students a run is to be about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Students {
    /// All of them.
    All,
    /// Those whose facts are newer than their aggregates.
    Stale,
    /// Those who have an enrolment in a course.
    OfCourse(Reference),
    /// These.
    Named(Vec<Reference>),
}

/// A run that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Which students.
    pub students: Students,
    /// Whether only to say what would change.
    pub dry_run: bool,
    /// The priority of the jobs.
    pub priority: i16,
    /// How many students may be enqueued in a second.
    pub rate_per_second: Option<i32>,
}

/// Starts a run. While one over the same students is going, that one is returned instead.
///
/// # Errors
/// When a student or the course does not exist; whatever the database reports.
pub async fn start(db: &Database, clock: &dyn Clock, wish: Wish, by: &str) -> Result<Run, ApiError> {
    let target = match wish.students {
        Students::All => Target::All,
        Students::Stale => Target::Stale,
        Students::OfCourse(course) => Target::Course(find_course(db, &course).await?),
        Students::Named(students) => Target::Students(find_students(db, &students).await?),
    };
    let request = Request {
        target,
        dry_run: wish.dry_run,
        priority: wish.priority,
        rate_per_second: wish.rate_per_second,
        requested_by: by.to_owned(),
    };
    let started = backfill::start(db, &request, clock.now()).await?;
    existing(db, started.run).await
}

/// Starts a run over the students who failed in one that has ended, with the same settings.
///
/// # Errors
/// When there is no such run, it has not ended, or nobody failed; whatever the database reports.
pub async fn retry_failures(
    db: &Database,
    clock: &dyn Clock,
    id: BackfillRunId,
    by: &str,
) -> Result<Run, ApiError> {
    let run = existing(db, id).await?;
    if !run.row.state.has_ended() {
        return Err(UserError::conflict("id", "is of a run that has not ended").into());
    }
    if backfill::items::count(db, id, Outcome::Failed).await? == 0 {
        return Err(UserError::conflict("id", "is of a run without failures").into());
    }
    let request = Request {
        target: Target::FailuresOf(id),
        dry_run: run.row.dry_run,
        priority: run.row.priority,
        rate_per_second: run.row.rate_per_second,
        requested_by: by.to_owned(),
    };
    let started = backfill::start(db, &request, clock.now()).await?;
    existing(db, started.run).await
}

/// Calls off a run, with the jobs that wait for it alone.
///
/// # Errors
/// When there is no such run, or it has ended; whatever the database reports.
pub async fn cancel(db: &Database, id: BackfillRunId) -> Result<Run, ApiError> {
    let cancelled = backfill::cancel(db, id).await?;
    let run = existing(db, id).await?;
    match cancelled {
        Cancelled::Now => Ok(run),
        Cancelled::TooLate => Err(UserError::conflict("id", "is of a run that has ended").into()),
    }
}

/// The run with this id.
///
/// # Errors
/// Whatever the database reports.
pub async fn run(db: &Database, id: BackfillRunId) -> Result<Option<Run>, DbErr> {
    Run::read(db, id).await
}

/// A page of runs, the newest first.
///
/// # Errors
/// Whatever the database reports.
pub async fn runs(db: &Database, before: Option<BackfillRunId>, limit: u64) -> Result<Vec<Run>, DbErr> {
    Run::list(db, before, limit).await
}

/// A page of the students of a run of whom `outcome` is known, in the order of their ids.
///
/// # Errors
/// Whatever the database reports.
pub async fn items(
    db: &Database,
    run: BackfillRunId,
    outcome: Outcome,
    after: Option<StudentId>,
    limit: u64,
) -> Result<Vec<backfill_item::Model>, DbErr> {
    backfill::items::page(db, run, outcome, after, limit).await
}

/// How many students of a run [`items`] lists.
///
/// # Errors
/// Whatever the database reports.
pub async fn count_items(db: &Database, run: BackfillRunId, outcome: Outcome) -> Result<u64, DbErr> {
    backfill::items::count(db, run, outcome).await
}

async fn existing(db: &Database, id: BackfillRunId) -> Result<Run, ApiError> {
    run(db, id).await?.ok_or_else(|| UserError::not_found("id").into())
}

async fn find_course(db: &Database, reference: &Reference) -> Result<CourseId, ApiError> {
    let named = match reference {
        Reference::Id(id) => course::Column::Id.eq(*id),
        Reference::SourcedId(sourced_id) => course::Column::SourcedId.eq(sourced_id),
    };
    let found = course::Entity::find().filter(named).one(db.reader()).await?;
    found.map(|course| course.id).ok_or_else(|| UserError::not_found("input.course").into())
}

async fn find_students(db: &Database, references: &[Reference]) -> Result<BTreeSet<StudentId>, ApiError> {
    let named = has_id_of(
        (student::Column::Id, references.iter().filter_map(Reference::as_id)),
        (student::Column::SourcedId, references.iter().filter_map(Reference::as_sourced_id)),
    );
    let found = student::Entity::find().filter(named).all(db.reader()).await?;
    let mut students = HashMap::new();
    for student in found {
        students.insert(Reference::Id(student.id.0), student.id);
        students.insert(Reference::SourcedId(student.sourced_id), student.id);
    }
    let find = |(at, reference)| {
        let student = students.get(reference).copied();
        student.ok_or_else(|| UserError::not_found(&format!("input.students[{at}]")).into())
    };
    references.iter().enumerate().map(find).collect()
}
