//! Between processes on one SQLite file: the file's version, which changes with every commit of another connection.

use std::str::FromStr;
use std::time::Duration;

use entity::database::Database;
use entity::wake::Wake;
use sqlx::ConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

/// Looking costs a few microseconds; this often, it is a few percent of one core.
const EVERY: Duration = Duration::from_millis(4);
const RECONNECT: Duration = Duration::from_secs(1);

/// Signals whenever the file was changed by a connection other than the one that looks.
pub(super) async fn listen(db: &Database, heard: &Wake) {
    loop {
        if let Err(error) = listen_once(db, heard).await {
            tracing::warn!(%error, "not watching the database file, the poll has to do");
        }
        tokio::time::sleep(RECONNECT).await;
    }
}

async fn listen_once(db: &Database, heard: &Wake) -> Result<(), sqlx::Error> {
    let mut connection = SqliteConnectOptions::from_str(db.url())?.read_only(true).connect().await?;
    let mut seen = version(&mut connection).await?;
    heard.signal();
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let now = version(&mut connection).await?;
        if now != seen {
            seen = now;
            heard.signal();
        }
    }
}

async fn version(connection: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("PRAGMA data_version").fetch_one(connection).await
}
