//! Those whose earlier bearer tokens are refused although they are valid.

use sea_orm::entity::prelude::*;

/// Somebody whose tokens are refused if they were issued before a time.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "revoked_subject")]
pub struct Model {
    /// The role.
    #[sea_orm(primary_key, auto_increment = false)]
    pub role: String,
    /// The own id among those of the role.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject: String,
    /// Tokens issued before this are refused.
    pub issued_before: ChronoDateTimeUtc,
    /// When they were revoked.
    pub revoked_at: ChronoDateTimeUtc,
    /// The admin who revoked them.
    pub revoked_by: String,
}

/// Has no relation that is joined through the entity.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
