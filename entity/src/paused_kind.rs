//! The kinds of job that no worker may claim for now.

use sea_orm::entity::prelude::*;

/// A kind of job that is paused. Its jobs can be enqueued, and wait.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "paused_kind")]
pub struct Model {
    /// The kind, as in [`crate::job::Model::kind`].
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: String,
    /// Since when.
    pub paused_at: ChronoDateTimeUtc,
    /// Who paused it: the subject of the admin's token.
    pub paused_by: String,
}

/// Has no relation that is joined through the entity.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
