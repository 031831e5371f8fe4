//! Quiz attempts and assignment submissions.

use async_graphql::{Context, Description, ID, Object, Result};
use entity::{assignment_submission, quiz_attempt};

use super::{Assignment, Quiz, Student, related};
use crate::schema::enums::Standing;
use crate::schema::scalars::{Decimal, Time};

/// A student's attempt at a quiz.
#[derive(Clone, Debug, Description)]
pub struct QuizAttempt(pub quiz_attempt::Model);

#[Object(use_type_description)]
impl QuizAttempt {
    /// The id that Tally gave it, such as `attempt:0193…`.
    pub async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// The writing system's own id; unique for the student.
    async fn sourced_id(&self) -> &str {
        &self.0.sourced_id
    }

    /// The student.
    async fn student(&self, ctx: &Context<'_>) -> Result<Student> {
        related(ctx, "student", self.0.student_id).await.map(Student)
    }

    /// The quiz.
    async fn quiz(&self, ctx: &Context<'_>) -> Result<Quiz> {
        related(ctx, "quiz", self.0.quiz_id).await.map(Quiz)
    }

    /// When the student began, if known.
    async fn started_at(&self) -> Option<Time> {
        self.0.started_at.map(Into::into)
    }

    /// When the student handed it in; null while it is under way.
    async fn completed_at(&self) -> Option<Time> {
        self.0.completed_at.map(Into::into)
    }

    /// The score in percent, once there is one.
    async fn score(&self) -> Option<Decimal> {
        self.0.score.map(Into::into)
    }

    /// Whether it stands.
    async fn standing(&self) -> Standing {
        self.0.standing.into()
    }

    /// When the newest accepted event about it happened, if the writing system said.
    async fn occurred_at(&self) -> Option<Time> {
        self.0.occurred_at.map(Into::into)
    }
}

impl From<quiz_attempt::Model> for QuizAttempt {
    fn from(row: quiz_attempt::Model) -> Self {
        Self(row)
    }
}

/// A student's submission to an assignment.
#[derive(Clone, Debug, Description)]
pub struct AssignmentSubmission(pub assignment_submission::Model);

#[Object(use_type_description)]
impl AssignmentSubmission {
    /// The id that Tally gave it, such as `submission:0193…`.
    pub async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// The writing system's own id; unique for the student.
    async fn sourced_id(&self) -> &str {
        &self.0.sourced_id
    }

    /// The student.
    async fn student(&self, ctx: &Context<'_>) -> Result<Student> {
        related(ctx, "student", self.0.student_id).await.map(Student)
    }

    /// The assignment.
    async fn assignment(&self, ctx: &Context<'_>) -> Result<Assignment> {
        related(ctx, "assignment", self.0.assignment_id).await.map(Assignment)
    }

    /// When the student handed it in, if known.
    async fn submitted_at(&self) -> Option<Time> {
        self.0.submitted_at.map(Into::into)
    }

    /// When it was graded; null while it is awaiting grading.
    async fn graded_at(&self) -> Option<Time> {
        self.0.graded_at.map(Into::into)
    }

    /// The score in percent, provisional until the submission is graded.
    async fn score(&self) -> Option<Decimal> {
        self.0.score.map(Into::into)
    }

    /// Whether it stands.
    async fn standing(&self) -> Standing {
        self.0.standing.into()
    }

    /// When the newest accepted event about it happened, if the writing system said.
    async fn occurred_at(&self) -> Option<Time> {
        self.0.occurred_at.map(Into::into)
    }
}

impl From<assignment_submission::Model> for AssignmentSubmission {
    fn from(row: assignment_submission::Model) -> Self {
        Self(row)
    }
}
