//! What has changed for readers, told after each commit.
//!
//! Only hints: whoever cannot afford to miss one looks at the database from time to time as well. Within a process they are
//! given to [`Listener`]s before the commit is acknowledged; between processes they go over PostgreSQL ([`announce`]), or
//! are drawn from an SQLite file's own version ([`hear`]).

mod postgres;
mod sqlite;

use std::fmt::Debug;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::time::Duration;

use sea_orm::DbBackend;

use crate::database::Database;
use crate::id::{CourseId, GuardianId, StudentId};

pub use postgres::announce;

/// Something that a reader may hold has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// The student's facts or enrolments have changed: the aggregates may be stale. Told within the process only.
    Facts(StudentId),
    /// The course has changed: its title. Told within the process only.
    Course(CourseId),
    /// The student's aggregates were written, or the student is no more.
    Profile(StudentId),
    /// The guardian may see other children, or the same at other times.
    Children(GuardianId),
}

/// What was heard from other processes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Just this.
    Changes(Vec<Change>),
    /// Anything may have changed.
    Anything,
}

/// Hears of the changes that this process commits.
pub trait Listener: Debug + Send + Sync {
    /// Takes note of `changes`. Called within the commit: it must be quick, and must not wait.
    fn note(&self, changes: &[Change]);
}

/// Passes on what this process commits. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Feed {
    listeners: Arc<RwLock<Vec<Weak<dyn Listener>>>>,
    /// Tells what was committed here from what was committed elsewhere.
    origin: u64,
}

impl Feed {
    pub(crate) fn new() -> Self {
        // The standard library's hashers are seeded by chance, which is all that is needed here.
        Self { listeners: Arc::default(), origin: RandomState::new().build_hasher().finish() }
    }

    /// Tells `listener` of everything from now on, for as long as it is there.
    pub fn tell(&self, listener: Weak<dyn Listener>) {
        let mut listeners = self.listeners.write().unwrap_or_else(PoisonError::into_inner);
        listeners.retain(|listener| listener.strong_count() > 0);
        listeners.push(listener);
    }

    pub(crate) fn publish(&self, changes: &[Change]) {
        for listener in self.listeners.read().unwrap_or_else(PoisonError::into_inner).iter() {
            if let Some(listener) = listener.upgrade() {
                listener.note(changes);
            }
        }
    }
}

/// Calls `heard` for whatever changes in other processes, for as long as it is polled. On SQLite the file is looked at
/// `every` so often.
///
/// When hearing begins, and after every interruption, anything may have changed.
pub async fn hear(db: &Database, every: Duration, heard: impl Fn(Heard) + Send) {
    match db.backend() {
        DbBackend::Sqlite => sqlite::hear(db, every, heard).await,
        _ => postgres::hear(db, heard).await,
    }
}
