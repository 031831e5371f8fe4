//! The session of a browser in which somebody has signed in.

use sea_orm::entity::prelude::*;

/// A session. Who can read this table can sign in as nobody: it holds the hash of the key that the browser keeps.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "session")]
pub struct Model {
    /// The SHA-256 of the key, in hexadecimal digits.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key_hash: String,
    /// The role of whoever signed in, as tokens spell it.
    pub role: String,
    /// Who signed in, as a token's subject.
    pub subject: String,
    /// When it began.
    pub created_at: ChronoDateTimeUtc,
    /// When it was last used, give or take a few minutes.
    pub used_at: ChronoDateTimeUtc,
    /// The first moment after it, however much it is used.
    pub expires_at: ChronoDateTimeUtc,
    /// When it was revoked, if it was.
    pub revoked_at: Option<ChronoDateTimeUtc>,
}

/// Has no relation that is joined through the entity.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
