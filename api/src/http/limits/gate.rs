//! How many requests are executed at a time. Beyond that some wait, for a short time, and all others are told at once:
//! what waits for longer than its caller does is work for nobody.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// A place among those that are executed, for as long as it is held.
pub(in crate::http) struct Slot(
    #[expect(dead_code, reason = "held, and given back when dropped")] OwnedSemaphorePermit,
);

/// The places, and those to wait at.
pub(super) struct Gate {
    places: Arc<Semaphore>,
    waiting: Semaphore,
    patience: Duration,
}

impl Gate {
    /// So many places, and as many to wait at for no longer than `patience`.
    pub(super) fn new(places: usize, waiting: usize, patience: Duration) -> Self {
        Self { places: Arc::new(Semaphore::new(places)), waiting: Semaphore::new(waiting), patience }
    }

    /// Whether there is nothing free, not even to wait.
    pub(super) fn is_full(&self) -> bool {
        self.places.available_permits() == 0 && self.waiting.available_permits() == 0
    }

    /// A place; none when there is none to wait at either, or when the wait was in vain.
    pub(super) async fn enter(&self) -> Option<Slot> {
        if let Ok(place) = self.places.clone().try_acquire_owned() {
            return Some(Slot(place));
        }
        let _waiting = self.waiting.try_acquire().ok()?;
        let place = timeout(self.patience, self.places.clone().acquire_owned()).await;
        place.ok()?.ok().map(Slot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn some_wait_for_a_place_and_the_rest_is_turned_away() {
        let gate = Gate::new(1, 1, Duration::from_hours(1));
        let first = gate.enter().await.unwrap();
        let mut second = Box::pin(gate.enter());
        assert!(futures::poll!(&mut second).is_pending());
        assert!(gate.is_full());
        assert!(gate.enter().await.is_none());
        drop(first);
        assert!(second.await.is_some());
        assert!(!gate.is_full());
    }

    #[tokio::test]
    async fn nobody_waits_for_ever() {
        let gate = Gate::new(1, 1, Duration::from_millis(1));
        let _first = gate.enter().await.unwrap();
        assert!(gate.enter().await.is_none());
    }
}
