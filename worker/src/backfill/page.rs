//! One page of a run: the students' jobs or changes, and the cursor, in one transaction.

use std::time::Duration;

use chrono::{DateTime, Utc};
use entity::backfill_item::{Column as ItemColumn, Entity as Items, Model as Item, Outcome};
use entity::backfill_run::{Column, Entity, Model as Run, State};
use entity::database::{Database, UnitOfWork, WriteTransaction};
use entity::id::StudentId;
use entity::{change, db_time};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ActiveModelTrait, ColumnTrait, DbErr, EntityTrait, IntoActiveModel, Iterable, QueryFilter};

/// A page that is to be written.
pub(super) struct Page<'a> {
    pub(super) db: &'a Database,
    pub(super) run: &'a Run,
    /// The worker that walks the run.
    pub(super) walker: &'a str,
    pub(super) students: &'a [StudentId],
    /// Of a dry run: what would change. Otherwise a job is enqueued for each student.
    pub(super) compared: Option<Vec<Item>>,
    /// Whether these are the last students for now.
    pub(super) is_last: bool,
    /// How long to wait before the next page.
    pub(super) pause: Duration,
    pub(super) now: DateTime<Utc>,
}

impl UnitOfWork for Page<'_> {
    type Output = ();
    type Error = DbErr;

    /// Writes nothing if the run was called off, or is walked by another worker, since it was read.
    async fn run(&self, txn: &WriteTransaction) -> Result<(), DbErr> {
        let compared = match &self.compared {
            Some(items) => Some(still_there(txn, items).await?),
            None => None,
        };
        if !self.move_cursor(txn).await? || self.students.is_empty() {
            return Ok(());
        }
        let items = match compared {
            Some(items) => items,
            None => self.enqueue(txn).await?,
        };
        if items.is_empty() {
            return Ok(());
        }
        // Those who were named have been listed already.
        let all_but_the_key = OnConflict::columns([ItemColumn::StudentId, ItemColumn::RunId])
            .update_columns(
                ItemColumn::iter().filter(|it| !matches!(it, ItemColumn::StudentId | ItemColumn::RunId)),
            )
            .to_owned();
        Items::insert_many(items.into_iter().map(|it| it.into_active_model().reset_all()))
            .on_conflict(all_but_the_key)
            .exec_without_returning(&**txn)
            .await?;
        Ok(())
    }
}

impl Page<'_> {
    async fn move_cursor(&self, txn: &WriteTransaction) -> Result<bool, DbErr> {
        let students = i64::try_from(self.students.len()).unwrap_or(i64::MAX);
        let cursor = self.students.last().copied().or(self.run.cursor);
        let seen = match self.run.cursor {
            Some(cursor) => Column::Cursor.eq(cursor),
            None => Column::Cursor.is_null(),
        };
        let moved = Entity::update_many()
            .col_expr(Column::Cursor, Expr::value(cursor))
            .col_expr(Column::Walked, Expr::value(self.is_last))
            .col_expr(Column::Enqueued, Expr::col(Column::Enqueued).add(students))
            .col_expr(Column::DueAt, db_time::after(self.db.backend(), self.pause))
            .filter(Column::Id.eq(self.run.id))
            .filter(Column::State.eq(State::Running))
            .filter(Column::LeasedBy.eq(self.walker))
            .filter(seen)
            .exec(&**txn)
            .await?;
        Ok(moved.rows_affected == 1)
    }

    async fn enqueue(&self, txn: &WriteTransaction) -> Result<Vec<Item>, DbErr> {
        let students = self.students.iter().copied().collect();
        let jobs = change::enqueue_backfill(txn, &students, self.run.priority, self.now).await?;
        let item =
            |(student, job)| Item { job_id: Some(job), ..Item::new(self.run.id, student, Outcome::Pending) };
        Ok(jobs.into_iter().map(item).collect())
    }
}

/// Those of `items` whose students have not been deleted since, and cannot be before the transaction ends: of whom is
/// erased, no numbers are to be kept.
async fn still_there(txn: &WriteTransaction, items: &[Item]) -> Result<Vec<Item>, DbErr> {
    let students = items.iter().map(|item| item.student_id).collect();
    let there = change::lock_students(txn, &students).await?;
    Ok(items.iter().filter(|item| there.contains_key(&item.student_id)).cloned().collect())
}
