//! A small invented school, with which a dashboard can be tried out.
//!
//! - `people`, `courses`: the families; the courses with their quizzes and assignments.
//! - `term`, `items`: what happened in the term; what happened in one enrolment.
//! - `pupils`, `calendar`, `random`: who is how good at what; when things happened; chance, always the same.
//!
//! It is written like the facts of any learning system, through [`facts::write()`], so that its numbers are computed by
//! the worker. The same end of the term brings the same school.

mod calendar;
mod courses;
mod items;
mod people;
mod pupils;
mod random;
mod term;

use chrono::{DateTime, TimeDelta, Utc};
use entity::clock::ManualClock;
use entity::database::Database;
use entity::sea_orm::{ColumnTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter};
use entity::{guardian, guardianship, student};

use crate::error::{ApiError, UserError};
use crate::service::facts::{self, Command, Partial, Reference};

/// What was filled in, or was there already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filled {
    /// The `sourcedId` of a guardian with four children.
    pub guardian: String,
    /// The `sourcedId` of one of these children.
    pub student: String,
    /// How many students the school has.
    pub students: usize,
    /// How many courses it has.
    pub courses: usize,
    /// Whether it was there already, and has been left as it was.
    pub already_there: bool,
}

/// Fills an empty database with the school, whose term ends at `now`.
///
/// A school that is there already is left alone; one that was interrupted while it was written is completed.
///
/// # Errors
/// When the database holds other students; whatever the database reports.
pub async fn fill(db: &Database, now: DateTime<Utc>) -> Result<Filled, ApiError> {
    let people = people::people(now);
    let filled = Filled {
        guardian: people::guardian_id(1),
        student: people::student_id(1),
        students: people.students.len(),
        courses: courses::COURSES.len(),
        already_there: is_complete(db).await?,
    };
    if filled.already_there {
        return Ok(filled);
    }
    refuse_others(db).await?;
    let term = term::term(people.students.len(), now).map_err(|error| UserError::input("score", error))?;
    let mut writer = Writer { db, clock: ManualClock::starting_at(now - TimeDelta::seconds(1)) };
    writer.write(people.students).await?;
    writer.write(courses::courses()).await?;
    writer.write(courses::quizzes()).await?;
    writer.write(courses::assignments()).await?;
    for enrollments in term.enrollments {
        writer.write(enrollments).await?;
    }
    writer.write(term.attempts).await?;
    writer.write(term.submissions).await?;
    writer.write(term.attempt_changes).await?;
    writer.write(term.submission_changes).await?;
    writer.write(people.guardians).await?;
    let (former, revocations) = people.former.into_iter().unzip();
    writer.write::<facts::GrantGuardianship>(former).await?;
    writer.write::<facts::RevokeGuardianship>(revocations).await?;
    // Last, and in one transaction: that these are there says that everything is (see `is_complete`).
    writer.write(people.grants).await?;
    Ok(filled)
}

/// Whether the school was written to its end: then its first guardian has, or had, the right to see somebody.
async fn is_complete(db: &Database) -> Result<bool, DbErr> {
    let first = guardian::Column::SourcedId.eq(people::guardian_id(1));
    let Some(guardian) = guardian::Entity::find().filter(first).one(db.reader()).await? else {
        return Ok(false);
    };
    let rights = guardianship::Entity::find().filter(guardianship::Column::GuardianId.eq(guardian.id));
    Ok(rights.count(db.reader()).await? > 0)
}

async fn refuse_others(db: &Database) -> Result<(), ApiError> {
    let others = student::Entity::find().filter(student::Column::SourcedId.not_like("demo-student-%"));
    if others.count(db.reader()).await? == 0 {
        return Ok(());
    }
    let message = "is for an empty database, and this one holds other students: start without it, \
                   or name another database with --database-url (DATABASE_URL)";
    Err(UserError::conflict("--demo", message).into())
}

/// Writes facts in bulk.
struct Writer<'a> {
    db: &'a Database,
    clock: ManualClock,
}

impl Writer<'_> {
    async fn write<C: Command>(&mut self, commands: Vec<C>) -> Result<(), ApiError> {
        let mut commands = commands.into_iter().map(Ok).peekable();
        while commands.peek().is_some() {
            let some: Vec<_> = commands.by_ref().take(facts::MAX_BULK).collect();
            facts::write(self.db, &self.clock, &some, Partial::No).await?;
            // What is listed in the order in which it was made has an order by the time of its making.
            self.clock.advance(TimeDelta::milliseconds(1));
        }
        Ok(())
    }
}

fn named(sourced_id: impl Into<String>) -> Reference {
    Reference::SourcedId(sourced_id.into())
}
