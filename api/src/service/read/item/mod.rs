//! Quiz attempts and submissions as one kind of thing: an item.

mod key;
mod select;
mod state;

use chrono::{DateTime, Utc};
use entity::counting::{ItemKind, LeftOut};
use entity::enrollment::Status;
use entity::id::{AssignmentSubmissionId, CourseId, QuizAttemptId, StudentId};
use entity::score::Score;
use entity::sea_orm::FromQueryResult;
use entity::standing::Standing;
use uuid::Uuid;

pub use key::ItemKey;
pub(super) use select::{latest_of_each, of_students};
pub use state::ItemState;

/// A quiz attempt or a submission of a student, with what it belongs to. Deleted ones are none.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Item {
    /// What it is.
    pub kind: ItemKind,
    /// The student who made it.
    pub student_id: StudentId,
    /// The id that Tally gave it, without its type.
    pub id: Uuid,
    /// The title of the quiz or assignment.
    pub title: String,
    /// The course of the quiz or assignment.
    pub course_id: CourseId,
    /// When an attempt was started, or a submission handed in.
    pub begun_at: Option<DateTime<Utc>>,
    /// When an attempt was completed, or a submission graded.
    pub done_at: Option<DateTime<Utc>>,
    /// The score, provisional until it is done.
    pub score: Option<Score>,
    /// Whether it stands.
    pub standing: Standing,
    /// The status of the student's enrolment in the course, if there is one.
    pub enrollment: Option<Status>,
}

impl Item {
    /// The id with its type, such as `attempt:0193…`.
    pub fn typed_id(&self) -> String {
        match self.kind {
            ItemKind::QuizAttempt => QuizAttemptId(self.id).to_string(),
            ItemKind::Submission => AssignmentSubmissionId(self.id).to_string(),
        }
    }

    /// When it was last worked on: when it was done, or else begun.
    pub fn at(&self) -> Option<DateTime<Utc>> {
        self.done_at.or(self.begun_at)
    }

    /// Its place among others, the latest first.
    pub fn key(&self) -> ItemKey {
        ItemKey::new(self.at(), self.id)
    }

    /// What has become of it, as a family would say it.
    pub fn state(&self) -> ItemState {
        ItemState::of(self)
    }

    /// Why it does not count; none if it does.
    pub fn left_out(&self) -> Option<LeftOut> {
        LeftOut::of_item(self.kind, self.standing, self.done_at, self.score)
            .or_else(|| LeftOut::of_enrollment(self.enrollment))
    }

    /// Its score, if it counts.
    pub fn counted_score(&self) -> Option<Score> {
        self.score.filter(|_| self.left_out().is_none())
    }
}
