//! After a backup was restored: what was decided since is decided again.
//!
//! A restored database has forgotten every revocation, hand-over and erasure since the backup, and opens every session
//! that was ended since. The revocation journal knows them.

use chrono::{DateTime, Utc};
use entity::clock::SharedClock;
use entity::database::{Database, UnitOfWork, WriteTransaction};
use entity::feed::Change;
use entity::id::{GuardianId, StudentId};
use entity::sea_orm::sea_query::{Expr, OnConflict};
use entity::sea_orm::{
    ActiveModelTrait, ColumnTrait, DbErr, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter,
};
use entity::{guardian, guardianship, revoked_subject, revoked_token, session, student, token_cutoff};
use uuid::Uuid;

use super::access::AccessLog;
use super::facts::{Reference, erase_student};
use super::revocation_journal::{Entry, Known, RevocationJournal};
use crate::auth::{Identity, Role};
use crate::error::ApiError;
use crate::viewer::Viewer;

/// Actions that a restore makes necessary.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Number of sessions to end.
    pub sessions: u64,
    /// The revocations that the database lacks.
    pub missing: Vec<Missing>,
    /// Number of known revocations that the database has.
    pub present: usize,
    /// Number of known revocations about people who are not in the database.
    pub of_unknown: usize,
}

/// A revocation that the database lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// The revocation.
    pub entry: Entry,
    /// The persons' own ids, for people to read: the student's, and the guardian's if there is one.
    pub names: Vec<String>,
}

/// Compares the database with what is `known` to have been revoked. Changes nothing.
///
/// # Errors
/// Whatever the database reports.
pub async fn plan(db: &Database, known: &Known) -> Result<Plan, DbErr> {
    let mut plan = Plan { sessions: session::Entity::find().count(db.reader()).await?, ..Plan::default() };
    for ((student, guardian), entry) in &known.guardianships {
        let names = [student_name(db, *student).await?, guardian_name(db, *guardian).await?];
        let [Some(student), Some(guardian)] = names else {
            plan.of_unknown += 1;
            continue;
        };
        let lacks = lacks_guardianship(db, entry).await?;
        plan.note(entry, lacks, vec![student, guardian]);
    }
    for (student, entry) in &known.erasures {
        let name = student_name(db, *student).await?;
        plan.note(entry, name.is_some(), name.into_iter().collect());
    }
    for (jti, entry) in &known.tokens {
        let there = revoked_token::Entity::find_by_id(jti).one(db.reader()).await?;
        plan.note(entry, there.is_none(), vec![jti.clone()]);
    }
    for ((role, subject), entry) in &known.subjects {
        let there =
            revoked_subject::Entity::find_by_id((role.clone(), subject.clone())).one(db.reader()).await?;
        let Entry::SubjectRevoked { issued_before, .. } = entry else { continue };
        let lacks = there.is_none_or(|row| row.issued_before < *issued_before);
        plan.note(entry, lacks, vec![subject.clone()]);
    }
    Ok(plan)
}

impl Plan {
    fn note(&mut self, entry: &Entry, is_missing: bool, names: Vec<String>) {
        if is_missing {
            self.missing.push(Missing { entry: entry.clone(), names });
        } else {
            self.present += 1;
        }
    }
}

async fn student_name(db: &Database, id: Uuid) -> Result<Option<String>, DbErr> {
    Ok(student::Entity::find_by_id(StudentId(id)).one(db.reader()).await?.map(|row| row.sourced_id))
}

async fn guardian_name(db: &Database, id: Uuid) -> Result<Option<String>, DbErr> {
    Ok(guardian::Entity::find_by_id(GuardianId(id)).one(db.reader()).await?.map(|row| row.sourced_id))
}

/// True if the database still grants the right that `entry` took away.
async fn lacks_guardianship(db: &Database, entry: &Entry) -> Result<bool, DbErr> {
    let (Entry::GuardianshipRevoked { student, guardian, .. }
    | Entry::GuardianshipEnds { student, guardian, .. }) = entry
    else {
        return Ok(false);
    };
    let key = (StudentId(*student), GuardianId(*guardian));
    let row = guardianship::Entity::find_by_id(key).one(db.reader()).await?;
    Ok(match (row, entry) {
        (None, Entry::GuardianshipRevoked { .. }) => true,
        (Some(row), Entry::GuardianshipEnds { at, .. }) => {
            row.revoked_at.is_none() && row.valid_until.is_none_or(|until| until > *at)
        }
        (Some(row), _) => row.revoked_at.is_none(),
        // A right that ended and was never granted in this database needs no end.
        (None, _) => false,
    })
}

