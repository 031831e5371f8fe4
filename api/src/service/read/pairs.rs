//! Who may see whom, of those who do not see everybody: the one rule, for one viewer's scope and for many viewers at once.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use entity::id::StudentId;
use entity::sea_orm::sea_query::{Alias, Expr, ExprTrait, Query, SelectStatement, SimpleExpr};
use entity::sea_orm::{ConnectionTrait, DbErr, FromQueryResult};
use entity::{guardian, guardianship, student};

use crate::auth::Role;

/// Those of a role, each with a student whom they may see: a guardian with each child, a student with the own record.
pub(super) struct Pairs {
    from: SelectStatement,
    /// The viewer's own id among those of the role.
    subject: SimpleExpr,
    student: SimpleExpr,
}

impl Pairs {
    /// The pairs of a role at a moment.
    pub(super) fn of(role: Role, now: DateTime<Utc>) -> Self {
        match role {
            Role::Guardian => {
                let guardian = Expr::col((guardian::Entity, guardian::Column::Id))
                    .equals((guardianship::Entity, guardianship::Column::GuardianId));
                Self {
                    from: Query::select()
                        .from(guardianship::Entity)
                        .inner_join(guardian::Entity, guardian)
                        .cond_where(guardianship::Entity::holds_at(now))
                        .take(),
                    subject: Expr::col((guardian::Entity, guardian::Column::SourcedId)),
                    student: Expr::col((guardianship::Entity, guardianship::Column::StudentId)),
                }
            }
            _ => Self {
                from: Query::select().from(student::Entity).take(),
                subject: Expr::col((student::Entity, student::Column::SourcedId)),
                student: Expr::col((student::Entity, student::Column::Id)),
            },
        }
    }

    /// Selects the students whom one viewer may see.
    pub(super) fn students_of(mut self, subject: &str) -> SelectStatement {
        self.from.expr(self.student).and_where(self.subject.eq(subject)).take()
    }

    /// Who may see which of `students`.
    pub(super) async fn among(
        mut self,
        db: &impl ConnectionTrait,
        students: &[StudentId],
    ) -> Result<HashSet<(String, StudentId)>, DbErr> {
        let pairs = self
            .from
            .expr_as(self.subject, Alias::new("subject"))
            .expr_as(self.student.clone(), Alias::new("student"))
            .and_where(self.student.is_in(students.iter().copied()))
            .take();
        let statement = db.get_database_backend().build(&pairs);
        let pairs = Pair::find_by_statement(statement).all(db).await?;
        Ok(pairs.into_iter().map(|pair| (pair.subject, pair.student)).collect())
    }
}

#[derive(FromQueryResult)]
struct Pair {
    subject: String,
    student: StudentId,
}
