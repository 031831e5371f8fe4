//! Between processes over PostgreSQL: NOTIFY and LISTEN.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};
use sqlx::postgres::PgListener;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Change, Heard, Listener};
use crate::database::Database;
use crate::id::{GuardianId, StudentId};

const CHANNEL: &str = "tally_changes";
const RECONNECT: Duration = Duration::from_millis(500);
/// PostgreSQL takes less than 8,000 bytes in one notification, and a change is written in 33.
const PER_NOTIFICATION: usize = 200;
/// In what is told, the process comes first, in so many digits.
const ORIGIN: usize = 16;
/// Beyond this, saying that anything may have changed is kinder to everybody.
const MOST: usize = 10_000;
/// Stands for more than could be named.
const ANYTHING: &str = "*";

/// What is to be told to other processes.
#[derive(Debug, Default)]
struct Outbox {
    changes: Mutex<BTreeSet<Change>>,
    filled: Notify,
}

impl Listener for Outbox {
    fn note(&self, changes: &[Change]) {
        // That facts or titles have changed is no news to other processes: they hold them for moments.
        let told = changes.iter().filter(|change| !matches!(change, Change::Facts(_) | Change::Course(_)));
        let mut outbox = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        outbox.extend(told);
        if !outbox.is_empty() {
            self.filled.notify_one();
        }
    }
}

impl Outbox {
    /// The notifications for all that was noted since the last call.
    fn take(&self) -> Vec<String> {
        let changes = std::mem::take(&mut *self.changes.lock().unwrap_or_else(PoisonError::into_inner));
        if changes.len() > MOST {
            return vec![ANYTHING.to_owned()];
        }
        let changes: Vec<String> = changes.into_iter().filter_map(write).collect();
        changes.chunks(PER_NOTIFICATION).map(<[String]>::concat).collect()
    }
}

/// Tells other processes what this one commits, until `stop`.
///
/// Outside the transactions, because PostgreSQL lets transactions that notify commit only one after another; and what is
/// committed while a notification is under way is told together. On SQLite there is nothing to do: the file tells.
pub async fn announce(db: Database, stop: CancellationToken) {
    if db.backend() != DbBackend::Postgres {
        return;
    }
    let outbox = Arc::new(Outbox::default());
    let listener: Weak<Outbox> = Arc::downgrade(&outbox);
    db.feed().tell(listener);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = outbox.filled.notified() => {}
        }
        for payload in outbox.take() {
            let payload = format!("{:016x}{payload}", db.feed().origin);
            if let Err(error) = notify(&db, &payload).await {
                tracing::warn!(%error, "other processes were not told of changes, and will look for themselves");
            }
        }
    }
}

async fn notify(db: &Database, payload: &str) -> Result<(), DbErr> {
    let sql = "SELECT pg_notify($1, $2)";
    let statement =
        Statement::from_sql_and_values(DbBackend::Postgres, sql, [CHANNEL.into(), payload.into()]);
    db.writer().execute_raw(statement).await?;
    Ok(())
}

pub(super) async fn hear(db: &Database, heard: impl Fn(Heard) + Send) {
    loop {
        if let Err(error) = hear_once(db, &heard).await {
            tracing::warn!(%error, "not listening for changed profiles");
        }
        tokio::time::sleep(RECONNECT).await;
    }
}

async fn hear_once(db: &Database, heard: &impl Fn(Heard)) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect(db.url()).await?;
    listener.listen(CHANNEL).await?;
    heard(Heard::Anything);
    loop {
        // `None` is a connection that was lost and made again: something may have been missed.
        let notification = listener.try_recv().await?;
        let Some(notification) = notification else {
            heard(Heard::Anything);
            continue;
        };
        let Some((origin, changes)) = notification.payload().split_at_checked(ORIGIN) else { continue };
        // This process has heard of its own changes already.
        if u64::from_str_radix(origin, 16) != Ok(db.feed().origin) {
            heard(read(changes).map_or(Heard::Anything, Heard::Changes));
        }
    }
}

/// A letter for the kind, and the id: 33 bytes.
fn write(change: Change) -> Option<String> {
    let (kind, id) = match change {
        Change::Facts(_) | Change::Course(_) => return None,
        Change::Profile(student) => ('p', student.0),
        Change::Children(guardian) => ('c', guardian.0),
    };
    Some(format!("{kind}{}", id.simple()))
}

/// What [`write()`] has written, one after another; none when it cannot be read.
fn read(payload: &str) -> Option<Vec<Change>> {
    let length = 1 + uuid::fmt::Simple::LENGTH;
    payload.as_bytes().chunks(length).map(read_one).collect()
}

fn read_one(text: &[u8]) -> Option<Change> {
    let (kind, id) = text.split_first()?;
    let id = Uuid::try_parse_ascii(id).ok()?;
    match kind {
        b'p' => Some(Change::Profile(StudentId(id))),
        b'c' => Some(Change::Children(GuardianId(id))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(count: u128) -> Vec<Change> {
        let of = |n| {
            [Change::Profile(StudentId(Uuid::from_u128(n))), Change::Children(GuardianId(Uuid::from_u128(n)))]
        };
        (0..count).flat_map(of).collect()
    }

    #[test]
    fn what_is_told_is_what_is_heard() {
        let outbox = Outbox::default();
        let changes = changes(1000);
        outbox.note(&changes);
        outbox.note(&[Change::Facts(StudentId(Uuid::from_u128(1)))]);
        let payloads = outbox.take();
        assert!(payloads.iter().all(|payload| ORIGIN + payload.len() < 8000));
        let heard: BTreeSet<Change> = payloads.iter().flat_map(|payload| read(payload).unwrap()).collect();
        assert_eq!(heard, changes.into_iter().collect());
        assert_eq!(outbox.take(), Vec::<String>::new(), "told twice");
    }

    #[test]
    fn too_much_to_name_is_anything() {
        let outbox = Outbox::default();
        outbox.note(&changes(10_000));
        let payloads = outbox.take();
        assert_eq!(payloads, [ANYTHING]);
        assert_eq!(read(ANYTHING), None);
        assert_eq!(read("p123"), None);
    }
}
