//! A course: what students enrol in, and what quizzes and assignments belong to.

use sea_orm::entity::prelude::*;

use crate::id::CourseId;

/// A course: what students enrol in, and what quizzes and assignments belong to.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "course")]
pub struct Model {
    /// The id that Tally gave it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CourseId,
    /// The writing system's own id; unique.
    #[sea_orm(unique)]
    pub sourced_id: String,
    /// The title that people read.
    pub title: String,
    /// When the writing system's newest accepted event happened, if it said.
    pub occurred_at: Option<ChronoDateTimeUtc>,
}

/// Has no relation that is joined through the entity.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
