//! Enumerations of the schema.

use async_graphql::Enum;

use crate::auth::Role as AuthRole;
use crate::service::facts;

/// Where an enrolment stands. Items count while it is active or completed.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "entity::enrollment::Status")]
pub enum EnrollmentStatus {
    /// Under way.
    Active,
    /// Finished.
    Completed,
    /// Left before the end.
    Dropped,
    /// Interrupted by the student.
    Paused,
    /// Not yet begun.
    Pending,
    /// Interrupted by the school.
    Suspended,
}

/// Whether an item stands. Only a regular item can count.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "entity::standing::Standing")]
pub enum Standing {
    /// Counts as soon as it is complete and has a score.
    Regular,
    /// The student need not do it.
    Excused,
    /// Declared invalid.
    Voided,
    /// Deleted by the writing system.
    Deleted,
}

/// What is done to an item as a whole.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "facts::StandingChange")]
pub enum StandingChange {
    /// The student need not do it.
    Excuse,
    /// It is invalid.
    Void,
    /// It stands again, even if it was deleted.
    Restore,
    /// It is no more.
    Delete,
}

/// What became of a fact that was written.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(name = "WriteOutcome", remote = "facts::Outcome")]
pub enum Outcome {
    /// It was new.
    Created,
    /// It was there, and has changed.
    Updated,
    /// It was there just so. Nothing was changed and nothing enqueued.
    Unchanged,
}

/// What a viewer may do.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "AuthRole")]
pub enum Role {
    /// Sees and does everything.
    Admin,
    /// The learning system: writes facts.
    Service,
    /// Reads the records of own children.
    Guardian,
    /// Reads the own record.
    Student,
}

/// What was done to a student's record.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "entity::access_log::Kind")]
pub enum AccessKind {
    /// It was read, in whole or in part.
    Read,
    /// It was changed.
    Changed,
}
