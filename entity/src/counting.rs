//! What counts, and why something does not: the one place that says it for a single item.
//!
//! [`crate::quiz_attempt::Entity::counted`] and [`crate::assignment_submission::Entity::counted`] say the same of many
//! items at once, in SQL.

use sea_orm::entity::prelude::*;

use crate::enrollment::Status;
use crate::score::Score;
use crate::standing::Standing;

/// What an item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum ItemKind {
    /// An attempt at a quiz. It is done when it is completed.
    #[sea_orm(string_value = "quiz_attempt")]
    QuizAttempt,
    /// A submission to an assignment. It is done when it is graded.
    #[sea_orm(string_value = "submission")]
    Submission,
}

/// Why an item does not count. When several reasons hold, the first one in this order is given: what the item itself
/// lacks stays true whatever becomes of the enrolment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LeftOut {
    /// Deleted by the writing system.
    Deleted,
    /// Declared invalid.
    Voided,
    /// The student need not do it.
    Excused,
    /// The attempt is under way.
    NotCompleted,
    /// The submission has not been graded.
    NotGraded,
    /// It is done, and has no score.
    NotScored,
    /// The student is not enrolled in the course.
    NotEnrolled,
    /// The enrolment was dropped.
    EnrollmentDropped,
    /// The enrolment is paused.
    EnrollmentPaused,
    /// The enrolment has not begun.
    EnrollmentPending,
    /// The enrolment is suspended.
    EnrollmentSuspended,
}

impl LeftOut {
    /// Why an item does not count, whatever its enrolment; none if it can count. `done_at` is when an attempt was
    /// completed, or a submission graded.
    pub const fn of_item(
        kind: ItemKind,
        standing: Standing,
        done_at: Option<ChronoDateTimeUtc>,
        score: Option<Score>,
    ) -> Option<Self> {
        match (standing, done_at, score) {
            (Standing::Deleted, ..) => Some(Self::Deleted),
            (Standing::Voided, ..) => Some(Self::Voided),
            (Standing::Excused, ..) => Some(Self::Excused),
            (Standing::Regular, None, _) => Some(match kind {
                ItemKind::QuizAttempt => Self::NotCompleted,
                ItemKind::Submission => Self::NotGraded,
            }),
            (Standing::Regular, Some(_), None) => Some(Self::NotScored),
            (Standing::Regular, Some(_), Some(_)) => None,
        }
    }

    /// Why no item of an enrolment with this status counts; none if they can count.
    pub const fn of_status(status: Status) -> Option<Self> {
        match status {
            Status::Active | Status::Completed => None,
            Status::Dropped => Some(Self::EnrollmentDropped),
            Status::Paused => Some(Self::EnrollmentPaused),
            Status::Pending => Some(Self::EnrollmentPending),
            Status::Suspended => Some(Self::EnrollmentSuspended),
        }
    }

    /// Why no item of a course counts, by the status of the enrolment that the student has there; none if they can.
    pub const fn of_enrollment(status: Option<Status>) -> Option<Self> {
        match status {
            Some(status) => Self::of_status(status),
            None => Some(Self::NotEnrolled),
        }
    }
}
