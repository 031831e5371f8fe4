//! What the command line asks for, with the students and the course that it names looked up.

use std::collections::BTreeSet;

use entity::backfill::{Request, Target};
use entity::database::Database;
use entity::id::{CourseId, StudentId};
use entity::sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};
use entity::{course, student};

use crate::config::BackfillArgs;
use crate::engine;

/// The most students that one run may name.
pub const MOST_STUDENTS: usize = 1000;

/// Why a command line asks for nothing that can be done.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// A student or a course that is not there.
    #[error("{option} {id}: there is none of this id or sourcedId")]
    Unknown {
        /// The option that names it.
        option: &'static str,
        /// What was given.
        id: String,
    },
    /// More students than one run may name.
    #[error("--student-id may be given at most {MOST_STUDENTS} times")]
    TooMany,
    /// The database's fault.
    #[error("the database: {0}")]
    Database(#[from] DbErr),
}

/// Reads what `args` ask for.
///
/// # Errors
/// [`RequestError`].
pub async fn read(db: &Database, args: &BackfillArgs) -> Result<Request, RequestError> {
    Ok(Request {
        target: target(db, args).await?,
        dry_run: args.dry_run,
        priority: args.priority,
        rate_per_second: args.rate,
        requested_by: format!("tally-worker on {}", engine::host()),
    })
}

async fn target(db: &Database, args: &BackfillArgs) -> Result<Target, RequestError> {
    if args.stale {
        return Ok(Target::Stale);
    }
    if let Some(id) = &args.course {
        return Ok(Target::Course(course(db, id).await?));
    }
    if args.student_id.is_empty() {
        return Ok(Target::All);
    }
    if args.student_id.len() > MOST_STUDENTS {
        return Err(RequestError::TooMany);
    }
    let mut students = BTreeSet::new();
    for id in &args.student_id {
        students.insert(student(db, id).await?);
    }
    Ok(Target::Students(students))
}

/// The student of a typed id or a `sourcedId`.
async fn student(db: &Database, id: &str) -> Result<StudentId, RequestError> {
    let named = match id.parse::<StudentId>() {
        Ok(id) => student::Column::Id.eq(id),
        Err(_) => student::Column::SourcedId.eq(id),
    };
    let found = student::Entity::find().filter(named).one(db.reader()).await?;
    found.map(|row| row.id).ok_or_else(|| RequestError::Unknown { option: "--student-id", id: id.to_owned() })
}

/// The course of a typed id or a `sourcedId`.
async fn course(db: &Database, id: &str) -> Result<CourseId, RequestError> {
    let named = match id.parse::<CourseId>() {
        Ok(id) => course::Column::Id.eq(id),
        Err(_) => course::Column::SourcedId.eq(id),
    };
    let found = course::Entity::find().filter(named).one(db.reader()).await?;
    found.map(|row| row.id).ok_or_else(|| RequestError::Unknown { option: "--course", id: id.to_owned() })
}
