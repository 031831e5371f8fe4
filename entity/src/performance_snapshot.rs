//! What a student's numbers were before.

use sea_orm::entity::prelude::*;

use crate::id::StudentId;
use crate::score::Score;
use crate::student_profile;

/// Why the numbers changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Cause {
    /// Facts of the student had changed.
    #[sea_orm(string_value = "facts_changed")]
    FactsChanged,
    /// No fact had changed: a rebuild found other numbers than were stored.
    #[sea_orm(string_value = "rebuilt")]
    Rebuilt,
}

/// What a snapshot has been kept as so far. Retention goes from one to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum KeptAs {
    /// One of all changes.
    #[sea_orm(string_value = "event")]
    Event,
    /// The last one of its day.
    #[sea_orm(string_value = "day")]
    Day,
    /// The last one of its week or of its month, which stays.
    #[sea_orm(string_value = "lasting")]
    Lasting,
}

/// A student's numbers from one change to the next. Appended by the recalculation that brings the change, in its own
/// transaction, and never changed.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "performance_snapshot")]
pub struct Model {
    /// The student.
    #[sea_orm(primary_key, auto_increment = false)]
    pub student_id: StudentId,
    /// The version of the profile that had these numbers first.
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i64,
    /// When it was written: the profile's `last_performance_update` of that version.
    pub taken_at: ChronoDateTimeUtc,
    /// Why the numbers changed.
    pub cause: Cause,
    /// What it has been kept as so far.
    pub kept_as: KeptAs,
    /// As in the profile.
    pub total_quizzes_completed: i64,
    /// As in the profile.
    pub total_assignments_completed: i64,
    /// As in the profile.
    pub overall_quiz_average_score: Option<Score>,
    /// As in the profile.
    pub overall_assignment_average_score: Option<Score>,
    /// As in the profile.
    pub overall_average_score: Option<Score>,
    /// As in the profile.
    pub quiz_score_sum: i64,
    /// As in the profile.
    pub assignment_score_sum: i64,
}

/// Has no relation that is joined through the entity.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The snapshot that belongs to the change from `before` to `after`; none when all five numbers stayed as they were.
    pub fn of_change(before: &student_profile::Model, after: &student_profile::Model) -> Option<Self> {
        if numbers(before) == numbers(after) {
            return None;
        }
        Some(Self {
            student_id: after.student_id,
            version: after.version,
            taken_at: after.last_performance_update?,
            cause: if before.is_stale() { Cause::FactsChanged } else { Cause::Rebuilt },
            kept_as: KeptAs::Event,
            total_quizzes_completed: after.total_quizzes_completed,
            total_assignments_completed: after.total_assignments_completed,
            overall_quiz_average_score: after.overall_quiz_average_score,
            overall_assignment_average_score: after.overall_assignment_average_score,
            overall_average_score: after.overall_average_score,
            quiz_score_sum: after.quiz_score_sum,
            assignment_score_sum: after.assignment_score_sum,
        })
    }
}

/// The five numbers that people see.
fn numbers(profile: &student_profile::Model) -> (i64, i64, [Option<Score>; 3]) {
    (
        profile.total_quizzes_completed,
        profile.total_assignments_completed,
        [
            profile.overall_quiz_average_score,
            profile.overall_assignment_average_score,
            profile.overall_average_score,
        ],
    )
}
