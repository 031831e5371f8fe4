//! Reading at one moment: several statements that see the same committed state.

use sea_orm::{AccessMode, DatabaseTransaction, DbBackend, DbErr, IsolationLevel, TransactionOptions};

use crate::database::{Database, begin};

impl Database {
    /// Begins a transaction that only reads, and in which every statement sees what the first one saw. It locks nothing and
    /// waits for nobody; it is to be short, because the database keeps old rows for it. It is ended by dropping it.
    ///
    /// # Errors
    /// Whatever the database reports.
    pub async fn begin_snapshot(&self) -> Result<DatabaseTransaction, DbErr> {
        let options = match self.backend() {
            // Every transaction of a WAL file is like that, and the readers cannot write.
            DbBackend::Sqlite => TransactionOptions::default(),
            _ => TransactionOptions {
                isolation_level: Some(IsolationLevel::RepeatableRead),
                access_mode: Some(AccessMode::ReadOnly),
                ..TransactionOptions::default()
            },
        };
        begin(self.reader(), options).await
    }
}
