//! Who may see whom, as admins see it: also what is over, has not begun, or was revoked.

use entity::database::Database;
use entity::guardianship::{Column, Entity, Model};
use entity::id::{GuardianId, StudentId};
use entity::sea_orm::sea_query::{ExprTrait as _, Query};
use entity::sea_orm::{ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use entity::{guardian, student};

use super::facts::Reference;

/// Which guardianships are listed.
#[derive(Clone, Debug, Default)]
pub struct GuardianshipFilter {
    /// Only those of this student.
    pub student: Option<Reference>,
    /// Only those of this guardian.
    pub guardian: Option<Reference>,
}

/// A page of guardianships, in the order of the students' and then the guardians' ids: up to `limit` after `after`.
///
/// # Errors
/// Whatever the database reports.
pub async fn list_unscoped(
    db: &Database,
    filter: &GuardianshipFilter,
    after: Option<(StudentId, GuardianId)>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let condition = Condition::all()
        .add_option(filter.student.as_ref().map(of_student))
        .add_option(filter.guardian.as_ref().map(of_guardian))
        .add_option(after.map(is_after));
    Entity::find()
        .filter(condition)
        .order_by_asc(Column::StudentId)
        .order_by_asc(Column::GuardianId)
        .limit(limit)
        .all(db.reader())
        .await
}

fn of_student(reference: &Reference) -> Condition {
    Condition::all().add(match reference {
        Reference::Id(id) => Column::StudentId.eq(*id),
        Reference::SourcedId(sourced_id) => {
            let named = student::Column::SourcedId.eq(sourced_id);
            let ids =
                Query::select().column(student::Column::Id).from(student::Entity).and_where(named).take();
            Column::StudentId.in_subquery(ids)
        }
    })
}

fn of_guardian(reference: &Reference) -> Condition {
    Condition::all().add(match reference {
        Reference::Id(id) => Column::GuardianId.eq(*id),
        Reference::SourcedId(sourced_id) => {
            let named = guardian::Column::SourcedId.eq(sourced_id);
            let ids =
                Query::select().column(guardian::Column::Id).from(guardian::Entity).and_where(named).take();
            Column::GuardianId.in_subquery(ids)
        }
    })
}

fn is_after((student, guardian): (StudentId, GuardianId)) -> Condition {
    let same_student = Column::StudentId.eq(student).and(Column::GuardianId.gt(guardian));
    Condition::any().add(Column::StudentId.gt(student)).add(same_student)
}
