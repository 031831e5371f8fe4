//! Inputs about quiz attempts.

use async_graphql::{ID, InputObject, MaybeUndefined};
use entity::id::{QuizAttemptId, QuizId, StudentId};

use super::FactInput;
use super::common::{Ref, ScoreInput, clearable, optional_time, own, time};
use crate::error::UserError;
use crate::schema::enums::StandingChange;
use crate::schema::scalars::Time;
use crate::service::facts::{ChangeAttempt, RecordQuizAttempt};

/// Records a quiz attempt, or changes what is known of one: started, then completed with a score, or all at once. What
/// is left out stays as it is; null clears. Named by `id` or by `sourcedId`; only the latter creates.
#[derive(InputObject, Clone, Debug)]
pub struct RecordQuizAttemptInput {
    /// The student.
    pub student: Ref,
    /// The id that Tally gave it.
    pub id: Option<ID>,
    /// The writing system's own id; unique for the student.
    pub sourced_id: Option<String>,
    /// The quiz; needed for a new one.
    pub quiz: Option<Ref>,
    /// When the student began.
    pub started_at: MaybeUndefined<Time>,
    /// When the student handed it in. It counts once it has this and a score.
    pub completed_at: MaybeUndefined<Time>,
    /// The score.
    pub score: MaybeUndefined<ScoreInput>,
    /// When this happened. An event that is not newer than the last accepted one about the same thing is a CONFLICT.
    pub occurred_at: Option<Time>,
}

impl FactInput for RecordQuizAttemptInput {
    type Command = RecordQuizAttempt;

    fn read(self) -> Result<RecordQuizAttempt, UserError> {
        Ok(RecordQuizAttempt {
            student: self.student.read::<StudentId>("student")?,
            attempt: own::<QuizAttemptId>(self.id, self.sourced_id)?,
            quiz: self.quiz.map(|quiz| quiz.read::<QuizId>("quiz")).transpose()?,
            started_at: clearable(self.started_at, |value| time("startedAt", value))?,
            completed_at: clearable(self.completed_at, |value| time("completedAt", value))?,
            score: clearable(self.score, |value| value.read("score"))?,
            occurred_at: optional_time("occurredAt", self.occurred_at)?,
        })
    }
}

/// Excuses, voids, restores or deletes a quiz attempt.
#[derive(InputObject, Clone, Debug)]
pub struct ChangeQuizAttemptStandingInput {
    /// The student.
    pub student: Ref,
    /// The attempt.
    pub attempt: Ref,
    /// What is done to it.
    pub change: StandingChange,
    /// When this happened. An event that is not newer than the last accepted one about the same thing is a CONFLICT.
    pub occurred_at: Option<Time>,
}

impl FactInput for ChangeQuizAttemptStandingInput {
    type Command = ChangeAttempt;

    fn read(self) -> Result<ChangeAttempt, UserError> {
        Ok(ChangeAttempt {
            student: self.student.read::<StudentId>("student")?,
            attempt: self.attempt.read::<QuizAttemptId>("attempt")?,
            change: self.change.into(),
            occurred_at: optional_time("occurredAt", self.occurred_at)?,
        })
    }
}
