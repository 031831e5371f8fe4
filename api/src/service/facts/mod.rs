//! Writing facts.
//!
//! A fact arrives as a command. [`write()`] takes one or many of a kind and does them in one transaction, in their order,
//! by the same steps for every kind (`pipeline`): lock and load what the commands name, decide for each what its row
//! becomes, write the rows that change, and hand the students whose numbers change to [`entity::change`].

mod course;
mod enrollment;
mod erasure;
mod group;
mod guardian;
mod guardianship;
mod hand_over;
mod item;
mod pipeline;
mod quiz_attempt;
mod reference;
mod shared_row;
mod student;
mod submission;
mod task;
mod upkeep;
mod wanted;

use entity::access_log::Kind;
use entity::clock::Clock;
use entity::database::{AsDbErr, Database, UnitOfWork, WriteTransaction};
use entity::id::StudentId;
use entity::sea_orm::DbErr;
use entity::trace;

pub use course::UpsertCourse;
pub use enrollment::{DeleteEnrollment, SetEnrollmentStatus, UpsertEnrollment};
pub use erasure::{erase_student, erasure};
pub use group::Groups;
pub use guardian::UpsertGuardian;
pub use guardianship::{GrantGuardianship, RevokeGuardianship};
pub use hand_over::hand_over_student;
pub use item::{ChangeAttempt, ChangeSubmission, StandingChange};
pub use pipeline::{Command, Row};
pub use quiz_attempt::RecordQuizAttempt;
pub use reference::Reference;
pub(super) use reference::has_id_of;
pub use student::UpsertStudent;
pub use submission::{GradeSubmission, RecordSubmission, UngradeSubmission};
pub use task::{UpsertAssignment, UpsertQuiz};
pub use upkeep::{Merged, delete_student, merge_students};

use crate::error::{ApiError, UserError};
use crate::service::revocation_journal::Entry;

/// The most commands that one call may bring.
pub const MAX_BULK: usize = 1000;

/// What became of a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was new.
    Created,
    /// It was there, and has changed.
    Updated,
    /// It was there just so. Nothing was changed and nothing enqueued.
    Unchanged,
}

/// A fact that was written.
#[derive(Clone, Debug)]
pub struct Written<R> {
    /// The fact as it is now.
    pub row: R,
    /// What became of it.
    pub outcome: Outcome,
    /// Whether a recalculation was enqueued for it, or taken on by one that was waiting.
    pub recalculation_enqueued: bool,
    /// The revision of the student's facts that this one came with, if it concerns the numbers of one student: aggregates of
    /// this revision or a later one count it.
    pub facts_revision: Option<i64>,
}

impl<R: Row> Written<R> {
    /// Entry for the revocation journal, if it needs one.
    pub fn journal_entry(&self) -> Option<Entry> {
        if self.outcome == Outcome::Unchanged { None } else { self.row.journal_entry() }
    }

    /// What was done to whose record, for the access log. The answer shows even what is unchanged.
    pub fn access(&self) -> Option<(StudentId, Kind)> {
        let kind = if self.outcome == Outcome::Unchanged { Kind::Read } else { Kind::Changed };
        Some((self.row.student()?, kind))
    }
}

/// The results of a call, in the order of its commands.
pub type Results<R> = Vec<Result<Written<R>, UserError>>;

/// Whether a call is done in part when some of its commands are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Partial {
    /// All or nothing: the first refusal refuses the call.
    No,
    /// Each command has a result of its own.
    Yes,
}

/// Does `commands` in one transaction. A command that could not even be read comes as the error that says why.
///
/// # Errors
/// [`UserError`] of the first refused command, unless `partial`; [`ErrorCode::LimitExceeded`] for more than [`MAX_BULK`]
/// commands; whatever the database reports.
///
/// [`ErrorCode::LimitExceeded`]: crate::error::ErrorCode::LimitExceeded
pub async fn write<C: Command>(
    db: &Database,
    clock: &dyn Clock,
    commands: &[Result<C, UserError>],
    partial: Partial,
) -> Result<Results<C::Row>, ApiError> {
    if commands.len() > MAX_BULK {
        return Err(UserError::limit("inputs", format!("may hold at most {MAX_BULK} items")).into());
    }
    let work = Write { clock, commands, partial };
    match db.write(&work).await {
        Ok(results) => Ok(results),
        Err(WriteError::Refused(error)) => Err(error.into()),
        Err(WriteError::Database(error)) => Err(error.into()),
    }
}

/// Does one command, together with others of its kind that wait, if there are [`Groups`] of that kind.
///
/// # Errors
/// As [`write()`].
pub async fn write_one<C: Command>(
    db: &Database,
    clock: &dyn Clock,
    groups: &Groups,
    command: Result<C, UserError>,
) -> Result<Written<C::Row>, ApiError> {
    let written = match (command, C::group(groups)) {
        // A traced fact is written alone, so that its job is a part of its own trace.
        (Ok(command), Some(group)) if trace::current().is_none() => group.write(command).await,
        (command, _) => one_result(db, clock, command).await,
    };
    written.map_err(|error| match error {
        ApiError::User(error) => error.within("input").into(),
        ApiError::Database(_) => error,
    })
}

async fn one_result<C: Command>(
    db: &Database,
    clock: &dyn Clock,
    command: Result<C, UserError>,
) -> Result<Written<C::Row>, ApiError> {
    let mut results = write(db, clock, &[command], Partial::Yes).await?;
    let result = results.pop().ok_or_else(|| DbErr::Custom("a command had no result".to_owned()))?;
    result.map_err(Into::into)
}

struct Write<'a, C> {
    clock: &'a dyn Clock,
    commands: &'a [Result<C, UserError>],
    partial: Partial,
}

/// A refusal is an error of the unit of work, so that it rolls back.
enum WriteError {
    Refused(UserError),
    Database(DbErr),
}

impl From<DbErr> for WriteError {
    fn from(error: DbErr) -> Self {
        Self::Database(error)
    }
}

impl AsDbErr for WriteError {
    fn as_db_err(&self) -> Option<&DbErr> {
        match self {
            Self::Database(error) => Some(error),
            Self::Refused(_) => None,
        }
    }
}

impl<C: Command> UnitOfWork for Write<'_, C> {
    type Output = Results<C::Row>;
    type Error = WriteError;

    async fn run(&self, txn: &WriteTransaction) -> Result<Self::Output, WriteError> {
        let results = pipeline::run(txn, self.commands, self.clock.now()).await?;
        if self.partial == Partial::Yes {
            return Ok(results);
        }
        let refused = results.iter().enumerate().find_map(|(at, result)| Some((at, result.as_ref().err()?)));
        match refused {
            Some((at, error)) => Err(WriteError::Refused(error.clone().within(&format!("inputs[{at}]")))),
            None => Ok(results),
        }
    }
}
