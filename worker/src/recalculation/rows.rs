//! Writes what was computed.

use entity::database::WriteTransaction;
use entity::{enrollment, performance_snapshot, student_profile};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveModelTrait, DbErr, EntityTrait, IntoActiveModel, Iterable};

/// Below both databases' limits on parameters.
const ROWS_PER_STATEMENT: usize = 1000;

/// Writes the aggregates of enrolments that exist and whose students are locked.
pub(super) async fn write_enrollments(
    txn: &WriteTransaction,
    enrollments: Vec<enrollment::Model>,
) -> Result<(), DbErr> {
    use enrollment::Column;
    let aggregates = OnConflict::columns([Column::StudentId, Column::Id])
        .update_columns([
            Column::TotalQuizzesTaken,
            Column::QuizScoreSum,
            Column::AverageQuizScore,
            Column::TotalAssignmentsCompleted,
            Column::AssignmentScoreSum,
            Column::AverageAssignmentScore,
        ])
        .to_owned();
    for page in enrollments.chunks(ROWS_PER_STATEMENT) {
        enrollment::Entity::insert_many(page.iter().cloned().map(all_set))
            .on_conflict(aggregates.clone())
            .exec_without_returning(&**txn)
            .await?;
    }
    Ok(())
}

/// Writes profiles that exist and are locked, in one statement.
pub(super) async fn write_profiles(
    txn: &WriteTransaction,
    profiles: Vec<student_profile::Model>,
) -> Result<(), DbErr> {
    use student_profile::Column;
    let all_but_the_key = OnConflict::column(Column::StudentId)
        .update_columns(Column::iter().filter(|column| !matches!(column, Column::StudentId)))
        .to_owned();
    student_profile::Entity::insert_many(profiles.into_iter().map(all_set))
        .on_conflict(all_but_the_key)
        .exec_without_returning(&**txn)
        .await?;
    Ok(())
}

/// Appends snapshots of profiles that are locked, in one statement.
pub(super) async fn append_snapshots(
    txn: &WriteTransaction,
    snapshots: Vec<performance_snapshot::Model>,
) -> Result<(), DbErr> {
    if snapshots.is_empty() {
        return Ok(());
    }
    performance_snapshot::Entity::insert_many(snapshots.into_iter().map(all_set))
        .exec_without_returning(&**txn)
        .await?;
    Ok(())
}

/// All columns of `model`, to be written.
fn all_set<M, A>(model: M) -> A
where
    M: IntoActiveModel<A>,
    A: ActiveModelTrait,
{
    model.into_active_model().reset_all()
}
