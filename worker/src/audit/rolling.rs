//! The slow round: a few students at a time, again and again, shared by all workers of a database.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use entity::aggregate_drift::{self, Differences};
use entity::clock::Clock;
use entity::database::{Database, UnitOfWork, WriteTransaction};
use entity::id::StudentId;
use entity::{audit_cursor, change, db_time, student_profile};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, SimpleExpr};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DbErr, EntityTrait, IntoActiveModel, JoinType, QueryFilter, QuerySelect,
    RelationTrait,
};

use super::{Checked, Drift, check, students_after};

/// Findings that are forgotten in one step at most.
const MOST_CLOSED: u64 = 1000;

/// How fast the audit goes round.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// How many students are checked at a time, at most a thousand; with none there is no audit.
    pub students: u16,
    /// How often.
    pub every: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { students: 100, every: Duration::from_secs(10) }
    }
}

/// What one step of the audit came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audited {
    /// How many students were judged.
    pub checked: usize,
    /// The drifts that were not known before.
    pub found: Vec<Drift>,
}

/// Checks the next students, if it is time to, and writes down what differs. None if it is not time: another worker has
/// just done so.
///
/// # Errors
/// Whatever the database reports.
pub async fn step(db: &Database, clock: &dyn Clock, pace: Pace) -> Result<Option<Audited>, DbErr> {
    if pace.students == 0 || !is_due(db, pace.every).await? {
        return Ok(None);
    }
    let Some(after) = take_turn(db, pace.every).await? else { return Ok(None) };
    let limit = u64::from(pace.students);
    let students = students_after(db.reader(), after, limit).await?;
    let checked = check(db, &students).await?;
    let judged = checked.right.len() + checked.drifts.len();
    let found = write_down(db, clock.now(), checked).await?;
    let whole_page = u64::try_from(students.len()).is_ok_and(|students| students == limit);
    let next = students.last().copied().filter(|_| whole_page);
    if next != after {
        advance(db, next).await?;
    }
    Ok(Some(Audited { checked: judged, found }))
}

/// Looked at before the turn is taken: on SQLite even an update that finds nothing takes the write lock.
async fn is_due(db: &Database, every: Duration) -> Result<bool, DbErr> {
    let due =
        audit_cursor::Entity::find_by_id(audit_cursor::ONLY).filter(due(db, every)).one(db.reader()).await?;
    Ok(due.is_some())
}

/// A turn that is further ahead than the next one can be was reckoned before the clock was set back.
fn due(db: &Database, every: Duration) -> SimpleExpr {
    let due_at = || Expr::col(audit_cursor::Column::DueAt);
    let has_come = due_at().lte(db_time::now(db.backend()));
    has_come.or(due_at().gt(db_time::after(db.backend(), every)))
}

/// After whom to go on, if no other worker has taken the turn.
async fn take_turn(db: &Database, every: Duration) -> Result<Option<Option<StudentId>>, DbErr> {
    // A little early, so that a worker that comes round in time is not just too early.
    let next_turn = db_time::after(db.backend(), every.mul_f64(0.9));
    let taken = audit_cursor::Entity::update_many()
        .col_expr(audit_cursor::Column::DueAt, next_turn)
        .filter(audit_cursor::Column::Id.eq(audit_cursor::ONLY))
        .filter(due(db, every))
        .exec_with_returning(db.writer())
        .await?;
    Ok(taken.into_iter().next().map(|cursor| cursor.after_student_id))
}

/// Only once the students are checked: if this worker dies before, they are the next one's.
async fn advance(db: &Database, after: Option<StudentId>) -> Result<(), DbErr> {
    audit_cursor::Entity::update_many()
        .col_expr(audit_cursor::Column::AfterStudentId, Expr::value(after))
        .filter(audit_cursor::Column::Id.eq(audit_cursor::ONLY))
        .exec(db.writer())
        .await?;
    Ok(())
}

/// Writes down the drifts, and forgets those that are no more. Returns the new ones.
async fn write_down(db: &Database, now: DateTime<Utc>, checked: Checked) -> Result<Vec<Drift>, DbErr> {
    let closed = closed(db, &checked.right).await?;
    let known = known(db, &checked.drifts).await?;
    let mut found = checked.drifts;
    found.retain(|drift| known.get(&drift.student_id).is_none_or(|known| !is_same(known, drift)));
    if found.is_empty() && closed.is_empty() {
        return Ok(found);
    }
    db.write(&WriteDown { found, closed, now }).await
}

fn is_same(known: &aggregate_drift::Model, drift: &Drift) -> bool {
    known.version == drift.version && known.differences.0 == drift.differences
}

/// The findings that have been made good: the profile has been written since, or the student is `right` all the same.
async fn closed(db: &Database, right: &[StudentId]) -> Result<Vec<StudentId>, DbErr> {
    use aggregate_drift::{Column, Entity, Relation};
    let written_since = Expr::col((Entity, Column::Version))
        .not_equals((student_profile::Entity, student_profile::Column::Version));
    Entity::find()
        .select_only()
        .column(Column::StudentId)
        .join(JoinType::InnerJoin, Relation::Profile.def())
        .filter(Column::StudentId.is_in(right.iter().copied()).or(written_since))
        .limit(MOST_CLOSED)
        .into_tuple()
        .all(db.reader())
        .await
}

/// What is written down about the students of `drifts`.
async fn known(
    db: &Database,
    drifts: &[Drift],
) -> Result<BTreeMap<StudentId, aggregate_drift::Model>, DbErr> {
    if drifts.is_empty() {
        return Ok(BTreeMap::new());
    }
    let students = drifts.iter().map(|drift| drift.student_id);
    let rows = aggregate_drift::Entity::find()
        .filter(aggregate_drift::Column::StudentId.is_in(students))
        .all(db.reader())
        .await?;
    Ok(rows.into_iter().map(|row| (row.student_id, row)).collect())
}

struct WriteDown {
    found: Vec<Drift>,
    closed: Vec<StudentId>,
    now: DateTime<Utc>,
}

impl UnitOfWork for WriteDown {
    type Output = Vec<Drift>;
    type Error = DbErr;

    async fn run(&self, txn: &WriteTransaction) -> Result<Vec<Drift>, DbErr> {
        use aggregate_drift::{Column, Entity};
        if !self.closed.is_empty() {
            Entity::delete_many()
                .filter(Column::StudentId.is_in(self.closed.iter().copied()))
                .exec(&**txn)
                .await?;
        }
        // Those who were deleted or recalculated since they were judged have no drift any more.
        let students = self.found.iter().map(|drift| drift.student_id).collect();
        let profiles = change::lock_students(txn, &students).await?;
        let is_there = |drift: &&Drift| {
            profiles.get(&drift.student_id).is_some_and(|profile| profile.version == drift.version)
        };
        let found: Vec<Drift> = self.found.iter().filter(is_there).cloned().collect();
        if found.is_empty() {
            return Ok(found);
        }
        let rows = found.iter().map(|drift| aggregate_drift::Model {
            student_id: drift.student_id,
            found_at: self.now,
            version: drift.version,
            differences: Differences(drift.differences.clone()),
        });
        let newest = OnConflict::column(Column::StudentId)
            .update_columns([Column::FoundAt, Column::Version, Column::Differences])
            .to_owned();
        Entity::insert_many(rows.map(|row| row.into_active_model().reset_all()))
            .on_conflict(newest)
            .exec_without_returning(&**txn)
            .await?;
        Ok(found)
    }
}
