//! Profiles kept in memory, for those who see everybody, with what they are made of: the enrolments and their courses.
//!
//! What anybody else may see is asked of the database each time, with the same statement that reads the profile: there is
//! nothing to gain.
//!
//! A profile that is kept is as fresh as one that is read, but for what other processes commit without its being heard of:
//! that it may lack for [`KEPT_FOR`] at most. It is never older than one that was given to whoever follows it. A stale
//! profile is not kept: it is about to change. Whoever is served a profile from memory is noted as if it had been read.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use entity::feed::{Change, Listener};
use entity::id::{CourseId, StudentId};
use entity::sea_orm::{DatabaseConnection, DbErr};
use entity::{course, enrollment, student_profile};
use moka::sync::Cache;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;

use super::{Enrollments, Scope, profile};
use crate::service::facts::Reference;

/// How long a profile is kept, from before it was read.
const KEPT_FOR: Duration = Duration::from_secs(2);
/// How many profiles are kept.
const CAPACITY: u64 = 100_000;

/// Profiles that were read a short while ago, if they are kept at all. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct ProfileCache(Option<Arc<Kept>>);

#[derive(Debug)]
struct Kept {
    profiles: Cache<StudentId, Slot>,
    /// Whose a `sourcedId` is. One that is not any more leads to a profile that is not there, and so to the database.
    students: Cache<String, StudentId>,
    courses: Cache<CourseId, Read<course::Model>>,
    /// How often this process has changed anything. What was read before that may be outdated, and is not kept. Whoever
    /// changes what is kept holds this.
    epoch: Mutex<u64>,
    hits: Counter,
    misses: Counter,
}

/// What is known of a profile.
#[derive(Clone, Debug)]
struct Slot {
    /// Nothing older than this was given to anybody since, or will be: the version, and the revision of the facts.
    newest: (i64, i64),
    /// The profile, if it can be served.
    profile: Option<Read<student_profile::Model>>,
    /// The enrolments that the numbers of this very profile are made of, once somebody has asked for them.
    enrollments: Arc<OnceLock<Vec<enrollment::Model>>>,
}

impl Slot {
    fn new(newest: (i64, i64), profile: Option<Read<student_profile::Model>>) -> Self {
        Self { newest, profile, enrollments: Arc::default() }
    }
}

/// What was read, and when that began: it may lack what was committed from then on.
#[derive(Clone, Debug)]
struct Read<T> {
    began: Instant,
    row: T,
}

impl<T> Read<T> {
    fn if_recent(self) -> Option<T> {
        (self.began.elapsed() < KEPT_FOR).then_some(self.row)
    }
}

impl ProfileCache {
    /// Keeps profiles.
    pub fn on() -> Self {
        let (profiles, students, courses) = (Cache::builder(), Cache::builder(), Cache::builder());
        Self(Some(Arc::new(Kept {
            profiles: profiles.max_capacity(CAPACITY).time_to_live(KEPT_FOR).build(),
            students: students.max_capacity(CAPACITY).time_to_live(KEPT_FOR).build(),
            courses: courses.max_capacity(CAPACITY).time_to_live(KEPT_FOR).build(),
            epoch: Mutex::default(),
            hits: Counter::default(),
            misses: Counter::default(),
        })))
    }

    /// Keeps nothing.
    pub const fn off() -> Self {
        Self(None)
    }

    /// Whether anything is kept.
    pub const fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Has the metrics of `registry` tell how often a profile was there.
    pub fn register(&self, registry: &mut Registry) {
        if let Some(kept) = &self.0 {
            let (hits, misses) = ("Profiles that were served from memory", "Profiles that had to be read");
            registry.register("profile_cache_hits", hits, kept.hits.clone());
            registry.register("profile_cache_misses", misses, kept.misses.clone());
        }
    }

    /// The aggregates of the student that `reference` names.
    ///
    /// # Errors
    /// Whatever the database reports.
    pub async fn profile(
        &self,
        db: &DatabaseConnection,
        scope: &Scope,
        reference: &Reference,
    ) -> Result<Option<student_profile::Model>, DbErr> {
        let Some(kept) = self.0.as_ref().filter(|_| scope.viewer().sees_everybody()) else {
            return profile(db, scope, reference).await;
        };
        if let Some(row) = kept.find(reference) {
            kept.hits.inc();
            scope.seen(std::slice::from_ref(&row));
            return Ok(Some(row));
        }
        kept.misses.inc();
        let (epoch, began) = (*kept.epoch(), Instant::now());
        let row = profile(db, scope, reference).await?;
        if let Some(row) = &row {
            kept.take(reference, Read { began, row: row.clone() }, epoch);
        }
        Ok(row)
    }

