//! How a worker hears that there may be new jobs.
//!
//! All ways end in one [`Wake`]: commits of this process, notifications over PostgreSQL, changes of an SQLite file by
//! another process. All are hints; the worker's own poll is the fallback.

mod postgres;
mod sqlite;

use entity::database::Database;
use entity::sea_orm::DbBackend;
use entity::wake::Wake;
use tokio_util::sync::CancellationToken;

pub use postgres::announce;

/// Hears of commits in this process and in others, until `stop`.
pub fn listen(db: &Database, stop: CancellationToken) -> Wake {
    let wake = Wake::new();
    let db = db.clone();
    let heard = wake.clone();
    tokio::spawn(async move {
        let others = async {
            match db.backend() {
                DbBackend::Sqlite => sqlite::listen(&db, &heard).await,
                _ => postgres::listen(&db, &heard).await,
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = others => {}
            () = own(&db, &heard) => {}
        }
    });
    wake
}

/// Passes on the wake-ups of this process.
async fn own(db: &Database, heard: &Wake) {
    let mut commits = db.wake().listen();
    while commits.changed().await.is_ok() {
        heard.signal();
    }
}
