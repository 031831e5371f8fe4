//! Single bearer tokens that are refused although they are valid.

use sea_orm::entity::prelude::*;

/// A token that is refused.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "revoked_token")]
pub struct Model {
    /// The token's own id, its `jti`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub jti: String,
    /// When it was revoked.
    pub revoked_at: ChronoDateTimeUtc,
    /// The admin who revoked it.
    pub revoked_by: String,
}

/// Has no relation that is joined through the entity.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
