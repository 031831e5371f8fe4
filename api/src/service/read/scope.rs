//! Which students a viewer may see, and that each of them is noted as seen.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use entity::access_log::Kind;
use entity::sea_orm::{ColumnTrait, Condition, ConnectionTrait, DbErr, QueryFilter, Select};

use super::of_student::{OfStudent, StudentsTable};
use super::pairs::Pairs;
use crate::service::access::Witness;
use crate::viewer::Viewer;

/// The students whom a viewer may see at a moment.
///
/// [`Self::one`] and [`Self::all`] read rows within it, and note whose they are. A read that needs more than a select of
/// one table filters by [`Self::contains`], and tells [`Self::seen`] what it found.
#[derive(Clone, Debug)]
pub struct Scope {
    viewer: Viewer,
    now: DateTime<Utc>,
    witness: Witness,
    operation: Arc<str>,
}

impl Scope {
    /// What `viewer` may see at `now`, for `operation`, a root field of the schema; `witness` is told what was seen.
    pub fn of(viewer: Viewer, now: DateTime<Utc>, witness: Witness, operation: &str) -> Self {
        Self { viewer, now, witness, operation: operation.into() }
    }

    /// The first of the rows of `select` that are about students whom the viewer may see.
    ///
    /// # Errors
    /// Whatever the database reports.
    pub async fn one<E: StudentsTable>(
        &self,
        db: &impl ConnectionTrait,
        select: Select<E>,
    ) -> Result<Option<E::Model>, DbErr> {
        let row = select.filter(self.contains(E::student_column())).one(db).await?;
        self.seen(row.as_slice());
        Ok(row)
    }

    /// The rows of `select` that are about students whom the viewer may see.
    ///
    /// # Errors
    /// Whatever the database reports.
    pub async fn all<E: StudentsTable>(
        &self,
        db: &impl ConnectionTrait,
        select: Select<E>,
    ) -> Result<Vec<E::Model>, DbErr> {
        let rows = select.filter(self.contains(E::student_column())).all(db).await?;
        self.seen(&rows);
        Ok(rows)
    }

    /// Notes that the viewer reads `rows`.
    pub fn seen(&self, rows: &[impl OfStudent]) {
        self.witness.note(&self.operation, Kind::Read, rows.iter().map(OfStudent::student));
    }

    /// What the same viewer may see, for the same operation, at another moment.
    #[must_use]
    pub fn at(&self, now: DateTime<Utc>) -> Self {
        Self { now, ..self.clone() }
    }

    /// Hands what was seen so far to the access log, and waits while that has much to write: for whoever reads the records
    /// of everybody.
    pub async fn settle(&self) {
        self.witness.settle_and_wait().await;
    }

    /// The moment.
    pub const fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// The viewer.
    pub const fn viewer(&self) -> &Viewer {
        &self.viewer
    }

    /// The condition that the student in `column` is one of them.
    pub fn contains(&self, column: impl ColumnTrait) -> Condition {
        if self.viewer.sees_everybody() {
            return Condition::all();
        }
        let students = Pairs::of(self.viewer.role(), self.now).students_of(self.viewer.subject());
        Condition::all().add(column.in_subquery(students))
    }
}
