//! A student's attempt at a quiz.

use sea_orm::Condition;
use sea_orm::entity::prelude::*;

use crate::counting::{ItemKind, LeftOut};
use crate::id::{QuizAttemptId, QuizId, StudentId};
use crate::score::Score;
use crate::standing::Standing;

/// A student's attempt at a quiz. Every counted attempt counts, each with the same weight.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "quiz_attempt")]
pub struct Model {
    /// The student who made it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub student_id: StudentId,
    /// The id that Tally gave it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: QuizAttemptId,
    /// The writing system's own id; unique for the student.
    pub sourced_id: String,
    /// The quiz.
    pub quiz_id: QuizId,
    /// When the student began, if known.
    pub started_at: Option<ChronoDateTimeUtc>,
    /// When the student handed it in; an attempt without it is under way.
    pub completed_at: Option<ChronoDateTimeUtc>,
    /// The score, once there is one.
    pub score: Option<Score>,
    /// Whether it stands.
    pub standing: Standing,
    /// When the writing system's newest accepted event happened, if it said.
    pub occurred_at: Option<ChronoDateTimeUtc>,
}

/// What an attempt is joined with.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The quiz, which tells the course.
    #[sea_orm(belongs_to = "super::quiz::Entity", from = "Column::QuizId", to = "super::quiz::Column::Id")]
    Quiz,
}

impl ActiveModelBehavior for ActiveModel {}

/// What a counted attempt brings to the aggregates. Two states that bring the same need no recalculation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contribution {
    /// The quiz, which tells the course.
    pub quiz_id: QuizId,
    /// When it was completed.
    pub completed_at: ChronoDateTimeUtc,
    /// The score.
    pub score: Score,
}

impl Model {
    /// What the attempt counts as: `completed_at`, a score and a regular standing are needed, and an enrolment that
    /// counts. The enrolment is looked at when the student is recalculated. [`Entity::counted`] says the same in SQL.
    pub fn contribution(&self) -> Option<Contribution> {
        if self.left_out().is_some() {
            return None;
        }
        Some(Contribution { quiz_id: self.quiz_id, completed_at: self.completed_at?, score: self.score? })
    }

    /// Why it does not count, whatever the enrolment; none if it has a [`Self::contribution`].
    pub const fn left_out(&self) -> Option<LeftOut> {
        LeftOut::of_item(ItemKind::QuizAttempt, self.standing, self.completed_at, self.score)
    }
}

impl Entity {
    /// The attempts that have a [`Model::contribution`].
    pub fn counted() -> Condition {
        Condition::all()
            .add(Column::Standing.eq(Standing::Regular))
            .add(Column::CompletedAt.is_not_null())
            .add(Column::Score.is_not_null())
    }
}
