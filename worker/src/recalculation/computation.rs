//! What the aggregates of some students are, by their facts. Reads only.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::aggregate::{Aggregates, ScoreSum};
use entity::backfill_item::Change;
use entity::id::{CourseId, StudentId};
use entity::{assignment, assignment_submission, enrollment, quiz, quiz_attempt, student_profile};
use sea_orm::sea_query::{ExprTrait, SimpleExpr};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, JoinType, QueryFilter, QuerySelect,
    RelationTrait, Select,
};

/// The aggregates of some students, as the facts that one connection or transaction sees say they are.
#[derive(Debug)]
pub(crate) struct Computation {
    /// Each enrolment as it is stored and as it should be.
    enrollments: Vec<(enrollment::Model, enrollment::Model)>,
    totals: HashMap<StudentId, Aggregates>,
}

impl Computation {
    /// Computes the aggregates of `students`, at most a thousand of them.
    ///
    /// # Errors
    /// Whatever the database reports.
    pub(crate) async fn of(db: &impl ConnectionTrait, students: &[StudentId]) -> Result<Self, DbErr> {
        let enrollments = computed_enrollments(db, students).await?;
        let mut totals: HashMap<StudentId, Aggregates> = HashMap::new();
        for (_, enrollment) in &enrollments {
            let total = totals.entry(enrollment.student_id).or_default();
            *total = [*total, enrollment.aggregates()].into_iter().sum();
        }
        Ok(Self { enrollments, totals })
    }

    /// What counts for `student` in all courses together.
    pub(crate) fn total(&self, student: StudentId) -> Aggregates {
        self.totals.get(&student).copied().unwrap_or_default()
    }

    /// The enrolments whose stored aggregates are not what they should be, as they should be.
    pub(crate) fn changed_enrollments(&self) -> Vec<enrollment::Model> {
        let changed = self.enrollments.iter().filter(|(stored, computed)| stored != computed);
        changed.map(|(_, computed)| computed.clone()).collect()
    }

    /// How each of `profiles` differs, with its enrolments, from what it should be, if it does.
    pub(crate) fn changes<'p>(
        &self,
        profiles: impl Iterator<Item = &'p student_profile::Model>,
        now: DateTime<Utc>,
    ) -> Vec<Change> {
        let mut enrollments: HashMap<StudentId, usize> = HashMap::new();
        for (stored, computed) in &self.enrollments {
            *enrollments.entry(stored.student_id).or_default() += usize::from(stored != computed);
        }
        let change = |before: &student_profile::Model| Change {
            before: before.clone(),
            after: before.clone().with_aggregates(self.total(before.student_id), now),
            enrollments: enrollments.get(&before.student_id).copied().unwrap_or_default(),
        };
        profiles.map(change).filter(Change::is_one).collect()
    }
}

/// The enrolments of `students`, each as it is stored and as it should be.
async fn computed_enrollments(
    db: &impl ConnectionTrait,
    students: &[StudentId],
) -> Result<Vec<(enrollment::Model, enrollment::Model)>, DbErr> {
    let stored = enrollment::Entity::find()
        .filter(enrollment::Column::StudentId.is_in(students.iter().copied()))
        .all(db)
        .await?;
    let quizzes = sums(db, quiz_sums(students)).await?;
    let assignments = sums(db, assignment_sums(students)).await?;
    let computed = stored.into_iter().map(|stored| {
        let key = (stored.student_id, stored.course_id);
        let aggregates = if stored.counts() {
            Aggregates {
                quizzes: quizzes.get(&key).copied().unwrap_or_default(),
                assignments: assignments.get(&key).copied().unwrap_or_default(),
            }
        } else {
            Aggregates::default()
        };
        let computed = stored.clone().with_aggregates(aggregates);
        (stored, computed)
    });
    Ok(computed.collect())
}

/// The exact sum of what counts for a student in a course.
#[derive(FromQueryResult)]
struct SumRow {
    student_id: StudentId,
    course_id: CourseId,
    hundredths: i64,
    count: i64,
}

fn quiz_sums(students: &[StudentId]) -> Select<quiz_attempt::Entity> {
    use quiz_attempt::{Column, Entity, Relation};
    Entity::find()
        .select_only()
        .column(Column::StudentId)
        .column(quiz::Column::CourseId)
        .column_as(exact_sum(Column::Score), "hundredths")
        .column_as(Column::Score.count(), "count")
        .join(JoinType::InnerJoin, Relation::Quiz.def())
        .filter(Column::StudentId.is_in(students.iter().copied()))
        .filter(Entity::counted())
        .group_by(Column::StudentId)
        .group_by(quiz::Column::CourseId)
}

fn assignment_sums(students: &[StudentId]) -> Select<assignment_submission::Entity> {
    use assignment_submission::{Column, Entity, Relation};
    Entity::find()
        .select_only()
        .column(Column::StudentId)
        .column(assignment::Column::CourseId)
        .column_as(exact_sum(Column::Score), "hundredths")
        .column_as(Column::Score.count(), "count")
        .join(JoinType::InnerJoin, Relation::Assignment.def())
        .filter(Column::StudentId.is_in(students.iter().copied()))
        .filter(Entity::counted())
        .group_by(Column::StudentId)
        .group_by(assignment::Column::CourseId)
}

/// The cast gives both databases the same type of sum.
fn exact_sum(score: impl ColumnTrait) -> SimpleExpr {
    score.sum().cast_as("bigint")
}

async fn sums<E: EntityTrait>(
    db: &impl ConnectionTrait,
    select: Select<E>,
) -> Result<HashMap<(StudentId, CourseId), ScoreSum>, DbErr> {
    let rows = select.into_model::<SumRow>().all(db).await?;
    let sums = rows.into_iter().map(|row| {
        ((row.student_id, row.course_id), ScoreSum { hundredths: row.hundredths, count: row.count })
    });
    Ok(sums.collect())
}
