//! Students: creating and renaming them, and finding those that other commands name.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use entity::change;
use entity::database::WriteTransaction;
use entity::id::StudentId;
use entity::sea_orm::sea_query::{LockType, OnConflict};
use entity::sea_orm::{
    ActiveModelTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};
use entity::{student, student_profile};
use uuid::Uuid;

use super::pipeline::{Command, Deciding, Key, Row};
use super::reference::{Reference, has_id_of};
use super::wanted::Wanted;
use crate::error::UserError;

/// Creates a student, or changes the name of one.
#[derive(Clone, Debug)]
pub struct UpsertStudent {
    /// Which student.
    pub student: Reference,
    /// The name that people read; needed for a new student.
    pub display_name: Option<String>,
    /// When this happened, if the writing system says.
    pub occurred_at: Option<DateTime<Utc>>,
}

impl Row for student::Model {
    fn owner(&self) -> Option<StudentId> {
        None
    }

    fn student(&self) -> Option<StudentId> {
        Some(self.id)
    }

    fn uuid(&self) -> Uuid {
        self.id.0
    }

    fn sourced_id(&self) -> Option<&str> {
        Some(&self.sourced_id)
    }

    fn occurred_at(&mut self) -> &mut Option<DateTime<Utc>> {
        &mut self.occurred_at
    }

    fn changes_numbers(_: Option<&Self>, _: &Self) -> bool {
        false
    }

    async fn load(txn: &WriteTransaction, wanted: &Wanted) -> Result<Vec<Self>, DbErr> {
        student::Entity::find()
            .filter(wanted.named(student::Column::Id, student::Column::SourcedId))
            .order_by_asc(student::Column::Id)
            // Not stronger: whoever writes an item of the student holds its key by a foreign key.
            .lock(LockType::NoKeyUpdate)
            .all(&**txn)
            .await
    }

    /// A new student gets an empty profile with it, so that a profile is there as long as its student is.
    async fn save(txn: &WriteTransaction, rows: Vec<Self>) -> Result<(), DbErr> {
        let profiles: Vec<_> = rows
            .iter()
            .map(|row| student_profile::Model::empty(row.id).into_active_model().reset_all())
            .collect();
        let update = OnConflict::column(student::Column::Id)
            .update_columns([student::Column::DisplayName, student::Column::OccurredAt])
            .to_owned();
        student::Entity::insert_many(rows.into_iter().map(|row| row.into_active_model().reset_all()))
            .on_conflict(update)
            .exec_without_returning(&**txn)
            .await?;
        student_profile::Entity::insert_many(profiles)
            .on_conflict_do_nothing_on([student_profile::Column::StudentId])
            .exec_without_returning(&**txn)
            .await?;
        Ok(())
    }
}

impl Command for UpsertStudent {
    type Row = student::Model;
    type Context = ();

    async fn prepare(_: &WriteTransaction, _: &[&Self]) -> Result<(), DbErr> {
        Ok(())
    }

    fn key(&self, (): &()) -> Result<Key, UserError> {
        Ok(Key { owner: None, row: self.student.clone() })
    }

    fn occurred_at(&self) -> Option<DateTime<Utc>> {
        self.occurred_at
    }

    fn decide(&self, deciding: &Deciding<'_, Self>) -> Result<student::Model, UserError> {
        if let Some(before) = deciding.before {
            let display_name = self.display_name.clone().unwrap_or_else(|| before.display_name.clone());
            return Ok(student::Model { display_name, ..before.clone() });
        }
        Ok(student::Model {
            id: StudentId::new(deciding.now),
            sourced_id: deciding.new_sourced_id("id")?,
            display_name: self
                .display_name
                .clone()
                .ok_or_else(|| UserError::input("displayName", "is needed for a new student"))?,
            occurred_at: None,
        })
    }
}

/// The students that some commands name, with their profiles locked.
#[derive(Debug)]
pub struct LockedStudents(HashMap<Reference, StudentId>);

impl LockedStudents {
    /// Finds and locks the students that `references` name.
    pub(super) async fn lock(
        txn: &WriteTransaction,
        references: impl Iterator<Item = &Reference>,
    ) -> Result<Self, DbErr> {
        let references: BTreeSet<_> = references.map(|r| (r.as_id(), r.as_sourced_id())).collect();
        let named = has_id_of(
            (student::Column::Id, references.iter().filter_map(|(id, _)| *id)),
            (student::Column::SourcedId, references.iter().filter_map(|(_, id)| *id)),
        );
        let found = student::Entity::find().filter(named).all(&**txn).await?;
        // Who was deleted in between has no profile to lock any more.
        let locked = change::lock_students(txn, &found.iter().map(|student| student.id).collect()).await?;
        let mut students = HashMap::new();
        for student in found.into_iter().filter(|student| locked.contains_key(&student.id)) {
            students.insert(Reference::Id(student.id.0), student.id);
            students.insert(Reference::SourcedId(student.sourced_id), student.id);
        }
        Ok(Self(students))
    }

    /// The student that `reference` names.
    ///
    /// # Errors
    /// When there is none.
    pub(super) fn find(&self, field: &str, reference: &Reference) -> Result<StudentId, UserError> {
        self.0.get(reference).copied().ok_or_else(|| UserError::not_found(field))
    }

    /// The key of a row of the student that `reference` names.
    pub(super) fn key(&self, reference: &Reference, row: &Reference) -> Result<Key, UserError> {
        let owner = self.find("student", reference)?;
        Ok(Key { owner: Some(owner), row: row.clone() })
    }
}

/// What commands about a row of one student have in common, within their implementation of
/// [`Command`]: they lock the student, and name the row in a field.
macro_rules! about_row_of_student {
    ($row:ty, $field:ident) => {
        type Row = $row;
        type Context = crate::service::facts::student::LockedStudents;

        async fn prepare(
            txn: &entity::database::WriteTransaction,
            commands: &[&Self],
        ) -> Result<Self::Context, entity::sea_orm::DbErr> {
            Self::Context::lock(txn, commands.iter().map(|command| &command.student)).await
        }

        fn key(
            &self,
            students: &Self::Context,
        ) -> Result<crate::service::facts::pipeline::Key, crate::error::UserError> {
            students.key(&self.student, &self.$field)
        }

        fn occurred_at(&self) -> Option<chrono::DateTime<chrono::Utc>> {
            self.occurred_at
        }
    };
}

pub(super) use about_row_of_student;
