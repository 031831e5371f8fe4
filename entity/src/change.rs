//! The one way by which a changed fact reaches the aggregates.
//!
//! Every transaction that changes facts first locks the profiles of its students ([`lock_students`]), then reads and
//! writes the facts, and last calls [`record`]. The lock makes the facts of one student change one transaction at a
//! time, and makes a recalculation wait for a change that is about to commit. So neither can miss the other: a
//! recalculation that has the lock sees every committed fact, and a change that gets the lock afterwards leaves the
//! profile stale with a job waiting.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::database::WriteTransaction;
use crate::feed::Change;
use crate::id::{JobId, StudentId};
use crate::{job, student_profile, trace};

/// Students per statement, well below both databases' limits on parameters.
const CHUNK: usize = 1000;

/// Locks the profiles of `students` until the transaction ends, and returns those that exist.
///
/// Always in the order of the ids, so that two transactions over the same students cannot wait for each other.
///
/// # Errors
/// Whatever the database reports.
pub async fn lock_students(
    txn: &WriteTransaction,
    students: &BTreeSet<StudentId>,
) -> Result<BTreeMap<StudentId, student_profile::Model>, DbErr> {
    let mut locked = BTreeMap::new();
    for chunk in chunks(students) {
        let profiles = student_profile::Entity::find()
            .filter(student_profile::Column::StudentId.is_in(chunk))
            .order_by_asc(student_profile::Column::StudentId)
            .lock_exclusive()
            .all(&**txn)
            .await?;
        locked.extend(profiles.into_iter().map(|profile| (profile.student_id, profile)));
    }
    Ok(locked)
}

/// Marks the aggregates of `students` as stale and enqueues their recalculation, all in the transaction of the facts.
/// Returns the facts revision that each student has now.
///
/// The profiles must have been locked with [`lock_students`]. A student without a profile is passed over.
///
/// # Errors
/// Whatever the database reports.
pub async fn record(
    txn: &WriteTransaction,
    students: &BTreeSet<StudentId>,
    now: DateTime<Utc>,
) -> Result<BTreeMap<StudentId, i64>, DbErr> {
    use student_profile::Column;
    let mut revisions = BTreeMap::new();
    for chunk in chunks(students) {
        let stale = student_profile::Entity::update_many()
            .col_expr(Column::FactsRevision, Expr::col(Column::FactsRevision).add(1))
            .col_expr(Column::StaleSince, Expr::col(Column::StaleSince).if_null(now))
            .filter(Column::StudentId.is_in(chunk))
            .exec_with_returning(&**txn)
            .await?;
        revisions.extend(stale.into_iter().map(|profile| (profile.student_id, profile.facts_revision)));
    }
    txn.tell_on_commit(students.iter().copied().map(Change::Facts));
    enqueue_recalculation(txn, students, job::LIVE_PRIORITY, now).await?;
    Ok(revisions)
}

/// Enqueues a recalculation of each of `students` without a change of facts: for the sweep, and by hand.
///
/// A waiting job takes the request upon itself. The conflicting row is updated and never just left alone: the update
/// locks it until this transaction ends, so that no worker can start it too early and miss our facts.
///
/// # Errors
/// Whatever the database reports.
pub async fn enqueue_recalculation(
    txn: &WriteTransaction,
    students: &BTreeSet<StudentId>,
    priority: i16,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let trace_parent = trace::current();
    for chunk in chunks(students) {
        let jobs = recalculations(chunk, priority, job::MAX_ATTEMPTS, trace_parent.as_deref(), now);
        job::Entity::insert_many(jobs)
            .on_conflict(coalesce_with_waiting())
            .exec_without_returning(&**txn)
            .await?;
        txn.wake_on_commit();
    }
    Ok(())
}

/// Like [`enqueue_recalculation`], for a backfill that waits for the ends of the jobs: they are marked so, and returned.
///
/// # Errors
/// Whatever the database reports.
pub async fn enqueue_backfill(
    txn: &WriteTransaction,
    students: &BTreeSet<StudentId>,
    priority: i16,
    now: DateTime<Utc>,
) -> Result<Vec<(StudentId, JobId)>, DbErr> {
    let mut enqueued = Vec::new();
    let trace_parent = trace::current();
    for chunk in chunks(students) {
        let jobs = recalculations(chunk, priority, job::BACKFILL_MAX_ATTEMPTS, trace_parent.as_deref(), now)
            .map(|job| job::ActiveModel { backfill: Set(true), ..job });
        let keys = job::Entity::insert_many(jobs)
            .on_conflict(coalesce_with_waiting())
            .exec_with_returning_keys(&**txn)
            .await?;
        enqueued.extend(keys);
        txn.wake_on_commit();
    }
    Ok(enqueued)
}

fn recalculations(
    students: Vec<StudentId>,
    priority: i16,
    max_attempts: i32,
    trace_parent: Option<&str>,
    now: DateTime<Utc>,
) -> impl Iterator<Item = job::ActiveModel> {
    students.into_iter().map(move |student_id| job::ActiveModel {
        student_id: Set(student_id),
        id: Set(JobId::new(now)),
        kind: Set(job::RECALCULATE.to_owned()),
        state: Set(job::State::Available),
        priority: Set(priority),
        max_attempts: Set(max_attempts),
        trace_parent: Set(trace_parent.map(str::to_owned)),
        ..Default::default()
    })
}

/// What happens to a request for which a job is waiting already.
fn coalesce_with_waiting() -> OnConflict {
    OnConflict::columns([job::Column::StudentId, job::Column::Kind])
        // Written out: a bound parameter would hide from the planner that this is the index's own condition.
        .target_and_where(Expr::cust("state = 'available'"))
        .values([
            (job::Column::Coalesced, Expr::cust("job.coalesced + 1")),
            (
                // Later than now only after the clock was set back.
                job::Column::RunAt,
                Expr::cust("CASE WHEN excluded.run_at < job.run_at THEN excluded.run_at ELSE job.run_at END"),
            ),
            (job::Column::TraceParent, Expr::cust("COALESCE(excluded.trace_parent, job.trace_parent)")),
            (
                job::Column::Priority,
                Expr::cust(
                    "CASE WHEN excluded.priority < job.priority THEN excluded.priority ELSE job.priority END",
                ),
            ),
            (
                job::Column::MaxAttempts,
                Expr::cust(
                    "CASE WHEN excluded.max_attempts > job.max_attempts \
                     THEN excluded.max_attempts ELSE job.max_attempts END",
                ),
            ),
            (job::Column::Backfill, Expr::cust("(job.backfill OR excluded.backfill)")),
        ])
        .to_owned()
}

fn chunks(students: &BTreeSet<StudentId>) -> impl Iterator<Item = Vec<StudentId>> {
    let students: Vec<StudentId> = students.iter().copied().collect();
    let chunks: Vec<Vec<StudentId>> = students.chunks(CHUNK).map(<[StudentId]>::to_vec).collect();
    chunks.into_iter()
}
