//! What quiz attempts and submissions have in common: their rows, and their standing.

use chrono::{DateTime, Utc};
use entity::database::WriteTransaction;
use entity::id::StudentId;
use entity::sea_orm::sea_query::OnConflict;
use entity::sea_orm::{ActiveModelTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter};
use entity::standing::Standing;
use entity::{assignment_submission, quiz_attempt};
use uuid::Uuid;

use super::pipeline::{Command, Deciding, Row};
use super::reference::Reference;
use super::student::about_row_of_student;
use super::wanted::Wanted;
use crate::error::UserError;

/// What is done to an item as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

impl StandingChange {
    /// The standing of an item after the change.
    ///
    /// # Errors
    /// When the item was deleted: then it can only be restored, or deleted again.
    fn apply(self, before: Standing, field: &str) -> Result<Standing, UserError> {
        match self {
            Self::Restore => Ok(Standing::Regular),
            Self::Delete => Ok(Standing::Deleted),
            _ if before == Standing::Deleted => Err(UserError::not_found(field)),
            Self::Excuse => Ok(Standing::Excused),
            Self::Void => Ok(Standing::Voided),
        }
    }
}

/// Excuses, voids, restores or deletes a quiz attempt.
#[derive(Clone, Debug)]
pub struct ChangeAttempt {
    /// The student.
    pub student: Reference,
    /// Which attempt of the student.
    pub attempt: Reference,
    /// What is done to it.
    pub change: StandingChange,
    /// When this happened, if the writing system says.
    pub occurred_at: Option<DateTime<Utc>>,
}

/// Excuses, voids, restores or deletes a submission.
#[derive(Clone, Debug)]
pub struct ChangeSubmission {
    /// The student.
    pub student: Reference,
    /// Which submission of the student.
    pub submission: Reference,
    /// What is done to it.
    pub change: StandingChange,
    /// When this happened, if the writing system says.
    pub occurred_at: Option<DateTime<Utc>>,
}

/// An item: a quiz attempt or a submission.
macro_rules! item {
    ($entity:ident, $task:ident, $begun:ident, $done:ident, $change:ident, $field:ident) => {
        impl Row for $entity::Model {
            fn owner(&self) -> Option<StudentId> {
                Some(self.student_id)
            }

            fn uuid(&self) -> Uuid {
                self.id.0
            }

            fn sourced_id(&self) -> Option<&str> {
                Some(&self.sourced_id)
            }

            fn occurred_at(&mut self) -> &mut Option<DateTime<Utc>> {
                &mut self.occurred_at
            }

            fn changes_numbers(before: Option<&Self>, after: &Self) -> bool {
                before.and_then(Self::contribution) != after.contribution()
            }

            async fn load(txn: &WriteTransaction, wanted: &Wanted) -> Result<Vec<Self>, DbErr> {
                use $entity::{Column, Entity};
                Entity::find()
                    .filter(wanted.named_of_owner(Column::StudentId, Column::Id, Column::SourcedId))
                    .all(&**txn)
                    .await
            }

            async fn save(txn: &WriteTransaction, rows: Vec<Self>) -> Result<(), DbErr> {
                use $entity::{Column, Entity};
                let all = OnConflict::columns([Column::StudentId, Column::Id])
                    .update_columns([
                        Column::$task,
                        Column::$begun,
                        Column::$done,
                        Column::Score,
                        Column::Standing,
                        Column::OccurredAt,
                    ])
                    .to_owned();
                Entity::insert_many(rows.into_iter().map(|row| row.into_active_model().reset_all()))
                    .on_conflict(all)
                    .exec_without_returning(&**txn)
                    .await?;
                Ok(())
            }
        }

        impl Command for $change {
            about_row_of_student!($entity::Model, $field);

            fn decide(&self, deciding: &Deciding<'_, Self>) -> Result<$entity::Model, UserError> {
                let field = stringify!($field);
                let before = deciding.before.ok_or_else(|| UserError::not_found(field))?;
                Ok($entity::Model { standing: self.change.apply(before.standing, field)?, ..before.clone() })
            }
        }
    };
}

item!(quiz_attempt, QuizId, StartedAt, CompletedAt, ChangeAttempt, attempt);
item!(assignment_submission, AssignmentId, SubmittedAt, GradedAt, ChangeSubmission, submission);
