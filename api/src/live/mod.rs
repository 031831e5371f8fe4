//! Telling readers of this process that what they have read has changed.
//!
//! | modules | what lives there |
//! |---|---|
//! | `hub` | who waits for what, and the waking of those who do |
//! | `elsewhere` | what other processes commit: hints from them, and a look at the versions when hints may be lost |
//!
//! A hint says that something may have changed, never what it has become: whoever is woken reads the database, within
//! what the viewer may see at that moment. A lost hint costs at most the time between two looks.

mod elsewhere;
mod hub;

use std::sync::Arc;

use entity::database::Database;
use entity::feed::Listener;

use hub::Hub;
pub use hub::{Topic, Watch};

/// Where the worker runs that computes this process's profiles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Worker {
    /// In this process, which hears of every commit at once.
    #[default]
    Here,
    /// In another process.
    Elsewhere,
}

/// Wakes whoever watches students' profiles. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Live(Arc<Hub>);

impl Live {
    /// Begins to listen to what is committed to `db`, until the last clone is gone. Whatever has changed is told to `first`
    /// before anybody who watches is woken.
    ///
    /// Must be called within a runtime.
    pub fn start(db: &Database, worker: Worker, first: Arc<dyn Listener>) -> Self {
        let hub = Arc::new(Hub::new(first));
        let listener: Arc<dyn Listener> = hub.clone();
        db.feed().tell(Arc::downgrade(&listener));
        tokio::spawn(elsewhere::listen(db.clone(), worker, Arc::downgrade(&hub)));
        Self(hub)
    }

    /// Watches `topic` from now on.
    pub fn watch(&self, topic: Topic) -> Watch {
        self.0.watch(topic)
    }
}
