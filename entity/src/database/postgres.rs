//! Opening a database on PostgreSQL.

use std::str::FromStr;
use std::time::Duration;

use sea_orm::DatabaseConnection;
use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};

use super::patience::Patience;
use super::{ACQUIRE_TIMEOUT, ConnectError};

/// How long a connection that could not be had is tried once more, to learn why.
const PROBE_TIMEOUT: Duration = Duration::from_secs(1);
/// For how long an unused connection is taken to be alive without a round trip.
const TRUSTED_FOR: Duration = Duration::from_secs(1);

/// Opens the database at `url` with at most `max_connections` connections.
pub(super) async fn open(
    url: &str,
    max_connections: u32,
    patience: Patience,
) -> Result<DatabaseConnection, ConnectError> {
    let options = PgConnectOptions::from_str(url)
        .map_err(ConnectError::InvalidUrl)?
        .application_name("tally")
        .options(patience.settings());
    let opened = PgPoolOptions::new()
        .max_connections(max_connections)
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                // The driver counts a transaction until its COMMIT or ROLLBACK is on its way.
                if connection.is_in_transaction() {
                    return Ok(false);
                }
                // One that was just used is there; one that rested may have been lost, and is asked first.
                if meta.idle_for > TRUSTED_FOR {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_with(options.clone())
        .await;
    match opened {
        Ok(pool) => Ok(pool.into()),
        Err(error) => {
            let name = options.get_database().unwrap_or("of the same name as the user");
            let place = format!("{name} on {}:{}", options.get_host(), options.get_port());
            Err(ConnectError::Unreachable { place, source: cause(error, &options).await })
        }
    }
}

/// Why no connection could be had. A pool that has waited in vain for a server to come up only says that it has waited.
async fn cause(error: sqlx::Error, options: &PgConnectOptions) -> sqlx::Error {
    if !matches!(error, sqlx::Error::PoolTimedOut) {
        return error;
    }
    match tokio::time::timeout(PROBE_TIMEOUT, PgConnection::connect_with(options)).await {
        Ok(Err(cause)) => cause,
        _ => error,
    }
}
