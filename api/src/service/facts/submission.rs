//! Recording and grading assignment submissions.

use chrono::{DateTime, Utc};
use entity::assignment_submission::Model;
use entity::database::WriteTransaction;
use entity::id::{AssignmentId, AssignmentSubmissionId};
use entity::score::Score;
use entity::sea_orm::DbErr;
use entity::standing::Standing;

use super::group::{Group, Groups};
use super::pipeline::{Command, Deciding, Key};
use super::reference::Reference;
use super::student::{LockedStudents, about_row_of_student};
use super::task::{Found, find_assignments};
use crate::error::UserError;

/// Records a submission, or changes what is known of one. What is left out stays as it is; `Some(None)` clears.
#[derive(Clone, Debug)]
pub struct RecordSubmission {
    /// The student.
    pub student: Reference,
    /// Which submission of the student.
    pub submission: Reference,
    /// The assignment; needed for a new submission.
    pub assignment: Option<Reference>,
    /// When the student handed it in.
    pub submitted_at: Option<Option<DateTime<Utc>>>,
    /// When it was graded. Until then its score, if it has one, is provisional and does not count.
    pub graded_at: Option<Option<DateTime<Utc>>>,
    /// The score.
    pub score: Option<Option<Score>>,
    /// When this happened, if the writing system says.
    pub occurred_at: Option<DateTime<Utc>>,
}

/// Grades a submission, or changes its grade.
#[derive(Clone, Debug)]
pub struct GradeSubmission {
    /// The student.
    pub student: Reference,
    /// Which submission of the student.
    pub submission: Reference,
    /// The grade.
    pub score: Score,
    /// When it was graded; now, unless told otherwise or graded so already.
    pub graded_at: Option<DateTime<Utc>>,
    /// When this happened, if the writing system says.
    pub occurred_at: Option<DateTime<Utc>>,
}

/// Takes the grade of a submission back: it is awaiting grading again.
#[derive(Clone, Debug)]
pub struct UngradeSubmission {
    /// The student.
    pub student: Reference,
    /// Which submission of the student.
    pub submission: Reference,
    /// When this happened, if the writing system says.
    pub occurred_at: Option<DateTime<Utc>>,
}

impl Command for RecordSubmission {
    type Row = Model;
    type Context = (Found<AssignmentId>, LockedStudents);

    fn group(groups: &Groups) -> Option<&Group<Self>> {
        Some(&groups.submissions)
    }

    async fn prepare(txn: &WriteTransaction, commands: &[&Self]) -> Result<Self::Context, DbErr> {
        let named = commands.iter().filter_map(|command| command.assignment.as_ref());
        let assignments = find_assignments(txn, named).await?;
        let students = LockedStudents::lock(txn, commands.iter().map(|command| &command.student)).await?;
        Ok((assignments, students))
    }

    fn key(&self, (_, students): &Self::Context) -> Result<Key, UserError> {
        students.key(&self.student, &self.submission)
    }

    fn occurred_at(&self) -> Option<DateTime<Utc>> {
        self.occurred_at
    }

    fn decide(&self, deciding: &Deciding<'_, Self>) -> Result<Model, UserError> {
        let (assignments, _) = deciding.context;
        let named = self.assignment.as_ref();
        let assignment = named.map(|named| assignments.find("assignment", named)).transpose()?;
        if let Some(before) = deciding.before {
            return Ok(Model {
                assignment_id: assignment.unwrap_or(before.assignment_id),
                submitted_at: self.submitted_at.unwrap_or(before.submitted_at),
                graded_at: self.graded_at.unwrap_or(before.graded_at),
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
            id: AssignmentSubmissionId::new(deciding.now),
            sourced_id: deciding.new_sourced_id("id")?,
            assignment_id: assignment
                .ok_or_else(|| UserError::input("assignment", "is needed for a new submission"))?,
            submitted_at: self.submitted_at.flatten(),
            graded_at: self.graded_at.flatten(),
            score: self.score.flatten(),
            standing: Standing::Regular,
            occurred_at: None,
        })
    }
}

/// The submission that a command changes, which must be there.
fn existing(before: Option<&Model>) -> Result<&Model, UserError> {
    before.filter(|row| row.standing != Standing::Deleted).ok_or_else(|| UserError::not_found("submission"))
}

impl Command for GradeSubmission {
    about_row_of_student!(Model, submission);

    /// The same grade again keeps the time at which it was given, so that it changes nothing.
    fn decide(&self, deciding: &Deciding<'_, Self>) -> Result<Model, UserError> {
        let before = existing(deciding.before)?;
        let same = before.score == Some(self.score);
        let since = before.graded_at.filter(|_| same).unwrap_or(deciding.now);
        let graded_at = Some(self.graded_at.unwrap_or(since));
        Ok(Model { score: Some(self.score), graded_at, ..before.clone() })
    }
}

impl Command for UngradeSubmission {
    about_row_of_student!(Model, submission);

    fn decide(&self, deciding: &Deciding<'_, Self>) -> Result<Model, UserError> {
        Ok(Model { score: None, graded_at: None, ..existing(deciding.before)?.clone() })
    }
}
