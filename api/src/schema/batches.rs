//! When the loads of a request run: whenever its execution has come to a standstill.
//!
//! Left to a task of its own, a batch leaves when its millisecond is over, also while the fields that want to join it are
//! still being reached: on a busy machine one statement became several, as chance would have it. Run beside the execution,
//! no batch leaves before the execution has got as far as it can.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use async_graphql::dataloader::DataLoader;
use entity::database::Database;
use futures::StreamExt as _;
use futures::channel::mpsc::{self, UnboundedReceiver};
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;

use super::context::Loaders;
use crate::service::read::Unscoped;

/// The batches of one request that have been begun.
#[derive(Debug)]
pub struct Batches(UnboundedReceiver<BoxFuture<'static, ()>>);

impl Batches {
    /// The loaders of a request over `db`, and their batches, without which they load nothing.
    pub fn new(db: Database) -> (Loaders, Self) {
        let (sender, receiver) = mpsc::unbounded();
        // Once the request is over, nobody waits for a batch any more.
        let loaders = DataLoader::new(Unscoped(db), move |batch| drop(sender.unbounded_send(batch)));
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
