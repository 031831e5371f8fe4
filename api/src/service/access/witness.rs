//! What one request saw and changed.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use entity::access_log::Kind;
use entity::id::StudentId;

use super::buffer::Did;
use super::log::AccessLog;
use crate::auth::Role;
use crate::viewer::Viewer;

/// How long what is followed as it changes goes without being noted again.
const FOLLOWED_FOR: TimeDelta = TimeDelta::hours(1);

/// Notes whose records a request reads and changes, each once for each operation. Its notes go to the [`AccessLog`] with
/// [`Self::settle`], or at the latest when the request ends, even by its caller's hanging up. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Witness(Arc<Request>);

#[derive(Debug)]
struct Request {
    log: AccessLog,
    viewer: Viewer,
    notes: Mutex<Notes>,
}

#[derive(Debug, Default)]
struct Notes {
    /// What the log does not have yet, by operation.
    new: HashMap<String, HashSet<(StudentId, Kind)>>,
    /// Of a request that goes on: what the log has, and since when.
    told: Option<HashMap<Did, DateTime<Utc>>>,
}

impl Witness {
    /// A witness of what `viewer` does in one request.
    pub fn new(log: AccessLog, viewer: Viewer) -> Self {
        Self::with(log, viewer, Notes::default())
    }

    /// A witness of what `viewer` does in a request that goes on, such as a subscription. Whom it shows is noted when they
    /// are shown first, and then once an hour while they are: every change of a followed profile would fill the log, and
    /// say no more.
    pub fn of_follower(log: AccessLog, viewer: Viewer) -> Self {
        Self::with(log, viewer, Notes { told: Some(HashMap::new()), ..Notes::default() })
    }

    fn with(log: AccessLog, viewer: Viewer, notes: Notes) -> Self {
        Self(Arc::new(Request { log, viewer, notes: Mutex::new(notes) }))
    }

    /// Notes that the records of `students` were read or changed through `operation`, a root field of the schema.
    pub fn note(&self, operation: &str, kind: Kind, students: impl IntoIterator<Item = StudentId>) {
        // Nobody else's record can be seen by a student.
        if self.0.viewer.role() == Role::Student {
            return;
        }
        let mut students = students.into_iter().map(|student| (student, kind)).peekable();
        if students.peek().is_none() {
            return;
        }
        let mut notes = self.0.notes();
        match notes.new.get_mut(operation) {
            Some(of_operation) => of_operation.extend(students),
            None => drop(notes.new.insert(operation.to_owned(), students.collect())),
        }
    }

    /// Hands what was noted so far to the log: for what goes on for long, after each event or page that was sent.
    pub fn settle(&self) {
        self.0.settle();
    }

    /// As [`Self::settle`], and waits while the log has much to write: for whoever reads the records of everybody.
    pub async fn settle_and_wait(&self) {
        self.0.settle();
        self.0.log.catch_up().await;
    }
}

impl Request {
    fn settle(&self) {
        let mut notes = self.notes();
        let new = std::mem::take(&mut notes.new);
        if new.is_empty() {
            return;
        }
        let done = self.done(new);
        let Some(told) = &mut notes.told else { return self.log.note(done) };
        let now = self.log.now();
        told.retain(|_, since| now.signed_duration_since(*since) < FOLLOWED_FOR);
        let done: Vec<Did> = done.filter(|did| !told.contains_key(did)).collect();
        told.extend(done.iter().map(|did| (did.clone(), now)));
        self.log.note(done);
    }

    fn done(&self, notes: HashMap<String, HashSet<(StudentId, Kind)>>) -> impl Iterator<Item = Did> {
        let (role, subject) = (self.viewer.role(), Arc::<str>::from(self.viewer.subject()));
        notes.into_iter().flat_map(move |(operation, students)| {
            let (operation, subject) = (Arc::<str>::from(operation), subject.clone());
            students.into_iter().map(move |(student, kind)| Did {
                student,
                kind,
                role,
                subject: subject.clone(),
                operation: operation.clone(),
            })
        })
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        self.settle();
    }
}
