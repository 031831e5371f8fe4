//! Between processes over PostgreSQL: LISTEN and NOTIFY.

use std::time::Duration;

use entity::database::Database;
use entity::sea_orm::{ConnectionTrait, DbBackend};
use entity::wake::Wake;
use sqlx::postgres::PgListener;
use tokio_util::sync::CancellationToken;

const CHANNEL: &str = "tally_jobs";
const RECONNECT: Duration = Duration::from_millis(500);

/// Passes on the notifications of other processes; connects again whenever the connection is lost.
pub(super) async fn listen(db: &Database, heard: &Wake) {
    loop {
        if let Err(error) = listen_once(db, heard).await {
            tracing::warn!(%error, "not listening for new jobs, the poll has to do");
        }
        tokio::time::sleep(RECONNECT).await;
    }
}

async fn listen_once(db: &Database, heard: &Wake) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect(db.url()).await?;
    listener.listen(CHANNEL).await?;
    // Whatever was missed while not listening.
    heard.signal();
    loop {
        // `None` is a connection that was lost and made again: something may have been missed.
        listener.try_recv().await?;
        heard.signal();
    }
}

/// Tells the workers of other processes of the commits of this one, until `stop`.
///
/// Outside the transactions of the facts, because PostgreSQL lets transactions that notify commit only one after
/// another; and one notification for all commits since the last. On SQLite there is nothing to do: the file tells.
pub async fn announce(db: Database, stop: CancellationToken) {
    if db.backend() != DbBackend::Postgres {
        return;
    }
    let mut commits = db.wake().listen();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            changed = commits.changed() => if changed.is_err() { return },
        }
        if let Err(error) = db.writer().execute_unprepared(&format!("NOTIFY {CHANNEL}")).await {
            tracing::warn!(%error, "workers were not notified, their poll has to do");
        }
    }
}
