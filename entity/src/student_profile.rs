//! A student's aggregates, and the mark that says whether they are stale.

use sea_orm::Condition;
use sea_orm::entity::prelude::*;

use crate::aggregate::{Aggregates, ScoreSum};
use crate::id::StudentId;
use crate::score::Score;

/// The aggregates of one student. The row is there as long as the student is.
///
/// The six public fields change together, in one write. `facts_revision` counts the changes of the student's facts,
/// and `aggregated_revision` is the revision that the aggregates were computed from: when they differ, the row is
/// stale. That mark, and not any job, is the truth about who still needs a recalculation.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "student_profile")]
pub struct Model {
    /// The student.
    #[sea_orm(primary_key, auto_increment = false)]
    pub student_id: StudentId,
    /// The number of counted quiz attempts.
    pub total_quizzes_completed: i64,
    /// The number of counted assignment submissions.
    pub total_assignments_completed: i64,
    /// The average of the counted quiz attempts; none when nothing is counted.
    pub overall_quiz_average_score: Option<Score>,
    /// The average of the counted submissions; none when nothing is counted.
    pub overall_assignment_average_score: Option<Score>,
    /// The average of both together, from the exact sums; none when nothing is counted.
    pub overall_average_score: Option<Score>,
    /// When these fields were last written; none before the first recalculation.
    pub last_performance_update: Option<ChronoDateTimeUtc>,
    /// The exact sum of the counted quiz scores, in hundredths of a percent.
    pub quiz_score_sum: i64,
    /// The exact sum of the counted submission scores, in hundredths of a percent.
    pub assignment_score_sum: i64,
    /// How often the student's facts have changed.
    pub facts_revision: i64,
    /// The facts revision that the aggregates were computed from.
    pub aggregated_revision: i64,
    /// Since when the aggregates have been stale; none when they are not.
    pub stale_since: Option<ChronoDateTimeUtc>,
    /// How often the aggregates have been written: of two values of the same profile, the one with the greater version is
    /// the newer.
    pub version: i64,
}

/// What a profile is joined with.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The student.
    #[sea_orm(
        belongs_to = "super::student::Entity",
        from = "Column::StudentId",
        to = "super::student::Column::Id"
    )]
    Student,
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// The profiles whose facts are newer than their aggregates.
    pub fn stale() -> Condition {
        // The text of the partial index, so that both databases use it.
        Condition::all().add(Expr::cust("facts_revision <> aggregated_revision"))
    }
}

impl Model {
    /// The profile of a new student: nothing counted, nothing computed yet, and nothing to compute.
    pub fn empty(student_id: StudentId) -> Self {
        Self {
            student_id,
            total_quizzes_completed: 0,
            total_assignments_completed: 0,
            overall_quiz_average_score: None,
            overall_assignment_average_score: None,
            overall_average_score: None,
            last_performance_update: None,
            quiz_score_sum: 0,
            assignment_score_sum: 0,
            facts_revision: 0,
            aggregated_revision: 0,
            stale_since: None,
            version: 0,
        }
    }

    /// Whether facts have changed since the aggregates were computed.
    pub const fn is_stale(&self) -> bool {
        self.facts_revision != self.aggregated_revision
    }

    /// The aggregates as they are stored.
    pub fn aggregates(&self) -> Aggregates {
        Aggregates {
            quizzes: ScoreSum { hundredths: self.quiz_score_sum, count: self.total_quizzes_completed },
            assignments: ScoreSum {
                hundredths: self.assignment_score_sum,
                count: self.total_assignments_completed,
            },
        }
    }

    /// Whether `other` has the same counts, sums and averages, whatever their marks and stamps.
    pub fn has_same_numbers(&self, other: &Self) -> bool {
        let averages = |profile: &Self| {
            [
                profile.overall_quiz_average_score,
                profile.overall_assignment_average_score,
                profile.overall_average_score,
            ]
        };
        self.aggregates() == other.aggregates() && averages(self) == averages(other)
    }

    /// The same profile with `aggregates` of all facts up to its `facts_revision`, computed at `now`.
    #[must_use]
    pub fn with_aggregates(self, aggregates: Aggregates, now: ChronoDateTimeUtc) -> Self {
        Self {
            total_quizzes_completed: aggregates.quizzes.count,
            total_assignments_completed: aggregates.assignments.count,
            overall_quiz_average_score: aggregates.quizzes.average(),
            overall_assignment_average_score: aggregates.assignments.average(),
            overall_average_score: aggregates.overall().average(),
            last_performance_update: Some(now),
            quiz_score_sum: aggregates.quizzes.hundredths,
            assignment_score_sum: aggregates.assignments.hundredths,
            aggregated_revision: self.facts_revision,
            stale_since: None,
            version: self.version + 1,
            ..self
        }
    }
}
