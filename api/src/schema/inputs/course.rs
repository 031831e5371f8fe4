//! Inputs about courses, quizzes and assignments.

use async_graphql::{ID, InputObject};
use entity::id::{AssignmentId, CourseId, QuizId};

use super::FactInput;
use super::common::{Ref, optional_text, optional_time, own};
use crate::error::UserError;
use crate::schema::scalars::Time;
use crate::service::facts::{UpsertAssignment, UpsertCourse, UpsertQuiz};

/// Creates a course, or changes its title. Named by `id` or by `sourcedId`; only the latter creates.
#[derive(InputObject, Clone, Debug)]
pub struct UpsertCourseInput {
    /// The id that Tally gave it.
    pub id: Option<ID>,
    /// The writing system's own id.
    pub sourced_id: Option<String>,
    /// The title that people read, 1 to 255 characters; needed for a new one.
    pub title: Option<String>,
    /// When this happened. An event that is not newer than the last accepted one about the same thing is a CONFLICT.
    pub occurred_at: Option<Time>,
}

impl FactInput for UpsertCourseInput {
    type Command = UpsertCourse;

    fn read(self) -> Result<UpsertCourse, UserError> {
        Ok(UpsertCourse {
            course: own::<CourseId>(self.id, self.sourced_id)?,
            title: optional_text("title", self.title)?,
            occurred_at: optional_time("occurredAt", self.occurred_at)?,
        })
    }
}

/// Creates a quiz, renames it, or moves it to another course, with all its items. Named by `id` or by `sourcedId`;
/// only the latter creates.
#[derive(InputObject, Clone, Debug)]
pub struct UpsertQuizInput {
    /// The id that Tally gave it.
    pub id: Option<ID>,
    /// The writing system's own id.
    pub sourced_id: Option<String>,
    /// The course; needed for a new one.
    pub course: Option<Ref>,
    /// The title that people read, 1 to 255 characters; needed for a new one.
    pub title: Option<String>,
    /// When this happened. An event that is not newer than the last accepted one about the same thing is a CONFLICT.
    pub occurred_at: Option<Time>,
}

impl FactInput for UpsertQuizInput {
    type Command = UpsertQuiz;

    fn read(self) -> Result<UpsertQuiz, UserError> {
        Ok(UpsertQuiz {
            quiz: own::<QuizId>(self.id, self.sourced_id)?,
            course: self.course.map(|course| course.read::<CourseId>("course")).transpose()?,
            title: optional_text("title", self.title)?,
            occurred_at: optional_time("occurredAt", self.occurred_at)?,
        })
    }
}

/// Creates an assignment, renames it, or moves it to another course, with all its items. Named by `id` or by `sourcedId`;
/// only the latter creates.
#[derive(InputObject, Clone, Debug)]
pub struct UpsertAssignmentInput {
    /// The id that Tally gave it.
    pub id: Option<ID>,
    /// The writing system's own id.
    pub sourced_id: Option<String>,
    /// The course; needed for a new one.
    pub course: Option<Ref>,
    /// The title that people read, 1 to 255 characters; needed for a new one.
    pub title: Option<String>,
    /// When this happened. An event that is not newer than the last accepted one about the same thing is a CONFLICT.
    pub occurred_at: Option<Time>,
}

impl FactInput for UpsertAssignmentInput {
    type Command = UpsertAssignment;

    fn read(self) -> Result<UpsertAssignment, UserError> {
        Ok(UpsertAssignment {
            assignment: own::<AssignmentId>(self.id, self.sourced_id)?,
            course: self.course.map(|course| course.read::<CourseId>("course")).transpose()?,
            title: optional_text("title", self.title)?,
            occurred_at: optional_time("occurredAt", self.occurred_at)?,
        })
    }
}
