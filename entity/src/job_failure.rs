//! The failed attempts of a job, each with its error.

use sea_orm::entity::prelude::*;

use crate::id::{JobId, StudentId};

/// One failed attempt of a job.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "job_failure")]
pub struct Model {
    /// The student whom the job is about.
    #[sea_orm(primary_key, auto_increment = false)]
    pub student_id: StudentId,
    /// The job.
    #[sea_orm(primary_key, auto_increment = false)]
    pub job_id: JobId,
    /// The number of the attempt, from 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub attempt: i32,
    /// The worker that ran it.
    pub worker: String,
    /// When it failed, by the database's clock.
    pub failed_at: ChronoDateTimeUtc,
    /// What went wrong.
    pub error: String,
}

/// Has no relation that is joined through the entity.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
