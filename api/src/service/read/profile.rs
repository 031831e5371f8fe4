//! Students, their aggregates, and what belongs to them, each within a scope.

use entity::id::{AssignmentSubmissionId, EnrollmentId, GuardianId, QuizAttemptId, StudentId};
use entity::sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, DbErr, EntityTrait, JoinType, QueryFilter, QueryOrder,
    QuerySelect, RelationTrait,
};
use entity::standing::Standing;
use entity::{assignment_submission, enrollment, guardian, quiz_attempt, student, student_profile};

use super::scope::Scope;
use crate::auth::Role;
use crate::service::facts::Reference;
use crate::viewer::Viewer;

/// The student that `reference` names.
///
/// # Errors
/// Whatever the database reports.
pub async fn student(
    db: &DatabaseConnection,
    scope: &Scope,
    reference: &Reference,
) -> Result<Option<student::Model>, DbErr> {
    let named = match reference {
        Reference::Id(id) => student::Column::Id.eq(*id),
        Reference::SourcedId(sourced_id) => student::Column::SourcedId.eq(sourced_id),
    };
    scope.one(db, student::Entity::find().filter(named)).await
}

/// The aggregates of the student that `reference` names.
///
/// # Errors
/// Whatever the database reports.
pub async fn profile(
    db: &impl ConnectionTrait,
    scope: &Scope,
    reference: &Reference,
) -> Result<Option<student_profile::Model>, DbErr> {
    let profiles = student_profile::Entity::find();
    let named = match reference {
        Reference::Id(id) => profiles.filter(student_profile::Column::StudentId.eq(*id)),
        Reference::SourcedId(sourced_id) => profiles
            .join(JoinType::InnerJoin, student_profile::Relation::Student.def())
            .filter(student::Column::SourcedId.eq(sourced_id)),
    };
    scope.one(db, named).await
}

/// Whether the viewer may see this student.
pub(super) async fn is_visible(
    db: &impl ConnectionTrait,
    scope: &Scope,
    student: StudentId,
) -> Result<bool, DbErr> {
    Ok(profile(db, scope, &Reference::Id(student.0)).await?.is_some())
}

/// The aggregates of the children whom a guardian may see, in the order of their names. Nobody else has children.
///
/// # Errors
/// Whatever the database reports.
pub async fn children(db: &DatabaseConnection, scope: &Scope) -> Result<Vec<student_profile::Model>, DbErr> {
    if scope.viewer().role() != Role::Guardian {
        return Ok(Vec::new());
    }
    let profiles = student_profile::Entity::find()
        .join(JoinType::InnerJoin, student_profile::Relation::Student.def())
        .order_by_asc(student::Column::DisplayName)
        .order_by_asc(student::Column::Id);
    scope.all(db, profiles).await
}

/// The guardian with this id: for guardians themselves, and for those who see everybody.
///
/// # Errors
/// Whatever the database reports.
pub async fn guardian(
    db: &DatabaseConnection,
    scope: &Scope,
    id: GuardianId,
) -> Result<Option<guardian::Model>, DbErr> {
    let viewer = scope.viewer();
    let found = guardian::Entity::find_by_id(id).one(db).await?;
    let own = |row: &guardian::Model| viewer.role() == Role::Guardian && row.sourced_id == viewer.subject();
    Ok(found.filter(|row| viewer.sees_everybody() || own(row)))
}

/// The guardian whom the viewer is, if the viewer is one and is known.
///
/// # Errors
/// Whatever the database reports.
pub async fn guardian_of(db: &DatabaseConnection, viewer: &Viewer) -> Result<Option<GuardianId>, DbErr> {
    if viewer.role() != Role::Guardian {
        return Ok(None);
    }
    let own = guardian::Column::SourcedId.eq(viewer.subject());
    let row = guardian::Entity::find().filter(own).one(db).await?;
    Ok(row.map(|row| row.id))
}

/// The enrolment with this id.
///
/// # Errors
/// Whatever the database reports.
pub async fn enrollment(
    db: &DatabaseConnection,
    scope: &Scope,
    id: EnrollmentId,
) -> Result<Option<enrollment::Model>, DbErr> {
    let named = enrollment::Entity::find()
        .filter(enrollment::Column::Id.eq(id))
        .filter(enrollment::Column::DeletedAt.is_null());
    scope.one(db, named).await
}

/// The quiz attempt with this id.
///
/// # Errors
/// Whatever the database reports.
pub async fn quiz_attempt(
    db: &DatabaseConnection,
    scope: &Scope,
    id: QuizAttemptId,
) -> Result<Option<quiz_attempt::Model>, DbErr> {
    let named = quiz_attempt::Entity::find()
        .filter(quiz_attempt::Column::Id.eq(id))
        .filter(quiz_attempt::Column::Standing.ne(Standing::Deleted));
    scope.one(db, named).await
}

/// The submission with this id.
///
/// # Errors
/// Whatever the database reports.
pub async fn submission(
    db: &DatabaseConnection,
    scope: &Scope,
    id: AssignmentSubmissionId,
) -> Result<Option<assignment_submission::Model>, DbErr> {
    let named = assignment_submission::Entity::find()
        .filter(assignment_submission::Column::Id.eq(id))
        .filter(assignment_submission::Column::Standing.ne(Standing::Deleted));
    scope.one(db, named).await
}
