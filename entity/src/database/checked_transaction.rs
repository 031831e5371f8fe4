//! A transaction that a database error ends for good.

use std::sync::{Mutex, MutexGuard, PoisonError};

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, Statement};

use super::storage_health::StorageHealth;

/// A transaction in which no statement and no commit succeeds after one has failed.
///
/// Both databases answer otherwise: SQLite may have ended the transaction by itself, so that the next statement commits
/// alone; PostgreSQL answers the COMMIT of a failed transaction as a success, with the command tag ROLLBACK, which the
/// driver does not read.
#[derive(Debug)]
pub struct CheckedTransaction {
    txn: DatabaseTransaction,
    health: StorageHealth,
    first_error: Mutex<Option<DbErr>>,
}

impl CheckedTransaction {
    pub(super) const fn new(txn: DatabaseTransaction, health: StorageHealth) -> Self {
        Self { txn, health, first_error: Mutex::new(None) }
    }

    /// Commits.
    ///
    /// # Errors
    /// The error of the first statement that failed, or the commit's own. Nothing is stored then, except that a
    /// connection lost during the commit leaves its outcome unknown.
    pub(super) async fn commit(self) -> Result<(), DbErr> {
        self.usable()?;
        let Self { txn, health, .. } = self;
        txn.commit().await.inspect_err(|error| health.failed(error))
    }

    /// Refuses to go on after a failed statement.
    fn usable(&self) -> Result<(), DbErr> {
        self.first_error().clone().map_or(Ok(()), Err)
    }

    fn checked<T>(&self, result: Result<T, DbErr>) -> Result<T, DbErr> {
        result.inspect_err(|error| {
            self.health.failed(error);
            self.first_error().get_or_insert_with(|| error.clone());
        })
    }

    fn first_error(&self) -> MutexGuard<'_, Option<DbErr>> {
        self.first_error.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for CheckedTransaction {
    fn get_database_backend(&self) -> DbBackend {
        self.txn.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.usable()?;
        self.checked(self.txn.execute_raw(statement).await)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.usable()?;
        self.checked(self.txn.execute_unprepared(sql).await)
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.usable()?;
        self.checked(self.txn.query_one_raw(statement).await)
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.usable()?;
        self.checked(self.txn.query_all_raw(statement).await)
    }
}
