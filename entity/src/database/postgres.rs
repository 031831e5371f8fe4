//! Opening a database on PostgreSQL.

use std::str::FromStr;
use std::time::Duration;

use sea_orm::DatabaseConnection;
use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};

use super::patience::Patience;
use super::{ACQUIRE_TIMEOUT, ConnectError};

/// Timeout of the second connection attempt, which finds the cause of a pool timeout.
const PROBE_TIMEOUT: Duration = Duration::from_secs(1);
/// Idle time up to which a connection is used without a round trip to test it.
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

/// Cause of a failed connection. A pool that waited in vain for a server only reports a timeout.
async fn cause(error: sqlx::Error, options: &PgConnectOptions) -> sqlx::Error {
    if !matches!(error, sqlx::Error::PoolTimedOut) {
        return error;
    }
    match tokio::time::timeout(PROBE_TIMEOUT, PgConnection::connect_with(options)).await {
        Ok(Err(cause)) => cause,
        _ => error,
    }
}
