//! What goes in, and how it is read into commands.
//!
//! Reading checks whatever can be checked without the database, so that a command is always well-formed.

mod backfill;
mod common;
mod course;
mod enrollment;
mod person;
mod quiz_attempt;
mod student_list;
mod submission;
mod tokens;

use async_graphql::InputType;

pub use backfill::BackfillStudentAggregatesInput;
pub(super) use common::{Ref, optional_text, optional_time, own, text};
pub use course::{UpsertAssignmentInput, UpsertCourseInput, UpsertQuizInput};
pub use enrollment::{DeleteEnrollmentInput, SetEnrollmentStatusInput, UpsertEnrollmentInput};
pub use person::{GrantGuardianshipInput, RevokeGuardianshipInput, UpsertGuardianInput, UpsertStudentInput};
pub use quiz_attempt::{ChangeQuizAttemptStandingInput, RecordQuizAttemptInput};
pub use student_list::{StudentFilter, StudentOrder};
pub use submission::{
    ChangeSubmissionStandingInput, GradeSubmissionInput, RecordSubmissionInput, UngradeSubmissionInput,
};

pub use tokens::RevokeTokensInput;

use crate::error::UserError;
use crate::service::facts::Command;

/// An input that asks for one fact to be written.
pub trait FactInput: InputType {
    /// The command that it is read into.
    type Command: Command;

    /// Reads the input.
    ///
    /// # Errors
    /// [`UserError`] that names the field at fault.
    fn read(self) -> Result<Self::Command, UserError>;
}
