//! Guardians: creating and renaming them.

use chrono::{DateTime, Utc};
use entity::database::WriteTransaction;
use entity::guardian;
use entity::id::GuardianId;
use entity::sea_orm::DbErr;

use super::pipeline::{Command, Deciding, Key};
use super::reference::Reference;
use super::shared_row::shared_row;
use crate::error::UserError;

/// Creates a guardian, or changes its name.
#[derive(Clone, Debug)]
pub struct UpsertGuardian {
    /// Which guardian.
    pub guardian: Reference,
    /// The name that people read; needed for a new guardian.
    pub display_name: Option<String>,
    /// When this happened, if the writing system says.
    pub occurred_at: Option<DateTime<Utc>>,
}

shared_row!(guardian, lock: NoKeyUpdate, update: [DisplayName, OccurredAt], changes_numbers: |_, _| false);

impl Command for UpsertGuardian {
    type Row = guardian::Model;
    type Context = ();

    async fn prepare(_: &WriteTransaction, _: &[&Self]) -> Result<(), DbErr> {
        Ok(())
    }

    fn key(&self, (): &()) -> Result<Key, UserError> {
        Ok(Key { owner: None, row: self.guardian.clone() })
    }

    fn occurred_at(&self) -> Option<DateTime<Utc>> {
        self.occurred_at
    }

    fn decide(&self, deciding: &Deciding<'_, Self>) -> Result<guardian::Model, UserError> {
        if let Some(before) = deciding.before {
            let display_name = self.display_name.clone().unwrap_or_else(|| before.display_name.clone());
            return Ok(guardian::Model { display_name, ..before.clone() });
        }
        Ok(guardian::Model {
            id: GuardianId::new(deciding.now),
            sourced_id: deciding.new_sourced_id("id")?,
            display_name: self
                .display_name
                .clone()
                .ok_or_else(|| UserError::input("displayName", "is needed for a new guardian"))?,
            occurred_at: None,
        })
    }
}
