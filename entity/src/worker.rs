//! The workers that run jobs, as they report themselves.

use sea_orm::entity::prelude::*;

/// A worker: one start of the job engine in one process.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "worker")]
pub struct Model {
    /// `host-pid-ulid`-like: new for every start, so that a name is never taken over.
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    /// The machine.
    pub host: String,
    /// The process.
    pub pid: i64,
    /// The version of Tally.
    pub version: String,
    /// When it started, by the database's clock.
    pub started_at: ChronoDateTimeUtc,
    /// When it last reported, by the database's clock.
    pub last_heartbeat_at: ChronoDateTimeUtc,
    /// When it stopped of its own accord, by the database's clock.
    pub stopped_at: Option<ChronoDateTimeUtc>,
    /// How many jobs it is running.
    pub running: i64,
    /// How many jobs it has completed since it started.
    pub done: i64,
    /// How many attempts have failed since it started.
    pub failed: i64,
}

/// Has no relation that is joined through the entity.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
