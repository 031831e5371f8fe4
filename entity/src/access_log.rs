//! Who read or changed which student's record.

use sea_orm::entity::prelude::*;

use crate::id::{AccessId, StudentId};

/// What stands in the place of a student who was erased: that somebody was seen is kept, and not who.
pub const ERASED: StudentId = StudentId(Uuid::nil());

/// What was done to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Kind {
    /// It was read.
    #[sea_orm(string_value = "read")]
    Read,
    /// It was changed.
    #[sea_orm(string_value = "changed")]
    Changed,
}

/// What one viewer did to one student's record by one operation, once or several times within a short time.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "access_log")]
pub struct Model {
    /// The student, or [`ERASED`].
    #[sea_orm(primary_key, auto_increment = false)]
    pub student_id: StudentId,
    /// The entry's id, by the time of the first access.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AccessId,
    /// The viewer's role.
    pub role: String,
    /// The viewer's own id among those of the role.
    pub subject: String,
    /// The root field of the API through which it happened: one of ours, and no text of the viewer's.
    pub operation: String,
    /// What was done.
    pub kind: Kind,
    /// In how many requests.
    pub count: i64,
    /// When first.
    pub first_at: ChronoDateTimeUtc,
    /// When last.
    pub last_at: ChronoDateTimeUtc,
}

/// Has no relation that is joined through the entity.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
