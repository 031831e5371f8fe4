//! What is to be kept of the students of a backfill: those who wait, who changed, who failed.
//!
//! A student whose numbers were right all along leaves no row: of a run over everybody, next to nothing stays.

use sea_orm::entity::prelude::*;

use crate::id::{BackfillRunId, JobId, StudentId};
use crate::score::Score;
use crate::student_profile;

/// What became of a student in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Outcome {
    /// Named, and not yet enqueued.
    #[sea_orm(string_value = "listed")]
    Listed,
    /// A job is to be done.
    #[sea_orm(string_value = "pending")]
    Pending,
    /// The numbers were others than before; in a dry run, they would be.
    #[sea_orm(string_value = "changed")]
    Changed,
    /// The job was given up, or called off by hand.
    #[sea_orm(string_value = "failed")]
    Failed,
}

/// A student in a run.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "backfill_item")]
pub struct Model {
    /// The student.
    #[sea_orm(primary_key, auto_increment = false)]
    pub student_id: StudentId,
    /// The run.
    #[sea_orm(primary_key, auto_increment = false)]
    pub run_id: BackfillRunId,
    /// The job with which it ends; none in a dry run.
    pub job_id: Option<JobId>,
    /// What became of it.
    pub outcome: Outcome,
    /// Why it failed.
    pub error: Option<String>,
    /// How often the job was tried before it failed.
    pub attempts: i32,
    /// Of a change: whether the aggregates were stale, so that a change was to be expected.
    pub stale: bool,
    /// Of a change: how many of the student's enrolments had other numbers, too.
    pub enrollments: i64,
    /// `total_quizzes_completed` before the change.
    pub quizzes_before: i64,
    /// `total_assignments_completed` before the change.
    pub assignments_before: i64,
    /// `overall_quiz_average_score` before the change.
    pub quiz_average_before: Option<Score>,
    /// `overall_assignment_average_score` before the change.
    pub assignment_average_before: Option<Score>,
    /// `overall_average_score` before the change.
    pub average_before: Option<Score>,
    /// `last_performance_update` before the change.
    pub update_before: Option<ChronoDateTimeUtc>,
    /// `total_quizzes_completed` after the change.
    pub quizzes_after: i64,
    /// `total_assignments_completed` after the change.
    pub assignments_after: i64,
    /// `overall_quiz_average_score` after the change.
    pub quiz_average_after: Option<Score>,
    /// `overall_assignment_average_score` after the change.
    pub assignment_average_after: Option<Score>,
    /// `overall_average_score` after the change.
    pub average_after: Option<Score>,
    /// `last_performance_update` after the change; none in a dry run, which stamps nothing.
    pub update_after: Option<ChronoDateTimeUtc>,
}

/// Has no relation that is joined through the entity.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// How the numbers of a student differ from what is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The profile as it was stored.
    pub before: student_profile::Model,
    /// The profile as it should be.
    pub after: student_profile::Model,
    /// How many enrolments have other numbers than were stored.
    pub enrollments: usize,
}

impl Change {
    /// Whether anything differs but marks and stamps.
    pub fn is_one(&self) -> bool {
        self.enrollments > 0 || !self.before.has_same_numbers(&self.after)
    }
}

impl Model {
    /// An item without anything to tell.
    pub const fn new(run_id: BackfillRunId, student_id: StudentId, outcome: Outcome) -> Self {
        Self {
            student_id,
            run_id,
            job_id: None,
            outcome,
            error: None,
            attempts: 0,
            stale: false,
            enrollments: 0,
            quizzes_before: 0,
            assignments_before: 0,
            quiz_average_before: None,
            assignment_average_before: None,
            average_before: None,
            update_before: None,
            quizzes_after: 0,
            assignments_after: 0,
            quiz_average_after: None,
            assignment_average_after: None,
            average_after: None,
            update_after: None,
        }
    }

    /// The same item with what changed. `stamped` is the time of the write, if there was one.
    #[must_use]
    pub fn with_change(self, change: &Change, stamped: Option<ChronoDateTimeUtc>) -> Self {
        let (before, after) = (&change.before, &change.after);
        Self {
            outcome: Outcome::Changed,
            stale: before.is_stale(),
            enrollments: i64::try_from(change.enrollments).unwrap_or(i64::MAX),
            quizzes_before: before.total_quizzes_completed,
            assignments_before: before.total_assignments_completed,
            quiz_average_before: before.overall_quiz_average_score,
            assignment_average_before: before.overall_assignment_average_score,
            average_before: before.overall_average_score,
            update_before: before.last_performance_update,
            quizzes_after: after.total_quizzes_completed,
            assignments_after: after.total_assignments_completed,
            quiz_average_after: after.overall_quiz_average_score,
            assignment_average_after: after.overall_assignment_average_score,
            average_after: after.overall_average_score,
            update_after: stamped,
            ..self
        }
    }
}
