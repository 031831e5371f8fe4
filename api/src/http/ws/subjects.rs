//! How many sockets each subject has open.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::auth::Role;
use crate::viewer::Viewer;

/// The open sockets of each subject. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Subjects(Arc<Mutex<HashMap<Viewer, usize>>>);

/// A socket of a subject, for as long as it is open.
#[derive(Debug)]
pub(super) struct Place {
    subjects: Subjects,
    viewer: Viewer,
}

impl Subjects {
    /// A place for one more socket of `viewer`, unless there are `most` of them. The learning system has as many as it needs.
    pub(super) fn admit(&self, viewer: &Viewer, most: usize) -> Option<Place> {
        let mut open = self.open();
        let sockets = open.entry(viewer.clone()).or_default();
        if *sockets >= most && viewer.role() != Role::Service {
            return None;
        }
        *sockets += 1;
        Some(Place { subjects: self.clone(), viewer: viewer.clone() })
    }

    fn open(&self) -> MutexGuard<'_, HashMap<Viewer, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.subjects.open();
        if let Some(sockets) = open.get_mut(&self.viewer) {
            *sockets -= 1;
            if *sockets == 0 {
                open.remove(&self.viewer);
            }
        }
    }
}
