//! What has become of an item.

use entity::counting::ItemKind;
use entity::standing::Standing;

use super::Item;

/// What has become of an item, as a family would say it. Whether it counts is another question, which depends on the
/// enrolment too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ItemState {
    /// It is done and has its score.
    Scored,
    /// It is graded, and the grade is no number.
    GradedWithoutScore,
    /// The student has done everything, and the school has not: it is not missing.
    AwaitingGrading,
    /// The student is at it.
    InProgress,
    /// It has been given out, and nothing was handed in.
    NotHandedIn,
    /// The student need not do it.
    Excused,
    /// Declared invalid.
    Voided,
}

impl ItemState {
    pub(super) fn of(item: &Item) -> Self {
        match item.standing {
            Standing::Excused => return Self::Excused,
            Standing::Voided | Standing::Deleted => return Self::Voided,
            Standing::Regular => {}
        }
        let (done, scored) = (item.done_at.is_some(), item.score.is_some());
        match item.kind {
            _ if done && scored => Self::Scored,
            // A quiz is completed by the student, an assignment is graded by the school.
            ItemKind::QuizAttempt if done => Self::AwaitingGrading,
            ItemKind::QuizAttempt => Self::InProgress,
            ItemKind::Submission if done => Self::GradedWithoutScore,
            // A provisional score shows that something was handed in, although nobody said when.
            ItemKind::Submission if scored || item.begun_at.is_some() => Self::AwaitingGrading,
            ItemKind::Submission => Self::NotHandedIn,
        }
    }
}
