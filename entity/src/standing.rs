//! Whether an item stands, apart from its score.

use sea_orm::entity::prelude::*;

/// The standing of a quiz attempt or an assignment submission. Only a regular item can count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Standing {
    /// Counts as soon as it is complete and has a score.
    #[sea_orm(string_value = "regular")]
    Regular,
    /// The student need not do it; never counts.
    #[sea_orm(string_value = "excused")]
    Excused,
    /// Declared invalid; never counts.
    #[sea_orm(string_value = "voided")]
    Voided,
    /// Deleted by the writing system. The row stays, so that an older event cannot bring the item back.
    #[sea_orm(string_value = "deleted")]
    Deleted,
}
