//! For how long one waits for PostgreSQL, and PostgreSQL for its clients.
//!
//! A machine that loses its power, or a network that loses a connection, says nothing: without these times a client would
//! wait for an answer for ever, and the server would keep the locks of a client that is no more. SQLite has no such peers.

use std::io;
use std::time::Duration;

use sea_orm::{DbErr, RuntimeErr};
use tokio::time::timeout;

/// How long a statement waits for a lock.
const LOCK: Duration = Duration::from_secs(10);
/// How long a transaction that writes may take, from the wait for its connection to the answer to its commit.
const TRANSACTION: Duration = Duration::from_mins(2);
/// Idle timeout of a transaction, enforced by the server. Other transactions wait that long for the rows of a
/// frozen process. It is no longer than the shortest lease of a worker, and far longer than a process computes between two
/// statements.
const SILENCE: Duration = Duration::from_secs(3);
/// TCP user timeout: the server drops a client that acknowledges nothing of an answer for so long, as a frozen process does.
const UNTAKEN: Duration = Duration::from_secs(10);
/// How often the server asks whether a silent client's machine is still there, in seconds, and for how many times in vain.
const KEEPALIVE: [(&str, &str); 3] =
    [("tcp_keepalives_idle", "10"), ("tcp_keepalives_interval", "5"), ("tcp_keepalives_count", "4")];

/// The times of one database.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    statement: Option<Duration>,
    lock: Duration,
    transaction: Option<Duration>,
}

impl Default for Patience {
    fn default() -> Self {
        Self { statement: None, lock: LOCK, transaction: Some(TRANSACTION) }
    }
}

impl Patience {
    /// That of somebody who waits for what runs in the same process.
    pub(super) const fn endless() -> Self {
        Self { statement: None, lock: Duration::MAX, transaction: None }
    }

    /// That of somebody for whom no statement may take longer than `time`.
    pub(super) fn of_statements(time: Duration) -> Self {
        Self {
            statement: Some(time),
            lock: LOCK.min(time / 2),
            transaction: Some(TRANSACTION.min(time.saturating_mul(6))),
        }
    }

    /// What the server is told when a connection begins.
    pub(super) fn settings(self) -> impl Iterator<Item = (&'static str, String)> {
        let time = |name, time: Duration| (name, format!("{}ms", time.as_millis()));
        let keepalive = KEEPALIVE.map(|(name, value)| (name, value.to_owned()));
        let times = [
            time("lock_timeout", self.lock),
            time("idle_in_transaction_session_timeout", SILENCE),
            time("tcp_user_timeout", UNTAKEN),
        ];
        let statement = self.statement.map(|limit| time("statement_timeout", limit));
        // Ours to choose and not the server's: the locks of `change` are made for it, and under `serializable` a COMMIT
        // may fail, after which the driver sends a ROLLBACK for a transaction that has ended.
        let isolation = ("default_transaction_isolation", "read committed".to_owned());
        times.into_iter().chain(keepalive).chain(statement).chain([isolation])
    }

    /// What `transaction` results in, unless it takes too long.
    pub(super) async fn with<T, E: From<DbErr>>(
        self,
        transaction: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let Some(limit) = self.transaction else { return transaction.await };
        timeout(limit, transaction).await.unwrap_or_else(|_| Err(no_answer().into()))
    }
}

fn no_answer() -> DbErr {
    let error = io::Error::new(io::ErrorKind::TimedOut, "the database has not answered for too long");
    DbErr::Conn(RuntimeErr::SqlxError(sqlx::Error::Io(error).into()))
}
