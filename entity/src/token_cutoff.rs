//! The time before which no bearer token is accepted: one row, which the migrations make.

use sea_orm::entity::prelude::*;

/// The id of the one row.
pub const ONLY: i32 = 1;

/// The cut-off of all bearer tokens.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "token_cutoff")]
pub struct Model {
    /// Always the same.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// Tokens issued before this are refused, and those that do not say when they were issued; none are while it is null.
    pub issued_before: Option<ChronoDateTimeUtc>,
}

/// Has no relation that is joined through the entity.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
