//! A student's submission to an assignment.

use sea_orm::Condition;
use sea_orm::entity::prelude::*;

use crate::counting::{ItemKind, LeftOut};
use crate::id::{AssignmentId, AssignmentSubmissionId, StudentId};
use crate::score::Score;
use crate::standing::Standing;

/// A student's submission to an assignment.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "assignment_submission")]
pub struct Model {
    /// The student who made it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub student_id: StudentId,
    /// The id that Tally gave it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AssignmentSubmissionId,
    /// The writing system's own id; unique for the student.
    pub sourced_id: String,
    /// The assignment.
    pub assignment_id: AssignmentId,
    /// When the student handed it in, if known.
    pub submitted_at: Option<ChronoDateTimeUtc>,
    /// When it was graded; a submission without it is awaiting grading, whatever score it shows.
    pub graded_at: Option<ChronoDateTimeUtc>,
    /// The score, provisional until the submission is graded.
    pub score: Option<Score>,
    /// Whether it stands.
    pub standing: Standing,
    /// When the writing system's newest accepted event happened, if it said.
    pub occurred_at: Option<ChronoDateTimeUtc>,
}

/// What a submission is joined with.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The assignment, which tells the course.
    #[sea_orm(
        belongs_to = "super::assignment::Entity",
        from = "Column::AssignmentId",
        to = "super::assignment::Column::Id"
    )]
    Assignment,
}

impl ActiveModelBehavior for ActiveModel {}

/// What a counted submission brings to the aggregates. Two states that bring the same need no recalculation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contribution {
    /// The assignment, which tells the course.
    pub assignment_id: AssignmentId,
    /// When it was graded.
    pub graded_at: ChronoDateTimeUtc,
    /// The score.
    pub score: Score,
}

impl Model {
    /// What the submission counts as: it must be graded, have a score and a regular standing, and an enrolment that
    /// counts. The enrolment is looked at when the student is recalculated. [`Entity::counted`] says the same in SQL.
    pub fn contribution(&self) -> Option<Contribution> {
        if self.left_out().is_some() {
            return None;
        }
        Some(Contribution {
            assignment_id: self.assignment_id,
            graded_at: self.graded_at?,
            score: self.score?,
        })
    }

    /// Why it does not count, whatever the enrolment; none if it has a [`Self::contribution`].
    pub const fn left_out(&self) -> Option<LeftOut> {
        LeftOut::of_item(ItemKind::Submission, self.standing, self.graded_at, self.score)
    }
}

impl Entity {
    /// The submissions that have a [`Model::contribution`].
    pub fn counted() -> Condition {
        Condition::all()
            .add(Column::Standing.eq(Standing::Regular))
            .add(Column::GradedAt.is_not_null())
            .add(Column::Score.is_not_null())
    }
}