/// Ends all sessions and decides again what is missing. With `refuse_earlier_tokens`, every bearer token that was issued
/// before now is refused from now on.
///
/// # Errors
/// Whatever the database reports. It may be run again: what is done already is not missing any more.
pub async fn apply(
    db: &Database,
    clock: &SharedClock,
    plan: &Plan,
    refuse_earlier_tokens: bool,
) -> Result<(), ApiError> {
    let now = clock.now();
    db.write(&Reapply { missing: &plan.missing, cutoff: refuse_earlier_tokens.then_some(now) }).await?;
    for missing in &plan.missing {
        if let Entry::StudentErased { student, role, by, reason, .. } = &missing.entry {
            let eraser = eraser(role, by)?;
            let student = Reference::Id(*student);
            let log = AccessLog::off(db.clone(), clock.clone());
            erase_student(db, &**clock, &log, &RevocationJournal::off(), &eraser, student, reason.clone())
                .await?;
        }
    }
    Ok(())
}

/// The person who erased the student, as the journal names one.
fn eraser(role: &str, subject: &str) -> Result<Viewer, DbErr> {
    let role = role.parse::<Role>().map_err(|error| DbErr::Type(error.to_string()))?;
    let identity = Identity::new(role, subject).map_err(|error| DbErr::Type(error.to_string()))?;
    Ok(Viewer::new(identity))
}

struct Reapply<'a> {
    missing: &'a [Missing],
    cutoff: Option<DateTime<Utc>>,
}

impl UnitOfWork for Reapply<'_> {
    type Output = ();
    type Error = DbErr;

    async fn run(&self, txn: &WriteTransaction) -> Result<(), DbErr> {
        session::Entity::delete_many().exec(&**txn).await?;
        for missing in self.missing {
            reapply(txn, &missing.entry).await?;
        }
        if let Some(cutoff) = self.cutoff {
            token_cutoff::Entity::update_many()
                .col_expr(token_cutoff::Column::IssuedBefore, Expr::value(cutoff))
                .filter(token_cutoff::Column::Id.eq(token_cutoff::ONLY))
                .exec(&**txn)
                .await?;
        }
        Ok(())
    }
}

async fn reapply(txn: &WriteTransaction, entry: &Entry) -> Result<(), DbErr> {
    match entry.clone() {
        Entry::GuardianshipRevoked { student, guardian, at } => {
            use guardianship::{Column, Entity, Model};
            let row = Model {
                student_id: StudentId(student),
                guardian_id: GuardianId(guardian),
                valid_from: at,
                valid_until: None,
                revoked_at: Some(at),
                occurred_at: None,
            };
            let of_open = OnConflict::columns([Column::StudentId, Column::GuardianId])
                .update_column(Column::RevokedAt)
                .to_owned();
            txn.tell_on_commit([Change::Children(row.guardian_id)]);
            Entity::insert(row.into_active_model().reset_all())
                .on_conflict(of_open)
                .exec_without_returning(&**txn)
                .await?;
        }
        Entry::GuardianshipEnds { student, guardian, at } => {
            use guardianship::{Column, Entity};
            txn.tell_on_commit([Change::Children(GuardianId(guardian))]);
            Entity::update_many()
                .col_expr(Column::ValidUntil, Expr::value(at))
                .filter(Column::StudentId.eq(StudentId(student)))
                .filter(Column::GuardianId.eq(GuardianId(guardian)))
                .exec(&**txn)
                .await?;
        }
        Entry::TokenRevoked { jti, at, by } => {
            let row = revoked_token::Model { jti, revoked_at: at, revoked_by: by };
            revoked_token::Entity::insert(row.into_active_model().reset_all())
                .on_conflict_do_nothing_on([revoked_token::Column::Jti])
                .exec_without_returning(&**txn)
                .await?;
        }
        Entry::SubjectRevoked { role, subject, issued_before, at, by } => {
            use revoked_subject::{Column, Entity, Model};
            let row = Model { role, subject, issued_before, revoked_at: at, revoked_by: by };
            let again = OnConflict::columns([Column::Role, Column::Subject])
                .update_columns([Column::IssuedBefore, Column::RevokedAt, Column::RevokedBy])
                .to_owned();
            Entity::insert(row.into_active_model().reset_all())
                .on_conflict(again)
                .exec_without_returning(&**txn)
                .await?;
        }
        // Students are erased after this transaction, each in one of their own.
        Entry::StudentErased { .. } | Entry::GuardianshipGranted { .. } => {}
    }
    Ok(())
}
