//! An assignment of a course.

use sea_orm::entity::prelude::*;

use crate::id::{AssignmentId, CourseId};

/// An assignment of a course.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "assignment")]
pub struct Model {
    /// The id that Tally gave it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AssignmentId,
    /// The writing system's own id; unique.
    #[sea_orm(unique)]
    pub sourced_id: String,
    /// The course it belongs to. Its items count toward the enrolment in this course, wherever they were made.
    pub course_id: CourseId,
    /// The title that people read.
    pub title: String,
    /// When the writing system's newest accepted event happened, if it said.
    pub occurred_at: Option<ChronoDateTimeUtc>,
}

/// Has no relation that is joined through the entity.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
