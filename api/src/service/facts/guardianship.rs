//! Guardianships: granting and revoking the right to see a student's record.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::database::WriteTransaction;
use entity::feed::Change;
use entity::guardian;
use entity::guardianship::{Column, Entity, Model};
use entity::id::{GuardianId, StudentId};
use entity::key_list::is_one_of;
use entity::sea_orm::sea_query::OnConflict;
use entity::sea_orm::{ActiveModelTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter};
use uuid::Uuid;

use super::pipeline::{Command, Deciding, Key, Row};
use super::reference::{Reference, has_id_of};
use super::student::LockedStudents;
use super::wanted::Wanted;
use crate::error::UserError;
use crate::service::revocation_journal::{self, Entry};

/// Grants a guardian the right to see a student, or changes its dates. A right that was revoked holds again.
#[derive(Clone, Debug)]
pub struct GrantGuardianship {
    /// The student.
    pub student: Reference,
    /// The guardian.
    pub guardian: Reference,
    /// The first moment of the right; now, unless told otherwise or granted already.
    pub valid_from: Option<DateTime<Utc>>,
    /// The first moment after the right. Left out, it stays as it is; `Some(None)` leaves the right open.
    pub valid_until: Option<Option<DateTime<Utc>>>,
    /// When this happened, if the writing system says.
    pub occurred_at: Option<DateTime<Utc>>,
}

/// Revokes a guardian's right to see a student, at once and whatever its dates.
#[derive(Clone, Debug)]
pub struct RevokeGuardianship {
    /// The student.
    pub student: Reference,
    /// The guardian.
    pub guardian: Reference,
    /// When this happened, if the writing system says.
    pub occurred_at: Option<DateTime<Utc>>,
}

/// A guardianship is found by its student and its guardian; it has no id of its own.
impl Row for Model {
    fn owner(&self) -> Option<StudentId> {
        Some(self.student_id)
    }

    fn uuid(&self) -> Uuid {
        self.guardian_id.0
    }

    fn sourced_id(&self) -> Option<&str> {
        None
    }

    fn occurred_at(&mut self) -> &mut Option<DateTime<Utc>> {
        &mut self.occurred_at
    }

    fn journal_entry(&self) -> Option<Entry> {
        Some(revocation_journal::of_guardianship(self))
    }

    fn changes_numbers(_: Option<&Self>, _: &Self) -> bool {
        false
    }

    async fn load(txn: &WriteTransaction, wanted: &Wanted) -> Result<Vec<Self>, DbErr> {
        Entity::find()
            .filter(is_one_of([Column::StudentId, Column::GuardianId], wanted.owned_ids.iter().copied()))
            .all(&**txn)
            .await
    }

    async fn save(txn: &WriteTransaction, rows: Vec<Self>) -> Result<(), DbErr> {
        let all = OnConflict::columns([Column::StudentId, Column::GuardianId])
            .update_columns([Column::ValidFrom, Column::ValidUntil, Column::RevokedAt, Column::OccurredAt])
            .to_owned();
        txn.tell_on_commit(rows.iter().map(|row| Change::Children(row.guardian_id)));
        Entity::insert_many(rows.into_iter().map(|row| row.into_active_model().reset_all()))
            .on_conflict(all)
            .exec_without_returning(&**txn)
            .await?;
        Ok(())
    }
}

/// The students and guardians that some commands name.
#[derive(Debug)]
pub struct People {
    students: LockedStudents,
    guardians: HashMap<Reference, GuardianId>,
}

impl People {
    async fn find<'a>(
        txn: &WriteTransaction,
        students: impl Iterator<Item = &'a Reference>,
        guardians: Vec<&Reference>,
    ) -> Result<Self, DbErr> {
        let students = LockedStudents::lock(txn, students).await?;
        let named = has_id_of(
            (guardian::Column::Id, guardians.iter().filter_map(|r| r.as_id())),
            (guardian::Column::SourcedId, guardians.iter().filter_map(|r| r.as_sourced_id())),
        );
        let found = guardian::Entity::find().filter(named).all(&**txn).await?;
        let guardians = found.into_iter().flat_map(|row| {
            [(Reference::Id(row.id.0), row.id), (Reference::SourcedId(row.sourced_id), row.id)]
        });
        Ok(Self { students, guardians: guardians.collect() })
    }

    fn key(&self, student: &Reference, guardian: &Reference) -> Result<Key, UserError> {
        let guardian = self.guardians.get(guardian).ok_or_else(|| UserError::not_found("guardian"))?;
        self.students.key(student, &Reference::Id(guardian.0))
    }
}

impl Command for GrantGuardianship {
    type Row = Model;
    type Context = People;

    async fn prepare(txn: &WriteTransaction, commands: &[&Self]) -> Result<People, DbErr> {
        let guardians = commands.iter().map(|command| &command.guardian).collect();
        People::find(txn, commands.iter().map(|command| &command.student), guardians).await
    }

    fn key(&self, people: &People) -> Result<Key, UserError> {
        people.key(&self.student, &self.guardian)
    }

    fn occurred_at(&self) -> Option<DateTime<Utc>> {
        self.occurred_at
    }

    fn decide(&self, deciding: &Deciding<'_, Self>) -> Result<Model, UserError> {
        let guardian_id = deciding.key.row.as_id().ok_or_else(|| UserError::not_found("guardian"))?;
        let before = deciding.before;
        let stored_from = before.map(|row| row.valid_from);
        let stored_until = before.and_then(|row| row.valid_until);
        let after = Model {
            student_id: deciding.owner()?,
            guardian_id: GuardianId(guardian_id),
            valid_from: self.valid_from.or(stored_from).unwrap_or(deciding.now),
            valid_until: self.valid_until.unwrap_or(stored_until),
            revoked_at: None,
            occurred_at: None,
        };
        if after.valid_until.is_some_and(|until| until <= after.valid_from) {
            return Err(UserError::input("validUntil", "must be later than validFrom"));
        }
        Ok(after)
    }
}

impl Command for RevokeGuardianship {
    type Row = Model;
    type Context = People;

    async fn prepare(txn: &WriteTransaction, commands: &[&Self]) -> Result<People, DbErr> {
        let guardians = commands.iter().map(|command| &command.guardian).collect();
        People::find(txn, commands.iter().map(|command| &command.student), guardians).await
    }

    fn key(&self, people: &People) -> Result<Key, UserError> {
        people.key(&self.student, &self.guardian)
    }

    fn occurred_at(&self) -> Option<DateTime<Utc>> {
        self.occurred_at
    }

    /// Revoking what is revoked already changes nothing.
    fn decide(&self, deciding: &Deciding<'_, Self>) -> Result<Model, UserError> {
        let before = deciding.before.ok_or_else(|| UserError::not_found("guardian"))?;
        Ok(Model { revoked_at: before.revoked_at.or(Some(deciding.now)), ..before.clone() })
    }
}
