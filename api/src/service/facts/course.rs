//! Courses: creating and renaming them.

use chrono::{DateTime, Utc};
use entity::course;
use entity::database::WriteTransaction;
use entity::feed::Change;
use entity::id::CourseId;
use entity::sea_orm::DbErr;

use super::pipeline::{Command, Deciding, Key};
use super::reference::Reference;
use super::shared_row::shared_row;
use crate::error::UserError;

/// Creates a course, or changes its title.
#[derive(Clone, Debug)]
pub struct UpsertCourse {
    /// Which course.
    pub course: Reference,
    /// The title that people read; needed for a new course.
    pub title: Option<String>,
    /// When this happened, if the writing system says.
    pub occurred_at: Option<DateTime<Utc>>,
}

shared_row!(course, lock: NoKeyUpdate, update: [Title, OccurredAt], changes_numbers: |_, _| false, told: Change::Course);

impl Command for UpsertCourse {
    type Row = course::Model;
    type Context = ();

    async fn prepare(_: &WriteTransaction, _: &[&Self]) -> Result<(), DbErr> {
        Ok(())
    }

    fn key(&self, (): &()) -> Result<Key, UserError> {
        Ok(Key { owner: None, row: self.course.clone() })
    }

    fn occurred_at(&self) -> Option<DateTime<Utc>> {
        self.occurred_at
    }

    fn decide(&self, deciding: &Deciding<'_, Self>) -> Result<course::Model, UserError> {
        if let Some(before) = deciding.before {
            let title = self.title.clone().unwrap_or_else(|| before.title.clone());
            return Ok(course::Model { title, ..before.clone() });
        }
        Ok(course::Model {
            id: CourseId::new(deciding.now),
            sourced_id: deciding.new_sourced_id("id")?,
            title: self
                .title
                .clone()
                .ok_or_else(|| UserError::input("title", "is needed for a new course"))?,
            occurred_at: None,
        })
    }
}
