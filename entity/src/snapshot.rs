//! Reading at one moment: several statements that see the same committed state.

use sea_orm::{AccessMode, DatabaseTransaction, DbBackend, DbErr, IsolationLevel, TransactionTrait};

use crate::database::Database;

impl Database {
    /// Begins a transaction that only reads, and in which every statement sees what the first one saw. It locks nothing and
    /// waits for nobody; it is to be short, because the database keeps old rows for it. It is ended by dropping it.
    ///
    /// # Errors
    /// Whatever the database reports.
    pub async fn begin_snapshot(&self) -> Result<DatabaseTransaction, DbErr> {
        if self.backend() == DbBackend::Sqlite {
            // Every transaction of a WAL file is like that, and the readers cannot write.
            return self.reader().begin().await;
        }
        let level = Some(IsolationLevel::RepeatableRead);
        self.reader().begin_with_config(level, Some(AccessMode::ReadOnly)).await
    }
}
