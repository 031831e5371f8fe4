//! Where the audit of the aggregates stands, for all workers together.

use sea_orm::entity::prelude::*;

use crate::id::StudentId;

/// The id of the one row there is.
pub const ONLY: i16 = 1;

/// How far the audit has come.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_cursor")]
pub struct Model {
    /// Always [`ONLY`].
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i16,
    /// The last student who was checked; none at the beginning of a round.
    pub after_student_id: Option<StudentId>,
    /// When the next students are to be checked, by the database's clock.
    pub due_at: ChronoDateTimeUtc,
}

/// Has no relation that is joined through the entity.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
