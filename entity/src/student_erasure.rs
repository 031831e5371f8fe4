//! That a student was erased: all that is kept of one.

use sea_orm::entity::prelude::*;

use crate::id::StudentId;

/// The erasure of a student.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "student_erasure")]
pub struct Model {
    /// The id that Tally gave the student. It stands for nothing any more.
    #[sea_orm(primary_key, auto_increment = false)]
    pub student_id: StudentId,
    /// When.
    pub erased_at: ChronoDateTimeUtc,
    /// The role of whoever did it.
    pub role: String,
    /// Who did it.
    pub subject: String,
    /// Why.
    pub reason: String,
}

/// Has no relation that is joined through the entity.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
