//! The least that a durable write can be: one row into one table, and its commit.

use entity::clock::{Clock as _, SystemClock};
use entity::id::QuizAttemptId;
use entity::sea_orm::{ConnectionTrait as _, DbErr};
use sqlx::{Connection as _, PgConnection, SqlitePool};
use uuid::Uuid;

use super::Outcome;
use super::arena::{Arena, Kind};
use super::load::Caller;

const TABLE: &str = "CREATE TABLE IF NOT EXISTS bench_commit (id uuid PRIMARY KEY, score integer NOT NULL)";

/// Makes the table.
///
/// # Errors
/// Whatever the database reports.
pub(super) async fn prepare(arena: &Arena) -> Result<(), DbErr> {
    arena.db.writer().execute_unprepared(TABLE).await.map(drop)
}

/// As many callers as are asked for, each of whom commits rows.
///
/// On PostgreSQL each has a connection. On SQLite they take turns at one, as nothing is faster there: connections that
/// wait for each other's lock sleep longer than the lock is held.
///
/// # Errors
/// Whatever the database reports.
pub(super) async fn committers(arena: &Arena, count: usize) -> sqlx::Result<Vec<Committer>> {
    let mut committers = Vec::new();
    for _ in 0..count {
        committers.push(match arena.kind {
            Kind::Sqlite => Committer::Sqlite(arena.db.writer().get_sqlite_connection_pool().clone()),
            Kind::Postgres => Committer::Postgres(PgConnection::connect(&arena.url).await?),
        });
    }
    Ok(committers)
}

/// Somebody who commits rows.
pub(super) enum Committer {
    Sqlite(SqlitePool),
    Postgres(PgConnection),
}

impl Caller for Committer {
    async fn call(&mut self) -> Outcome {
        let id: Uuid = QuizAttemptId::new(SystemClock.now()).into();
        match self {
            Self::Sqlite(pool) => {
                let insert = sqlx::query("INSERT INTO bench_commit (id, score) VALUES (?, 8000)");
                insert.bind(id).execute(&*pool).await?;
            }
            Self::Postgres(connection) => {
                let insert = sqlx::query("INSERT INTO bench_commit (id, score) VALUES ($1, 8000)");
                insert.bind(id).execute(connection).await?;
            }
        }
        Ok(())
    }
}
