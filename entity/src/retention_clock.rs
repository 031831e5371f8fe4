//! The time up to which deletions by age are judged: one row, which the migrations make.

use sea_orm::entity::prelude::*;

/// The id of the one row.
pub const ONLY: i32 = 1;

/// The retention clock. It follows the clocks of the processes, but never jumps with one of them.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "retention_clock")]
pub struct Model {
    /// Always the same.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// The newest time that retention has accepted; none before its first run.
    pub reached_at: Option<ChronoDateTimeUtc>,
}

/// Has no relation that is joined through the entity.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
