//! A dry run: what would change. Reads only.

use chrono::{DateTime, Utc};
use entity::backfill_item::{Model as Item, Outcome};
use entity::backfill_run::Model as Run;
use entity::database::{Database, is_transient};
use entity::id::StudentId;
use entity::student_profile;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};

use crate::recalculation::computation::Computation;

/// The items of those of `students` whose numbers would change, and of those that cannot be computed.
///
/// # Errors
/// Transient errors of the database.
pub(super) async fn compare(
    db: &Database,
    run: &Run,
    students: &[StudentId],
    now: DateTime<Utc>,
) -> Result<Vec<Item>, DbErr> {
    match changes(db, run, students, now).await {
        Err(error) if !is_transient(&error) => {}
        compared => return compared,
    }
    // One damaged student fails alone.
    let mut items = Vec::new();
    for student in students {
        match changes(db, run, &[*student], now).await {
            Err(error) if !is_transient(&error) => items.push(Item {
                error: Some(error.to_string()),
                attempts: 1,
                ..Item::new(run.id, *student, Outcome::Failed)
            }),
            compared => items.extend(compared?),
        }
    }
    Ok(items)
}

/// Facts and profiles are read in one snapshot: a fact that commits in between must not look like a fault.
async fn changes(
    db: &Database,
    run: &Run,
    students: &[StudentId],
    now: DateTime<Utc>,
) -> Result<Vec<Item>, DbErr> {
    let moment = db.begin_snapshot().await?;
    let profiles = student_profile::Entity::find()
        .filter(student_profile::Column::StudentId.is_in(students.iter().copied()))
        .all(&moment)
        .await?;
    let computation = Computation::of(&moment, students).await?;
    drop(moment);
    let changes = computation.changes(profiles.iter(), now);
    let items = changes.iter().map(|change| {
        Item::new(run.id, change.before.student_id, Outcome::Changed).with_change(change, None)
    });
    Ok(items.collect())
}
