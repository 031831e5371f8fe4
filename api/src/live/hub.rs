//! Who waits for what.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use entity::feed::{Change, Listener};
use entity::id::{GuardianId, StudentId};
use tokio::sync::watch;

/// What can be watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    /// A student's profile.
    Profile(StudentId),
    /// Whose profiles a guardian may see. A guardian who is not known yet has none to watch by.
    Children(Option<GuardianId>),
}

/// Everything that is watched in this process.
#[derive(Debug)]
pub(super) struct Hub {
    /// Is told of a change before anybody is woken for it.
    first: Arc<dyn Listener>,
    topics: Mutex<HashMap<Topic, Watched>>,
    /// Whether anything is watched.
    busy: watch::Sender<bool>,
}

#[derive(Debug)]
struct Watched {
    signal: watch::Sender<()>,
    /// The newest version of the profile that anybody has read, if anybody has said.
    version: Option<i64>,
}

impl Listener for Hub {
    fn note(&self, changes: &[Change]) {
        self.first.note(changes);
        self.wake(changes);
    }
}

impl Hub {
    pub(super) fn new(first: Arc<dyn Listener>) -> Self {
        Self { first, topics: Mutex::default(), busy: watch::Sender::new(false) }
    }

    pub(super) fn watch(self: &Arc<Self>, topic: Topic) -> Watch {
        let mut topics = self.topics();
        let watched =
            topics.entry(topic).or_insert_with(|| Watched { signal: watch::Sender::new(()), version: None });
        let signal = watched.signal.subscribe();
        self.busy.send_if_modified(|busy| !std::mem::replace(busy, true));
        Watch { hub: self.clone(), topic, signal: Some(signal) }
    }

    /// Wakes whoever watches what has changed.
    fn wake(&self, changes: &[Change]) {
        let topics = self.topics();
        if topics.is_empty() {
            return;
        }
        for change in changes {
            let topic = match change {
                Change::Facts(_) | Change::Course(_) => continue,
                Change::Profile(student) => Topic::Profile(*student),
                Change::Children(guardian) => Topic::Children(Some(*guardian)),
            };
            if let Some(watched) = topics.get(&topic) {
                watched.signal.send_replace(());
            }
        }
    }

    /// Has all guardians who watch look again at who their children are.
    pub(super) fn signal_all_guardians(&self) {
        for (topic, watched) in self.topics().iter() {
            if matches!(topic, Topic::Children(_)) {
                watched.signal.send_replace(());
            }
        }
    }

    /// The students who are watched.
    pub(super) fn students(&self) -> Vec<StudentId> {
        let student = |topic: &Topic| match topic {
            Topic::Profile(student) => Some(*student),
            Topic::Children(_) => None,
        };
        self.topics().keys().filter_map(student).collect()
    }

    /// Wakes whoever watches `student` unless this `version` has been read already; none when the student is no more.
    pub(super) fn compare(&self, student: StudentId, version: Option<i64>) {
        if let Some(watched) = self.topics().get_mut(&Topic::Profile(student))
            && (version.is_none() || version > watched.version)
        {
            watched.version = version.max(watched.version);
            watched.signal.send_replace(());
        }
    }

    /// Whether anything is watched, and word of when that changes.
    pub(super) fn busy(&self) -> watch::Receiver<bool> {
        self.busy.subscribe()
    }

    fn topics(&self) -> MutexGuard<'_, HashMap<Topic, Watched>> {
        self.topics.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Hears of the changes of one topic from the moment it is made.
#[derive(Debug)]
pub struct Watch {
    hub: Arc<Hub>,
    topic: Topic,
    /// There until this is dropped.
    signal: Option<watch::Receiver<()>>,
}

impl Watch {
    /// Returns when there was a change since the last call. Several changes are one.
    pub async fn changed(&mut self) {
        if let Some(signal) = &mut self.signal {
            // The sender is there as long as this is.
            let _ = signal.changed().await;
        }
    }

    /// Notes that this version of the profile was read, so that no look at the versions gives a signal for it.
    pub fn saw(&self, version: i64) {
        if let Some(watched) = self.hub.topics().get_mut(&self.topic) {
            watched.version = watched.version.max(Some(version));
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut topics = self.hub.topics();
        self.signal = None;
        if topics.get(&self.topic).is_some_and(|watched| watched.signal.receiver_count() == 0) {
            topics.remove(&self.topic);
        }
        if topics.is_empty() {
            // What made it large may be over.
            topics.shrink_to_fit();
            self.hub.busy.send_replace(false);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;
    use uuid::Uuid;

    use super::*;

    #[derive(Debug)]
    struct Nobody;

    impl Listener for Nobody {
        fn note(&self, _: &[Change]) {}
    }

    #[test]
    fn the_last_watch_takes_its_topic_along() {
        let hub = Arc::new(Hub::new(Arc::new(Nobody)));
        let student = StudentId(Uuid::from_u128(1));
        let (first, second) = (hub.watch(Topic::Profile(student)), hub.watch(Topic::Profile(student)));
        assert_eq!(hub.students(), [student]);
        drop(first);
        assert_eq!(hub.students(), [student]);
        assert!(*hub.busy().borrow());
        drop(second);
        assert_eq!(hub.students(), []);
        assert!(!*hub.busy().borrow());
    }

    #[test]
    fn only_a_version_that_nobody_has_read_gives_a_signal() {
        let hub = Arc::new(Hub::new(Arc::new(Nobody)));
        let student = StudentId(Uuid::from_u128(1));
        let mut watch = hub.watch(Topic::Profile(student));
        watch.saw(3);
        for (version, signal) in
            [(Some(2), false), (Some(3), false), (Some(4), true), (Some(4), false), (None, true)]
        {
            hub.compare(student, version);
            assert_eq!(watch.changed().now_or_never().is_some(), signal, "{version:?}");
        }
    }
}
