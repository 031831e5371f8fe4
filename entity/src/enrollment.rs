//! A student's enrolment in a course, and what counts within it.

use sea_orm::entity::prelude::*;

use crate::aggregate::{Aggregates, ScoreSum};
use crate::counting::LeftOut;
use crate::id::{CourseId, EnrollmentId, StudentId};
use crate::score::Score;

/// Where an enrolment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Status {
    /// Under way; its items count.
    #[sea_orm(string_value = "active")]
    Active,
    /// Finished; its items still count.
    #[sea_orm(string_value = "completed")]
    Completed,
    /// Left before the end; its items do not count.
    #[sea_orm(string_value = "dropped")]
    Dropped,
    /// Interrupted by the student; its items do not count for now.
    #[sea_orm(string_value = "paused")]
    Paused,
    /// Not yet begun; its items do not count yet.
    #[sea_orm(string_value = "pending")]
    Pending,
    /// Interrupted by the school; its items do not count for now.
    #[sea_orm(string_value = "suspended")]
    Suspended,
}

impl Status {
    /// Whether the items of an enrolment with this status can count.
    pub const fn counts(self) -> bool {
        LeftOut::of_status(self).is_none()
    }
}

/// A student's enrolment in a course. A student has at most one in each course, deleted ones aside.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "enrollment")]
pub struct Model {
    /// The student who is enrolled.
    #[sea_orm(primary_key, auto_increment = false)]
    pub student_id: StudentId,
    /// The id that Tally gave it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: EnrollmentId,
    /// The writing system's own id; unique for the student.
    pub sourced_id: String,
    /// The course.
    pub course_id: CourseId,
    /// Where the enrolment stands.
    pub status: Status,
    /// When the writing system's newest accepted event happened, if it said.
    pub occurred_at: Option<ChronoDateTimeUtc>,
    /// When it was deleted, if it was. The row stays, so that an older event cannot bring the enrolment back.
    pub deleted_at: Option<ChronoDateTimeUtc>,
    /// Aggregate: the number of counted quiz attempts in this course.
    pub total_quizzes_taken: i64,
    /// Aggregate: the exact sum of their scores, in hundredths of a percent.
    pub quiz_score_sum: i64,
    /// Aggregate: their average; none when nothing is counted.
    pub average_quiz_score: Option<Score>,
    /// Aggregate: the number of counted submissions in this course.
    pub total_assignments_completed: i64,
    /// Aggregate: the exact sum of their scores, in hundredths of a percent.
    pub assignment_score_sum: i64,
    /// Aggregate: their average; none when nothing is counted.
    pub average_assignment_score: Option<Score>,
}

/// What an enrolment belongs to.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The aggregates of its student.
    #[sea_orm(
        belongs_to = "super::student_profile::Entity",
        from = "Column::StudentId",
        to = "super::student_profile::Column::StudentId"
    )]
    Profile,
    /// Its course.
    #[sea_orm(
        belongs_to = "super::course::Entity",
        from = "Column::CourseId",
        to = "super::course::Column::Id"
    )]
    Course,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// Whether items of the course can count for the student.
    pub const fn counts(&self) -> bool {
        self.status.counts() && self.deleted_at.is_none()
    }

    /// The aggregates as they are stored.
    pub fn aggregates(&self) -> Aggregates {
        Aggregates {
            quizzes: ScoreSum { hundredths: self.quiz_score_sum, count: self.total_quizzes_taken },
            assignments: ScoreSum {
                hundredths: self.assignment_score_sum,
                count: self.total_assignments_completed,
            },
        }
    }

    /// The same enrolment with its stored aggregates replaced by `aggregates`.
    #[must_use]
    pub fn with_aggregates(self, aggregates: Aggregates) -> Self {
        Self {
            total_quizzes_taken: aggregates.quizzes.count,
            quiz_score_sum: aggregates.quizzes.hundredths,
            average_quiz_score: aggregates.quizzes.average(),
            total_assignments_completed: aggregates.assignments.count,
            assignment_score_sum: aggregates.assignments.hundredths,
            average_assignment_score: aggregates.assignments.average(),
            ..self
        }
    }
}
