//! Inputs about assignment submissions.

use async_graphql::{ID, InputObject, MaybeUndefined};
use entity::id::{AssignmentId, AssignmentSubmissionId, StudentId};

use super::FactInput;
use super::common::{Ref, ScoreInput, clearable, optional_time, own, time};
use crate::error::UserError;
use crate::schema::enums::StandingChange;
use crate::schema::scalars::Time;
use crate::service::facts::{ChangeSubmission, GradeSubmission, RecordSubmission, UngradeSubmission};

/// Records a submission, or changes what is known of one: handed in, then graded, or all at once. What is left out stays
/// as it is; null clears. Named by `id` or by `sourcedId`; only the latter creates.
#[derive(InputObject, Clone, Debug)]
pub struct RecordSubmissionInput {
    /// The student.
    pub student: Ref,
    /// The id that Tally gave it.
    pub id: Option<ID>,
    /// The writing system's own id; unique for the student.
    pub sourced_id: Option<String>,
    /// The assignment; needed for a new one.
    pub assignment: Option<Ref>,
    /// When the student handed it in.
    pub submitted_at: MaybeUndefined<Time>,
    /// When it was graded. It counts once it has this and a score; a score without it is provisional.
    pub graded_at: MaybeUndefined<Time>,
    /// The score.
    pub score: MaybeUndefined<ScoreInput>,
    /// When this happened. An event that is not newer than the last accepted one about the same thing is a CONFLICT.
    pub occurred_at: Option<Time>,
}

impl FactInput for RecordSubmissionInput {
    type Command = RecordSubmission;

    fn read(self) -> Result<RecordSubmission, UserError> {
        Ok(RecordSubmission {
            student: self.student.read::<StudentId>("student")?,
            submission: own::<AssignmentSubmissionId>(self.id, self.sourced_id)?,
            assignment: self.assignment.map(|task| task.read::<AssignmentId>("assignment")).transpose()?,
            submitted_at: clearable(self.submitted_at, |value| time("submittedAt", value))?,
            graded_at: clearable(self.graded_at, |value| time("gradedAt", value))?,
            score: clearable(self.score, |value| value.read("score"))?,
            occurred_at: optional_time("occurredAt", self.occurred_at)?,
        })
    }
}

/// Grades a submission, or changes its grade.
#[derive(InputObject, Clone, Debug)]
pub struct GradeSubmissionInput {
    /// The student.
    pub student: Ref,
    /// The submission.
    pub submission: Ref,
    /// The grade.
    pub score: ScoreInput,
    /// When it was graded; now, unless told otherwise. The same score again keeps the time it was given.
    pub graded_at: Option<Time>,
    /// When this happened. An event that is not newer than the last accepted one about the same thing is a CONFLICT.
    pub occurred_at: Option<Time>,
}

impl FactInput for GradeSubmissionInput {
    type Command = GradeSubmission;

    fn read(self) -> Result<GradeSubmission, UserError> {
        Ok(GradeSubmission {
            student: self.student.read::<StudentId>("student")?,
            submission: self.submission.read::<AssignmentSubmissionId>("submission")?,
            score: self.score.read("score")?,
            graded_at: optional_time("gradedAt", self.graded_at)?,
            occurred_at: optional_time("occurredAt", self.occurred_at)?,
        })
    }
}

/// Takes the grade of a submission back: it is awaiting grading again.
#[derive(InputObject, Clone, Debug)]
pub struct UngradeSubmissionInput {
    /// The student.
    pub student: Ref,
    /// The submission.
    pub submission: Ref,
    /// When this happened. An event that is not newer than the last accepted one about the same thing is a CONFLICT.
    pub occurred_at: Option<Time>,
}

impl FactInput for UngradeSubmissionInput {
    type Command = UngradeSubmission;

    fn read(self) -> Result<UngradeSubmission, UserError> {
        Ok(UngradeSubmission {
            student: self.student.read::<StudentId>("student")?,
            submission: self.submission.read::<AssignmentSubmissionId>("submission")?,
            occurred_at: optional_time("occurredAt", self.occurred_at)?,
        })
    }
}

/// Excuses, voids, restores or deletes a submission.
#[derive(InputObject, Clone, Debug)]
pub struct ChangeSubmissionStandingInput {
    /// The student.
    pub student: Ref,
    /// The submission.
    pub submission: Ref,
    /// What is done to it.
    pub change: StandingChange,
    /// When this happened. An event that is not newer than the last accepted one about the same thing is a CONFLICT.
    pub occurred_at: Option<Time>,
}

impl FactInput for ChangeSubmissionStandingInput {
    type Command = ChangeSubmission;

    fn read(self) -> Result<ChangeSubmission, UserError> {
        Ok(ChangeSubmission {
            student: self.student.read::<StudentId>("student")?,
            submission: self.submission.read::<AssignmentSubmissionId>("submission")?,
            change: self.change.into(),
            occurred_at: optional_time("occurredAt", self.occurred_at)?,
        })
    }
}
