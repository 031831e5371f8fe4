//! Which guardian may see which student, and from when until when.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait as _;

use crate::id::{GuardianId, StudentId};

/// A dated, revocable right of a guardian to read a student's record.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "guardianship")]
pub struct Model {
    /// The student who may be seen.
    #[sea_orm(primary_key, auto_increment = false)]
    pub student_id: StudentId,
    /// The guardian who may see.
    #[sea_orm(primary_key, auto_increment = false)]
    pub guardian_id: GuardianId,
    /// The first moment of the right.
    pub valid_from: ChronoDateTimeUtc,
    /// The first moment after the right; open when `None`.
    pub valid_until: Option<ChronoDateTimeUtc>,
    /// When it was revoked, if it was. A revoked right holds at no time, whatever its dates.
    pub revoked_at: Option<ChronoDateTimeUtc>,
    /// When the writing system's newest accepted event happened, if it said.
    pub occurred_at: Option<ChronoDateTimeUtc>,
}

/// What a guardianship is joined with.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The guardian.
    #[sea_orm(
        belongs_to = "super::guardian::Entity",
        from = "Column::GuardianId",
        to = "super::guardian::Column::Id"
    )]
    Guardian,
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// The condition under which a guardianship holds at `now`.
    pub fn holds_at(now: ChronoDateTimeUtc) -> sea_orm::Condition {
        sea_orm::Condition::all()
            .add(Column::RevokedAt.is_null())
            .add(Column::ValidFrom.lte(now))
            .add(Column::ValidUntil.is_null().or(Column::ValidUntil.gt(now)))
    }
}
