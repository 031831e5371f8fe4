//! When the loads of a request run: whenever its execution has come to a standstill.
//!
//! A loader that waits a millisecond for others to join, as async-graphql's own does, makes each level of a query a
//! millisecond slower, and splits a batch when the machine is busy. Run beside the execution, no batch leaves before the
//! execution has got as far as it can, and none waits longer.

use std::any::{Any, TypeId};
use std::collections::{HashMap, HashSet};
use std::future::{Future, poll_fn};
use std::hash::Hash;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use async_graphql::dataloader::Loader;
use entity::database::Database;
use entity::sea_orm::DbErr;
use futures::StreamExt as _;
use futures::channel::mpsc::{self, UnboundedReceiver};
use futures::channel::oneshot::{self, Sender};
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;

use crate::service::read::{LoadError, Unscoped};

/// A load of all keys of a kind that wait when it is first polled.
type Batch = BoxFuture<'static, ()>;

/// Loads rows by their keys: those that are asked for at the same time together, in one statement for each kind of key.
pub struct Loaders {
    rows: Arc<Unscoped>,
    /// By the type of their keys: a [`Queue`] each.
    queues: Mutex<HashMap<TypeId, Box<dyn Any + Send>>>,
    spawn: Box<dyn Fn(Batch) + Send + Sync>,
}

/// The keys that wait, and for whom.
type Queue<K> = Arc<Mutex<Vec<(K, Sender<Loaded<K>>)>>>;

type Loaded<K> = Result<Option<<K as Key>::Row>, LoadError>;

/// What rows can be loaded by.
pub trait Key: Clone + Eq + Hash + Send + Sync + 'static {
    /// What it stands for.
    type Row: Clone + Send + 'static;

    /// What `keys` stand for.
    fn load(
        rows: &Unscoped,
        keys: &[Self],
    ) -> impl Future<Output = Result<HashMap<Self, Self::Row>, LoadError>> + Send;
}

impl<K> Key for K
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    Unscoped: Loader<K, Error = LoadError>,
{
    type Row = <Unscoped as Loader<K>>::Value;

    fn load(
        rows: &Unscoped,
        keys: &[Self],
    ) -> impl Future<Output = Result<HashMap<Self, Self::Row>, LoadError>> + Send {
        Loader::load(rows, keys)
    }
}

impl Loaders {
    /// Loaders over `db` whose batches run in tasks of their own: for what belongs to no single request.
    pub fn detached(db: Database) -> Self {
        Self::new(db, |batch| {
            tokio::spawn(async {
                // Whoever is ready to run may join.
                tokio::task::yield_now().await;
                batch.await;
            });
        })
    }

    fn new(db: Database, spawn: impl Fn(Batch) + Send + Sync + 'static) -> Self {
        Self { rows: Arc::new(Unscoped(db)), queues: Mutex::default(), spawn: Box::new(spawn) }
    }

    /// What `key` stands for, if anything does.
    ///
    /// # Errors
    /// Whatever the database reports.
    pub async fn load_one<K: Key>(&self, key: K) -> Result<Option<K::Row>, LoadError> {
        let queue = self.queue::<K>();
        let (sender, loaded) = oneshot::channel();
        let is_first = {
            let mut waiting = lock(&queue);
            waiting.push((key, sender));
            waiting.len() == 1
        };
        if is_first {
            (self.spawn)(Box::pin(load(self.rows.clone(), queue)));
        }
        let dropped = |_| Err(Arc::new(DbErr::Custom("the load was dropped".to_owned())));
        loaded.await.unwrap_or_else(dropped)
    }

    fn queue<K: Key>(&self) -> Queue<K> {
        let mut queues = lock(&self.queues);
        let queue = queues.entry(TypeId::of::<K>()).or_insert_with(|| Box::new(Queue::<K>::default()));
        queue.downcast_ref::<Queue<K>>().cloned().unwrap_or_default()
    }
}

impl std::fmt::Debug for Loaders {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Loaders").field("rows", &self.rows).finish_non_exhaustive()
    }
}

async fn load<K: Key>(rows: Arc<Unscoped>, queue: Queue<K>) {
    let waiting = std::mem::take(&mut *lock(&queue));
    let keys: HashSet<K> = waiting.iter().map(|(key, _)| key.clone()).collect();
    let keys: Vec<K> = keys.into_iter().collect();
    let loaded = K::load(&rows, &keys).await;
    for (key, caller) in waiting {
        let value = loaded.as_ref().map(|values| values.get(&key).cloned()).map_err(Arc::clone);
        // A caller who has gone away needs no row.
        let _ = caller.send(value);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The batches of one request that have been begun.
#[derive(Debug)]
pub struct Batches(UnboundedReceiver<Batch>);

impl Batches {
    /// The loaders of a request over `db`, and their batches, without which they load nothing.
    pub fn new(db: Database) -> (Loaders, Self) {
        let (sender, receiver) = mpsc::unbounded();
        // Once the request is over, nobody waits for a batch any more.
        let loaders = Loaders::new(db, move |batch| drop(sender.unbounded_send(batch)));
        (loaders, Self(receiver))
    }

    /// The outcome of `execution`, whose loaders these batches are of.
    pub async fn beside<T>(mut self, execution: impl Future<Output = T>) -> T {
        let mut execution = pin!(execution);
        let mut running = FuturesUnordered::new();
        poll_fn(|context| {
            loop {
                if let Poll::Ready(outcome) = execution.as_mut().poll(context) {
                    return Poll::Ready(outcome);
                }
                while let Ok(batch) = self.0.try_recv() {
                    running.push(batch);
                }
                let mut loaded = false;
                while let Poll::Ready(Some(())) = running.poll_next_unpin(context) {
                    loaded = true;
                }
                if !loaded {
                    return Poll::Pending;
                }
            }
        })
        .await
    }
}
