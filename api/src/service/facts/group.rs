//! Facts that arrive while others are being written wait for them, and are then written together: one transaction and
//! one commit for all, and for each its own result.
//!
//! The busier the service, the larger the groups; a fact that comes alone is written at once.

use std::sync::Arc;

use entity::clock::SharedClock;
use entity::database::{Database, is_held_up, is_transient};
use entity::sea_orm::DbErr;
use tokio::sync::{mpsc, oneshot};

use super::{Command, Partial, RecordQuizAttempt, RecordSubmission, Written, one_result, write};
use crate::error::{ApiError, UserError};

/// The most facts that are written together.
const MAX_GROUP: usize = 100;
/// How many facts may wait. Further callers wait for a place.
const MAX_WAITING: usize = 1000;

/// The groups of the kinds of fact that learning systems write one by one, and many at a time.
#[derive(Clone, Debug)]
pub struct Groups {
    pub(super) attempts: Group<RecordQuizAttempt>,
    pub(super) submissions: Group<RecordSubmission>,
}

impl Groups {
    /// Begins to write to `db` whatever comes, in tasks that end when the last copy of this is gone.
    pub fn new(db: &Database, clock: &SharedClock) -> Self {
        Self { attempts: Group::new(db, clock), submissions: Group::new(db, clock) }
    }
}

/// The commands of one kind that are written together.
#[derive(Debug)]
pub struct Group<C: Command>(mpsc::Sender<Waiting<C>>);

impl<C: Command> Clone for Group<C> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

type Result<C> = std::result::Result<Written<<C as Command>::Row>, ApiError>;

/// A command, and whom its result is for.
type Waiting<C> = (C, oneshot::Sender<Result<C>>);

impl<C: Command + 'static> Group<C> {
    fn new(db: &Database, clock: &SharedClock) -> Self {
        let (sender, mut waiting) = mpsc::channel(MAX_WAITING);
        let writer = Writer { db: db.clone(), clock: Arc::clone(clock) };
        tokio::spawn(async move {
            let mut group = Vec::new();
            while waiting.recv_many(&mut group, MAX_GROUP).await > 0 {
                writer.write(std::mem::take(&mut group)).await;
            }
        });
        Self(sender)
    }
}

impl<C: Command> Group<C> {
    /// Writes `command` together with those that wait. It is written whether or not the caller goes on to wait.
    pub(super) async fn write(&self, command: C) -> Result<C> {
        let ended = || ApiError::Database(DbErr::Custom("the group's task has ended".to_owned()));
        let (caller, result) = oneshot::channel();
        self.0.send((command, caller)).await.map_err(|_| ended())?;
        result.await.map_err(|_| ended())?
    }
}

#[derive(Clone)]
struct Writer {
    db: Database,
    clock: SharedClock,
}

impl Writer {
    async fn write<C: Command + 'static>(&self, group: Vec<Waiting<C>>) {
        let (commands, callers): (Vec<_>, Vec<_>) =
            group.into_iter().map(|(command, caller)| (Ok(command), caller)).unzip();
        let results: Vec<Result<C>> = match write(&self.db, &*self.clock, &commands, Partial::Yes).await {
            Ok(results) => results.into_iter().map(|result| result.map_err(ApiError::from)).collect(),
            // Whatever is wrong with one of them is not the others' fault, and nobody else is to wait for it.
            Err(ApiError::Database(error)) if commands.len() > 1 && may_be_of_one(&error) => {
                tokio::spawn(self.clone().write_singly(commands, callers));
                return;
            }
            Err(error) => vec![Err(error); callers.len()],
        };
        for (caller, result) in callers.into_iter().zip(results) {
            // A caller who has gone away needs no result.
            let _ = caller.send(result);
        }
    }

    async fn write_singly<C: Command>(
        self,
        commands: Vec<std::result::Result<C, UserError>>,
        callers: Vec<oneshot::Sender<Result<C>>>,
    ) {
        for (command, caller) in commands.into_iter().zip(callers) {
            let _ = caller.send(one_result(&self.db, &*self.clock, command).await);
        }
    }
}

/// Whether an error of a whole group may be about one of its commands only.
fn may_be_of_one(error: &DbErr) -> bool {
    !is_transient(error) || is_held_up(error)
}
