//! Whether the stored aggregates are what the facts say: computed anew, compared, and told. Repairs nothing.
//!
//! Drift means a fault in the code, in the storage, or of somebody's hand. To repair it in silence would hide the fault
//! and remove its traces, and with a fault in the code the repair would be wrong, too. So it is reported, and whoever
//! has looked at it has the students recalculated.
//!
//! A student is judged within one snapshot, and only when not stale: in every committed state, the aggregates of such a
//! student are those of the facts. So whatever is written meanwhile, there is no false alarm.

mod comparison;
mod report;
mod rolling;
mod verification;

use entity::aggregate_drift::Difference;
use entity::database::Database;
use entity::id::StudentId;
use entity::student_profile;
use sea_orm::{ColumnTrait, DatabaseConnection, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::recalculation::computation::Computation;

pub use report::verify_all;
pub use rolling::{Audited, Pace, step};
pub use verification::{count, verify};

/// What a check of some students came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// The students whose stored aggregates are what the facts say.
    pub right: Vec<StudentId>,
    /// Those whose are not.
    pub drifts: Vec<Drift>,
    /// How many were stale, and therefore not judged.
    pub stale: usize,
}

/// A student whose stored aggregates are not what the facts say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drift {
    /// The student.
    pub student_id: StudentId,
    /// The version of the profile that was looked at.
    pub version: i64,
    /// What differs.
    pub differences: Vec<Difference>,
}

/// Checks `students`, at most a thousand of them, as they are at one moment. Those who are gone are passed over.
///
/// # Errors
/// Whatever the database reports.
pub async fn check(db: &Database, students: &[StudentId]) -> Result<Checked, DbErr> {
    let moment = db.begin_snapshot().await?;
    let profiles = student_profile::Entity::find()
        .filter(student_profile::Column::StudentId.is_in(students.iter().copied()))
        .order_by_asc(student_profile::Column::StudentId)
        .all(&moment)
        .await?;
    let computation = Computation::of(&moment, students).await?;
    moment.commit().await?;

    let mut checked = Checked::default();
    for profile in profiles {
        let (student_id, version) = (profile.student_id, profile.version);
        if profile.is_stale() {
            checked.stale += 1;
            continue;
        }
        let differences = comparison::differences(profile, &computation);
        if differences.is_empty() {
            checked.right.push(student_id);
        } else {
            checked.drifts.push(Drift { student_id, version, differences });
        }
    }
    Ok(checked)
}

/// The next `limit` students after one, in the order of their ids.
async fn students_after(
    db: &DatabaseConnection,
    after: Option<StudentId>,
    limit: u64,
) -> Result<Vec<StudentId>, DbErr> {
    use student_profile::{Column, Entity};
    let mut next = Entity::find().select_only().column(Column::StudentId);
    if let Some(after) = after {
        next = next.filter(Column::StudentId.gt(after));
    }
    next.order_by_asc(Column::StudentId).limit(limit).into_tuple().all(db).await
}