    /// The enrolments of a profile that the viewer has seen, as `read` reads them unless they are here already. They are
    /// those that the numbers of the profile are made of.
    ///
    /// # Errors
    /// That of `read`.
    pub async fn enrollments<E>(
        &self,
        profile: &student_profile::Model,
        read: impl Future<Output = Result<Enrollments, E>>,
    ) -> Result<Vec<enrollment::Model>, E> {
        let slot = self.0.as_ref().and_then(|kept| kept.served(profile));
        if let Some(rows) = slot.as_ref().and_then(|slot| slot.enrollments.get()) {
            return Ok(rows.clone());
        }
        let Enrollments { rows, newest } = read.await?;
        // What belongs to a slot that has been replaced meanwhile nobody asks for.
        if let Some(slot) = slot.filter(|slot| newest == Some(slot.newest)) {
            let _ = slot.enrollments.set(rows.clone());
        }
        Ok(rows)
    }

    /// A course, as `read` reads it unless it is here already.
    ///
    /// # Errors
    /// That of `read`.
    pub async fn course<E>(
        &self,
        id: CourseId,
        read: impl Future<Output = Result<course::Model, E>>,
    ) -> Result<course::Model, E> {
        let Some(kept) = &self.0 else { return read.await };
        if let Some(course) = kept.courses.get(&id).and_then(Read::if_recent) {
            return Ok(course);
        }
        let (epoch, began) = (*kept.epoch(), Instant::now());
        let course = read.await?;
        let now = kept.epoch();
        if *now == epoch {
            kept.courses.insert(id, Read { began, row: course.clone() });
        }
        Ok(course)
    }

    /// Takes note of profiles that are about to be given to whoever follows them: none that is older is served any more.
    pub(super) fn saw<'a>(&self, rows: impl Iterator<Item = &'a student_profile::Model>) {
        let Some(kept) = &self.0 else { return };
        let _epoch = kept.epoch();
        for row in rows {
            if kept.newest(row.student_id) < Some(newest(row)) {
                kept.profiles.insert(row.student_id, Slot::new(newest(row), None));
            }
        }
    }
}

impl Listener for ProfileCache {
    fn note(&self, changes: &[Change]) {
        let Some(kept) = &self.0 else { return };
        let mut epoch = kept.epoch();
        *epoch += 1;
        for change in changes {
            match change {
                Change::Facts(student) | Change::Profile(student) => kept.profiles.invalidate(student),
                Change::Course(course) => kept.courses.invalidate(course),
                Change::Children(_) => {}
            }
        }
    }
}

impl Kept {
    fn find(&self, reference: &Reference) -> Option<student_profile::Model> {
        let student = match reference {
            Reference::Id(id) => StudentId(*id),
            Reference::SourcedId(sourced_id) => self.students.get(sourced_id)?,
        };
        self.profiles.get(&student)?.profile?.if_recent()
    }

    /// What is kept of exactly this state of a profile.
    fn served(&self, profile: &student_profile::Model) -> Option<Slot> {
        self.profiles
            .get(&profile.student_id)
            .filter(|slot| slot.profile.is_some() && slot.newest == newest(profile))
    }

    /// Takes in a profile that was read in `epoch`. It is served to others if it is not stale, and cannot have been changed
    /// by this process meanwhile.
    fn take(&self, reference: &Reference, read: Read<student_profile::Model>, epoch: u64) {
        let now = self.epoch();
        let (student, newest) = (read.row.student_id, newest(&read.row));
        if Some(newest) < self.newest(student) {
            return;
        }
        let can_be_served = *now == epoch && !read.row.is_stale();
        self.profiles.insert(student, Slot::new(newest, can_be_served.then_some(read)));
        if let Reference::SourcedId(sourced_id) = reference {
            self.students.insert(sourced_id.clone(), student);
        }
    }

    fn newest(&self, student: StudentId) -> Option<(i64, i64)> {
        self.profiles.get(&student).map(|slot| slot.newest)
    }

    fn epoch(&self) -> MutexGuard<'_, u64> {
        self.epoch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn newest(row: &student_profile::Model) -> (i64, i64) {
    (row.version, row.facts_revision)
}
