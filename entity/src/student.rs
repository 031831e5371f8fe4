//! A student.

use sea_orm::entity::prelude::*;

use crate::id::StudentId;

/// A student.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "student")]
pub struct Model {
    /// The id that Tally gave it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: StudentId,
    /// The writing system's own id; unique.
    #[sea_orm(unique)]
    pub sourced_id: String,
    /// The name that people read.
    pub display_name: String,
    /// When the writing system's newest accepted event happened, if it said.
    pub occurred_at: Option<ChronoDateTimeUtc>,
}

/// Has no relation that is joined through the entity.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
