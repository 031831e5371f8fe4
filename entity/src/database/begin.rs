//! How a transaction begins.

use sea_orm::{DatabaseConnection, DatabaseTransaction, DbErr, TransactionOptions, TransactionTrait as _};
use tracing::Instrument as _;

/// Begins a transaction, also when its caller leaves meanwhile: it is rolled back then. The driver of PostgreSQL knows of
/// none before its BEGIN was answered, and would hand on the connection with the transaction open, in which others would
/// write and nobody would commit.
pub(crate) async fn begin(
    connection: &DatabaseConnection,
    options: TransactionOptions,
) -> Result<DatabaseTransaction, DbErr> {
    let connection = connection.clone();
    let beginning = async move { connection.begin_with_options(options).await };
    let begun = tokio::spawn(beginning.in_current_span()).await;
    begun.unwrap_or_else(|error| Err(DbErr::Custom(error.to_string())))
}
