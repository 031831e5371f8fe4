//! The wake-up that follows a commit which enqueued something.
//!
//! Only a hint: a lost one costs at most the worker's fallback poll.

use std::sync::Arc;

use tokio::sync::watch;

/// Tells everybody in this process who listens that there may be new jobs. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Wake(Arc<watch::Sender<u64>>);

impl Wake {
    /// A wake-up that nobody listens to yet.
    pub fn new() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }

    /// Wakes all listeners. Several calls before a listener looks are one wake-up for it.
    pub fn signal(&self) {
        self.0.send_modify(|generation| *generation = generation.wrapping_add(1));
    }

    /// A listener that hears of every [`Self::signal`] from now on.
    pub fn listen(&self) -> watch::Receiver<u64> {
        self.0.subscribe()
    }
}

impl Default for Wake {
    fn default() -> Self {
        Self::new()
    }
}
