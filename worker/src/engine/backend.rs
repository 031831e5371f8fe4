//! What apalis polls: the storage, and the wake-ups that say when it is worth asking.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use apalis_core::backend::finalize::Ephemeral;
use apalis_core::backend::persistence::{Persisted, State};
use apalis_core::backend::{Backend, BackendConfig};
use apalis_core::layers::Identity;
use apalis_core::task::Task;
use apalis_core::worker::context::WorkerContext;
use entity::wake::Wake;
use futures::{Stream, StreamExt, stream};
use tokio::time::MissedTickBehavior;

use super::storage::{JobStorage, StorageError};
use crate::queue::Claim;

/// apalis asks for a heartbeat this often. Ours come from elsewhere, so it has nothing to do then.
const ENGINE_HEARTBEAT: Duration = Duration::from_mins(1);

type Hints = Pin<Box<dyn Stream<Item = ()> + Send>>;

/// Polls the storage whenever a wake-up or the fallback timer says that there may be something.
///
/// The engine's own strategies can swallow a wake-up that arrives while the storage is being asked. Here a hint is
/// remembered until a question that was begun after it has been answered with "nothing".
pub(super) struct JobBackend {
    storage: Persisted<JobStorage>,
    hints: Hints,
    ask_again: bool,
}

impl JobBackend {
    pub(super) fn new(storage: JobStorage, wake: &Wake, poll: Duration) -> Self {
        Self { storage: Persisted::new(storage), hints: hints(wake, poll), ask_again: true }
    }

    /// Takes all hints there are, and leaves the waker with whatever gives the next one.
    fn take_hints(&mut self, cx: &mut Context<'_>) {
        while let Poll::Ready(Some(())) = self.hints.poll_next_unpin(cx) {
            self.ask_again = true;
        }
    }

    fn is_idle(&self) -> bool {
        matches!(self.storage.state(), State::Ready)
    }
}

fn hints(wake: &Wake, poll: Duration) -> Hints {
    let commits = stream::unfold(wake.listen(), |mut commits| async move {
        commits.changed().await.ok()?;
        Some(((), commits))
    });
    let mut timer = tokio::time::interval(poll);
    timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let ticks = stream::unfold(timer, |mut timer| async move {
        timer.tick().await;
        Some(((), timer))
    });
    Box::pin(stream::select(commits, ticks))
}

impl Backend for JobBackend {
    type Task = Task<Claim>;
    type Error = StorageError;

    fn poll_ready(&mut self, cx: &mut Context<'_>, worker: &WorkerContext) -> Poll<Result<(), StorageError>> {
        self.storage.poll_ready(cx, worker, ENGINE_HEARTBEAT)
    }

    fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
        worker: &WorkerContext,
    ) -> Poll<Option<Result<Task<Claim>, StorageError>>> {
        self.take_hints(cx);
        loop {
            if self.is_idle() && !std::mem::take(&mut self.ask_again) {
                return Poll::Pending;
            }
            match self.storage.poll_next(cx, worker) {
                // There may be more where this came from.
                Poll::Ready(task) => {
                    self.ask_again = true;
                    return Poll::Ready(task);
                }
                // Answered with "nothing": ask once more if a hint has come since.
                Poll::Pending if self.is_idle() => {}
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    fn poll_close(&mut self, cx: &mut Context<'_>, worker: &WorkerContext) -> Poll<Result<(), StorageError>> {
        self.storage.poll_close(cx, worker)
    }
}

impl BackendConfig for JobBackend {
    type Args = Claim;
    type Id = uuid::Uuid;
    type Kind = Ephemeral;
    type Config = ();
    type Layer = Identity;

    fn config(&self) -> &() {
        &()
    }

    fn middleware(&mut self, _: &mut WorkerContext) -> Identity {
        Identity::new()
    }
}
