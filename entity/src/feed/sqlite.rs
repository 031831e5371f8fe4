//! Between processes on one SQLite file: its version, which changes with every commit of another connection.

use std::str::FromStr;
use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

use super::Heard;
use crate::database::Database;

const RECONNECT: Duration = Duration::from_secs(1);

pub(super) async fn hear(db: &Database, every: Duration, heard: impl Fn(Heard) + Send) {
    loop {
        if let Err(error) = hear_once(db, every, &heard).await {
            tracing::warn!(%error, "not watching the database file for changed profiles");
        }
        tokio::time::sleep(RECONNECT).await;
    }
}

/// Which rows have changed the file does not tell.
async fn hear_once(db: &Database, every: Duration, heard: &impl Fn(Heard)) -> Result<(), sqlx::Error> {
    let mut connection = SqliteConnectOptions::from_str(db.url())?.read_only(true).connect().await?;
    let mut seen = None;
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let version = Some(version(&mut connection).await?);
        if version != seen {
            seen = version;
            heard(Heard::Anything);
        }
    }
}

async fn version(connection: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("PRAGMA data_version").fetch_one(connection).await
}
