//! The two databases that every test runs on.

use std::time::Duration;

use entity::database::Database;
use tempfile::TempDir;

use crate::postgres;

/// Which database a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// A file of its own.
    Sqlite,
    /// A database of its own on a server that the tests share.
    Postgres,
}

/// A database that was made for one test and goes with it.
pub struct TestDatabase {
    /// The open database.
    pub db: Database,
    /// The URL by which other processes open it.
    pub url: String,
    _keep: Keep,
}

#[expect(dead_code, reason = "held until the test ends, and removed then")]
enum Keep {
    Folder(TempDir),
    Database(postgres::Database),
}

const CONNECTIONS: u32 = 8;

impl TestDatabase {
    /// A new database with today's schema.
    pub async fn migrated(backend: Backend) -> Self {
        let database = match backend {
            Backend::Sqlite => Self::sqlite().await,
            Backend::Postgres => {
                let database =
                    postgres::fresh_database(async |url: &str| migrate(&open(url).await).await).await;
                Self {
                    db: open(database.url()).await,
                    url: database.url().to_owned(),
                    _keep: Keep::Database(database),
                }
            }
        };
        migrate(&database.db).await;
        database
    }

    /// The same database, opened as [`Database::within`] says.
    pub async fn within(self, time: Duration) -> Self {
        Self { db: self.db.within(time).await.expect("the test's database opens again"), ..self }
    }

    /// A new database without tables.
    pub async fn empty(backend: Backend) -> Self {
        match backend {
            Backend::Sqlite => Self::sqlite().await,
            Backend::Postgres => {
                let database = postgres::empty_database().await;
                Self {
                    db: open(database.url()).await,
                    url: database.url().to_owned(),
                    _keep: Keep::Database(database),
                }
            }
        }
    }

    async fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a folder for the database");
        let url = format!("sqlite:{}", folder.path().join("tally.db").display());
        Self { db: open(&url).await, url, _keep: Keep::Folder(folder) }
    }
}

async fn open(url: &str) -> Database {
    Database::connect(url, CONNECTIONS).await.expect("the test's database opens")
}

async fn migrate(db: &Database) {
    migration::migrate(db.writer()).await.expect("the migrations run");
}

/// Makes of each test function two tests, one on each database.
///
/// ```text
/// on_both_backends! {
///     /// What must hold.
///     async fn it_holds(backend) {
///         let app = TestApp::start(backend).await;
///     }
/// }
/// ```
#[macro_export]
macro_rules! on_both_backends {
    ($($(#[$meta:meta])* async fn $name:ident($backend:ident) $body:block)+) => {
        $(mod $name {
            use super::*;

            $(#[$meta])*
            async fn run($backend: $crate::Backend) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                run($crate::Backend::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                run($crate::Backend::Postgres).await;
            }
        })+
    };
}
