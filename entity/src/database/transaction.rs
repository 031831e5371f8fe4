//! Transactions that write, and what they tell others when they have committed.

use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use sea_orm::DbErr;

use super::{CheckedTransaction, Turn};
use crate::feed::{Change, Feed};
use crate::wake::Wake;

/// What is done within one transaction. It may be run several times, of which at most one is committed.
pub trait UnitOfWork: Sync {
    /// What it results in.
    type Output: Send;
    /// Why it may fail.
    type Error: From<DbErr> + AsDbErr + Send;

    /// Does the work in `txn`, which the caller commits, or rolls back on an error.
    fn run(&self, txn: &WriteTransaction) -> impl Future<Output = Result<Self::Output, Self::Error>> + Send;
}

/// An error that may stem from the database.
pub trait AsDbErr {
    /// The database's error, if that is what it stems from.
    fn as_db_err(&self) -> Option<&DbErr>;
}

impl AsDbErr for DbErr {
    fn as_db_err(&self) -> Option<&DbErr> {
        Some(self)
    }
}

/// A transaction that writes. Dropped without [`Self::commit`], it is rolled back.
#[derive(Debug)]
pub struct WriteTransaction {
    txn: CheckedTransaction,
    /// Ends with the transaction.
    turn: Option<Turn>,
    wake: Wake,
    enqueued: AtomicBool,
    feed: Feed,
    changes: Mutex<Vec<Change>>,
}

impl WriteTransaction {
    pub(super) const fn new(txn: CheckedTransaction, turn: Option<Turn>, wake: Wake, feed: Feed) -> Self {
        Self { txn, turn, wake, enqueued: AtomicBool::new(false), feed, changes: Mutex::new(Vec::new()) }
    }

    /// Notes that a job was enqueued, so that workers are woken after the commit and not before.
    pub(crate) fn wake_on_commit(&self) {
        self.enqueued.store(true, Ordering::Relaxed);
    }

    /// Notes what changes for readers, so that they are told after the commit and not before.
    pub fn tell_on_commit(&self, changes: impl IntoIterator<Item = Change>) {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).extend(changes);
    }

    /// Commits, and then tells readers what has changed, and wakes the workers if a job was enqueued.
    ///
    /// # Errors
    /// The error of the first statement that failed, or what the database reports of the commit.
    pub async fn commit(self) -> Result<(), DbErr> {
        self.txn.commit().await?;
        drop(self.turn);
        let changes = self.changes.into_inner().unwrap_or_else(PoisonError::into_inner);
        if !changes.is_empty() {
            self.feed.publish(&changes);
        }
        if self.enqueued.load(Ordering::Relaxed) {
            self.wake.signal();
        }
        Ok(())
    }
}

impl Deref for WriteTransaction {
    type Target = CheckedTransaction;

    fn deref(&self) -> &CheckedTransaction {
        &self.txn
    }
}
