//! Courses, and what belongs to them.

use async_graphql::{Context, Description, ID, Object, Result};
use entity::{assignment, course, quiz};

use super::related;

/// A course.
#[derive(Clone, Debug, Description)]
pub struct Course(pub course::Model);

#[Object(use_type_description)]
impl Course {
    /// The id that Tally gave it, such as `course:0193…`.
    pub async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// The writing system's own id.
    async fn sourced_id(&self) -> &str {
        &self.0.sourced_id
    }

    /// The title that people read.
    async fn title(&self) -> &str {
        &self.0.title
    }
}

impl From<course::Model> for Course {
    fn from(row: course::Model) -> Self {
        Self(row)
    }
}

/// A quiz of a course.
#[derive(Clone, Debug, Description)]
pub struct Quiz(pub quiz::Model);

#[Object(use_type_description)]
impl Quiz {
    /// The id that Tally gave it, such as `quiz:0193…`.
    pub async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// The writing system's own id.
    async fn sourced_id(&self) -> &str {
        &self.0.sourced_id
    }

    /// The title that people read.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// The course.
    async fn course(&self, ctx: &Context<'_>) -> Result<Course> {
        related(ctx, "course", self.0.course_id).await.map(Course)
    }
}

impl From<quiz::Model> for Quiz {
    fn from(row: quiz::Model) -> Self {
        Self(row)
    }
}

/// An assignment of a course.
#[derive(Clone, Debug, Description)]
pub struct Assignment(pub assignment::Model);

#[Object(use_type_description)]
impl Assignment {
    /// The id that Tally gave it, such as `assignment:0193…`.
    pub async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// The writing system's own id.
    async fn sourced_id(&self) -> &str {
        &self.0.sourced_id
    }

    /// The title that people read.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// The course.
    async fn course(&self, ctx: &Context<'_>) -> Result<Course> {
        related(ctx, "course", self.0.course_id).await.map(Course)
    }
}

impl From<assignment::Model> for Assignment {
    fn from(row: assignment::Model) -> Self {
        Self(row)
    }
}
