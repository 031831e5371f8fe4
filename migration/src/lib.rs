//! The schema, as one set of migrations for SQLite and PostgreSQL.
//!
//! A migration that has landed is never edited, and imports no entity: it says what the schema was on its day. Every
//! table that holds a student's data has a key that begins with the student, so that a distributed PostgreSQL can
//! shard by student.

mod columns;
mod m0001_facts;
mod m0002_profiles;
mod m0003_queue;
mod m0004_profile_version;
mod m0005_history;
mod m0006_backfill;
mod m0009_student_list;
mod m0010_sessions;
mod m0011_trace;
mod m0012_access_log;
mod m0013_revocations;
mod m0014_clocks;
mod m0015_token_cutoff;

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};

/// The advisory lock that a migrating process holds on PostgreSQL. Any number would do, as long as it never changes.
const ADVISORY_LOCK: i64 = 0x7461_6c6c_795f_6d69;

struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_facts::Migration),
            Box::new(m0002_profiles::Migration),
            Box::new(m0003_queue::Migration),
            Box::new(m0004_profile_version::Migration),
            Box::new(m0005_history::Migration),
            Box::new(m0006_backfill::Migration),
            Box::new(m0009_student_list::Migration),
            Box::new(m0010_sessions::Migration),
            Box::new(m0011_trace::Migration),
            Box::new(m0012_access_log::Migration),
            Box::new(m0013_revocations::Migration),
            Box::new(m0014_clocks::Migration),
            Box::new(m0015_token_cutoff::Migration),
        ]
    }
}

/// Applies what is missing of the migrations, all in one transaction.
///
/// Safe when several processes do it at once: the others wait, and then find nothing left to do.
///
/// # Errors
/// Whatever the database reports; nothing is changed then.
pub async fn migrate(db: &DatabaseConnection) -> Result<(), DbErr> {
    migrate_to(db, None).await
}

/// Like [`migrate`], but applies only the first `count` migrations of those that are missing.
///
/// # Errors
/// As [`migrate`].
pub async fn migrate_steps(db: &DatabaseConnection, count: u32) -> Result<(), DbErr> {
    migrate_to(db, Some(count)).await
}

async fn migrate_to(db: &DatabaseConnection, steps: Option<u32>) -> Result<(), DbErr> {
    let sqlite = db.get_database_backend() == DbBackend::Sqlite;
    let options = TransactionOptions {
        // SQLite has one writer: to be it from the start is all the locking that is needed.
        sqlite_transaction_mode: sqlite.then_some(SqliteTransactionMode::Immediate),
        ..Default::default()
    };
    let txn = db.begin_with_options(options).await?;
    if !sqlite {
        // Other processes may migrate for as long as that takes, and what they do may wait for whoever reads.
        txn.execute_unprepared("SET LOCAL lock_timeout = 0").await?;
        txn.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({ADVISORY_LOCK})")).await?;
    }
    Migrator::up(&txn, steps).await?;
    txn.commit().await
}

/// The names of the migrations that have not been applied. Reads only.
///
/// # Errors
/// Whatever the database reports.
pub async fn pending(db: &DatabaseConnection) -> Result<Vec<String>, DbErr> {
    let pending = Migrator::get_pending_migrations_read_only(db).await?;
    Ok(pending.iter().map(|migration| migration.name().to_owned()).collect())
}

/// How many migrations there are.
pub fn count() -> usize {
    Migrator::migrations().len()
}
