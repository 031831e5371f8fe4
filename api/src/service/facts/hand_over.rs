//! Handing the record over to a student who comes of age: all guardianships end.

use chrono::{DateTime, Utc};
use entity::clock::Clock;
use entity::database::{Database, UnitOfWork, WriteTransaction};
use entity::feed::Change;
use entity::guardianship::{Column, Entity, Model};
use entity::sea_orm::sea_query::{Expr, ExprTrait as _};
use entity::sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::reference::Reference;
use super::student::LockedStudents;
use crate::error::ApiError;

/// Ends all guardianships of a student at `at`, or now if that is past or not given. One that would begin only then is
/// revoked. Returns those that this has changed: none when it is said again.
///
/// # Errors
/// When there is no such student; whatever the database reports.
pub async fn hand_over_student(
    db: &Database,
    clock: &dyn Clock,
    student: Reference,
    at: Option<DateTime<Utc>>,
) -> Result<Vec<Model>, ApiError> {
    db.write(&HandOver { clock, student, at }).await
}

struct HandOver<'a> {
    clock: &'a dyn Clock,
    student: Reference,
    at: Option<DateTime<Utc>>,
}

impl UnitOfWork for HandOver<'_> {
    type Output = Vec<Model>;
    type Error = ApiError;

    async fn run(&self, txn: &WriteTransaction) -> Result<Vec<Model>, ApiError> {
        let students = LockedStudents::lock(txn, std::iter::once(&self.student)).await?;
        let student = students.find("student", &self.student)?;
        let now = self.clock.now();
        let end = self.at.map_or(now, |at| Ord::max(at, now));
        let lasting = Entity::find()
            .filter(Column::StudentId.eq(student))
            .filter(Column::RevokedAt.is_null())
            .filter(Column::ValidUntil.is_null().or(Column::ValidUntil.gt(end)))
            .order_by_asc(Column::GuardianId)
            .all(&**txn)
            .await?;
        let mut ended = Vec::new();
        for right in lasting {
            // A right ends later than it begins, or is no right.
            let (column, time) =
                if right.valid_from < end { (Column::ValidUntil, end) } else { (Column::RevokedAt, now) };
            let updated = Entity::update_many()
                .col_expr(column, Expr::value(time))
                .filter(Column::StudentId.eq(right.student_id))
                .filter(Column::GuardianId.eq(right.guardian_id))
                .exec_with_returning(&**txn)
                .await?;
            ended.extend(updated);
        }
        txn.tell_on_commit(ended.iter().map(|right| Change::Children(right.guardian_id)));
        Ok(ended)
    }
}
