//! Stored aggregates that are not what the facts say. There should never be any.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{FromJsonQueryResult, JoinType, QuerySelect};
use serde::{Deserialize, Serialize};

use crate::id::StudentId;
use crate::student_profile;

/// The newest finding about a student.
///
/// It is open as long as the profile has the version that it was found in: a recalculation makes a new version, and so
/// closes the finding without knowing of it.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "aggregate_drift")]
pub struct Model {
    /// The student.
    #[sea_orm(primary_key, auto_increment = false)]
    pub student_id: StudentId,
    /// When it was found first.
    pub found_at: ChronoDateTimeUtc,
    /// The version of the profile that it was found in.
    pub version: i64,
    /// What differs.
    #[sea_orm(column_type = "JsonBinary")]
    pub differences: Differences,
}

/// All that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct Differences(pub Vec<Difference>);

/// One field whose stored value is not what the facts say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// The enrolment that the field belongs to; none if it is one of the profile.
    pub enrollment: Option<Uuid>,
    /// The field's name, as the API has it.
    pub field: String,
    /// What is stored; none stands for null.
    pub stored: Option<String>,
    /// What the facts say.
    pub computed: Option<String>,
}

/// What a finding is joined with.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The profile.
    #[sea_orm(
        belongs_to = "student_profile::Entity",
        from = "Column::StudentId",
        to = "student_profile::Column::StudentId"
    )]
    Profile,
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// The findings that no recalculation has made good since.
    pub fn open() -> Select<Self> {
        let same_version = Expr::col((Self, Column::Version))
            .equals((student_profile::Entity, student_profile::Column::Version));
        Self::find().join(JoinType::InnerJoin, Relation::Profile.def()).filter(same_version)
    }
}
