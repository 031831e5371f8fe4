//! Recomputes the aggregates of students from their facts: many in one set of statements, each exactly.

mod computation;
mod rows;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use computation::Computation;
use entity::clock::Clock;
use entity::database::{Database, UnitOfWork, WriteTransaction};
use entity::feed::Change;
use entity::id::StudentId;
use entity::{change, student_profile};
use sea_orm::DbErr;

use crate::queue::{self, Claim};

/// What became of the jobs of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recalculated {
    /// How many jobs were completed. The others had lost their lease.
    pub completed: usize,
    /// For each student who was stale: since when.
    pub stale_since: Vec<DateTime<Utc>>,
    /// The time that the profiles were stamped with.
    pub stamped_at: DateTime<Utc>,
}

/// Recomputes the students of `claim` and completes their jobs, all in one transaction.
///
/// First the profiles are locked, so that every change that is about to commit is waited for; only then are the facts
/// read, so that every committed change is seen. A student who is gone is success. A job that lost its lease is left
/// out: whoever took it over does the work.
///
/// # Errors
/// Whatever the database reports; nothing is written then, for any of the students.
pub async fn recalculate(db: &Database, clock: &dyn Clock, claim: &Claim) -> Result<Recalculated, DbErr> {
    db.write(&Recalculate { db, clock, claim }).await
}

struct Recalculate<'a> {
    db: &'a Database,
    clock: &'a dyn Clock,
    claim: &'a Claim,
}

impl UnitOfWork for Recalculate<'_> {
    type Output = Recalculated;
    type Error = DbErr;

    async fn run(&self, txn: &WriteTransaction) -> Result<Recalculated, DbErr> {
        let jobs = &self.claim.jobs;
        let students = jobs.iter().map(|job| job.student_id).collect();
        let mut profiles = change::lock_students(txn, &students).await?;
        let completed: BTreeSet<_> = queue::complete(txn, self.claim, self.db).await?.into_iter().collect();
        let held: BTreeSet<_> =
            jobs.iter().filter(|job| completed.contains(&job.id)).map(|job| job.student_id).collect();
        profiles.retain(|student, _| held.contains(student));
        let stale_since = profiles.values().filter_map(|profile| profile.stale_since).collect();
        let stamped_at = self.clock.now();
        rewrite(txn, profiles, stamped_at).await?;
        Ok(Recalculated { completed: completed.len(), stale_since, stamped_at })
    }
}

/// Computes the aggregates of the locked `profiles` and writes them.
async fn rewrite(
    txn: &WriteTransaction,
    profiles: BTreeMap<StudentId, student_profile::Model>,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    if profiles.is_empty() {
        return Ok(());
    }
    let students: Vec<StudentId> = profiles.keys().copied().collect();
    let computation = Computation::of(&**txn, &students).await?;
    rows::write_enrollments(txn, computation.changed_enrollments()).await?;
    txn.tell_on_commit(students.iter().copied().map(Change::Profile));
    let profiles = profiles.into_values().map(|profile| {
        let total = computation.total(profile.student_id);
        profile.with_aggregates(total, now)
    });
    rows::write_profiles(txn, profiles.collect()).await
}
