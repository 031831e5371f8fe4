//! Which students a viewer may see.

use chrono::{DateTime, Utc};
use entity::sea_orm::sea_query::{Expr, ExprTrait, Query};
use entity::sea_orm::{ColumnTrait, Condition};
use entity::{guardian, guardianship, student};

use crate::auth::Role;
use crate::viewer::Viewer;

/// The students whom a viewer may see at a moment.
#[derive(Clone, Debug)]
pub struct Scope {
    viewer: Viewer,
    now: DateTime<Utc>,
}

impl Scope {
    /// What `viewer` may see at `now`.
    pub const fn of(viewer: Viewer, now: DateTime<Utc>) -> Self {
        Self { viewer, now }
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
        let subject = self.viewer.subject();
        let students = match self.viewer.role() {
            Role::Guardian => Query::select()
                .column((guardianship::Entity, guardianship::Column::StudentId))
                .from(guardianship::Entity)
                .inner_join(
                    guardian::Entity,
                    Expr::col((guardian::Entity, guardian::Column::Id))
                        .equals((guardianship::Entity, guardianship::Column::GuardianId)),
                )
                .and_where(guardian::Column::SourcedId.eq(subject))
                .cond_where(guardianship::Entity::holds_at(self.now))
                .take(),
            _ => Query::select()
                .column(student::Column::Id)
                .from(student::Entity)
                .and_where(student::Column::SourcedId.eq(subject))
                .take(),
        };
        Condition::all().add(column.in_subquery(students))
    }
}
