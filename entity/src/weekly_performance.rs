//! What counts for a student in a course, week by week.

use sea_orm::entity::prelude::*;

use crate::aggregate::{Aggregates, ScoreSum};
use crate::calendar::Week;
use crate::id::{CourseId, StudentId};

/// What counts for a student in a course in one week of the school's calendar. A week in which nothing counts has no row.
///
/// The week of an item is that of the date which makes it count: when the attempt was completed, when the submission was
/// graded. So every counted item lies in a week, and the weeks of an enrolment add up to the enrolment.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "weekly_performance")]
pub struct Model {
    /// The student.
    #[sea_orm(primary_key, auto_increment = false)]
    pub student_id: StudentId,
    /// The course.
    #[sea_orm(primary_key, auto_increment = false)]
    pub course_id: CourseId,
    /// The week.
    #[sea_orm(primary_key, auto_increment = false)]
    pub week: Week,
    /// The number of counted quiz attempts.
    pub quizzes: i64,
    /// The exact sum of their scores, in hundredths of a percent.
    pub quiz_score_sum: i64,
    /// The number of counted submissions.
    pub assignments: i64,
    /// The exact sum of their scores, in hundredths of a percent.
    pub assignment_score_sum: i64,
}

/// Has no relation that is joined through the entity.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The row of a week in which `aggregates` count.
    pub const fn new(student_id: StudentId, course_id: CourseId, week: Week, aggregates: Aggregates) -> Self {
        Self {
            student_id,
            course_id,
            week,
            quizzes: aggregates.quizzes.count,
            quiz_score_sum: aggregates.quizzes.hundredths,
            assignments: aggregates.assignments.count,
            assignment_score_sum: aggregates.assignments.hundredths,
        }
    }

    /// What counts in the week.
    pub const fn aggregates(&self) -> Aggregates {
        Aggregates {
            quizzes: ScoreSum { hundredths: self.quiz_score_sum, count: self.quizzes },
            assignments: ScoreSum { hundredths: self.assignment_score_sum, count: self.assignments },
        }
    }
}
