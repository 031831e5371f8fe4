//! Recording quiz attempts.

use chrono::{DateTime, Utc};
use entity::database::WriteTransaction;
use entity::id::{QuizAttemptId, QuizId};
use entity::quiz_attempt::Model;
use entity::score::Score;
use entity::sea_orm::DbErr;
use entity::standing::Standing;

use super::group::{Group, Groups};
use super::pipeline::{Command, Deciding, Key};
use super::reference::Reference;
use super::student::LockedStudents;
use super::task::{Found, find_quizzes};
use crate::error::UserError;

/// Records a quiz attempt, or changes what is known of one. What is left out stays as it is; `Some(None)` clears.
#[derive(Clone, Debug)]
pub struct RecordQuizAttempt {
    /// The student.
    pub student: Reference,
    /// Which attempt of the student.
    pub attempt: Reference,
    /// The quiz; needed for a new attempt.
    pub quiz: Option<Reference>,
    /// When the student began.
    pub started_at: Option<Option<DateTime<Utc>>>,
    /// When the student handed it in.
    pub completed_at: Option<Option<DateTime<Utc>>>,
    /// The score.
    pub score: Option<Option<Score>>,
    /// When this happened, if the writing system says.
    pub occurred_at: Option<DateTime<Utc>>,
}

impl Command for RecordQuizAttempt {
    type Row = Model;
    type Context = (Found<QuizId>, LockedStudents);

    fn group(groups: &Groups) -> Option<&Group<Self>> {
        Some(&groups.attempts)
    }

    async fn prepare(txn: &WriteTransaction, commands: &[&Self]) -> Result<Self::Context, DbErr> {
        let quizzes = find_quizzes(txn, commands.iter().filter_map(|command| command.quiz.as_ref())).await?;
        let students = LockedStudents::lock(txn, commands.iter().map(|command| &command.student)).await?;
        Ok((quizzes, students))
    }

    fn key(&self, (_, students): &Self::Context) -> Result<Key, UserError> {
        students.key(&self.student, &self.attempt)
    }

    fn occurred_at(&self) -> Option<DateTime<Utc>> {
        self.occurred_at
    }

    fn decide(&self, deciding: &Deciding<'_, Self>) -> Result<Model, UserError> {
        let (quizzes, _) = deciding.context;
        let quiz = self.quiz.as_ref().map(|quiz| quizzes.find("quiz", quiz)).transpose()?;
        if let Some(before) = deciding.before {
            return Ok(Model {
                quiz_id: quiz.unwrap_or(before.quiz_id),
                started_at: self.started_at.unwrap_or(before.started_at),
                completed_at: self.completed_at.unwrap_or(before.completed_at),
                score: self.score.unwrap_or(before.score),
                // What was deleted and is recorded anew exists again.
                standing: if before.standing == Standing::Deleted {
                    Standing::Regular
                } else {
                    before.standing
                },
                ..before.clone()
            });
        }
        Ok(Model {
            student_id: deciding.owner()?,
            id: QuizAttemptId::new(deciding.now),
            sourced_id: deciding.new_sourced_id("id")?,
            quiz_id: quiz.ok_or_else(|| UserError::input("quiz", "is needed for a new attempt"))?,
            started_at: self.started_at.flatten(),
            completed_at: self.completed_at.flatten(),
            score: self.score.flatten(),
            standing: Standing::Regular,
            occurred_at: None,
        })
    }
}
