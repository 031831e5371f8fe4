//! Recomputes the aggregates of students from their facts: many in one set of statements, each exactly.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use entity::aggregate::{Aggregates, ScoreSum};
use entity::clock::Clock;
use entity::database::{Database, UnitOfWork, WriteTransaction};
use entity::id::{CourseId, StudentId};
use entity::{assignment, assignment_submission, change, enrollment, quiz, quiz_attempt, student_profile};
use sea_orm::sea_query::{ExprTrait, OnConflict, SimpleExpr};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DbErr, EntityTrait, FromQueryResult, IntoActiveModel, Iterable, JoinType,
    QueryFilter, QuerySelect, RelationTrait, Select,
};

use crate::queue::{self, Claim};

/// Below both databases' limits on parameters.
const ROWS_PER_STATEMENT: usize = 1000;

/// What became of the jobs of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recalculated {
    /// How many jobs were completed. The others had lost their lease.
    pub completed: usize,
    /// For each student who was stale: since when.
    pub stale_since: Vec<DateTime<Utc>>,
    /// The time that the profiles were stamped with.
    pub stamped_at: DateTime<Utc>,
}

/// Recomputes the students of `claim` and completes their jobs, all in one transaction.
///
/// First the profiles are locked, so that every change that is about to commit is waited for; only then are the facts
/// read, so that every committed change is seen. A student who is gone is success. A job that lost its lease is left
/// out: whoever took it over does the work.
///
/// # Errors
/// Whatever the database reports; nothing is written then, for any of the students.
pub async fn recalculate(db: &Database, clock: &dyn Clock, claim: &Claim) -> Result<Recalculated, DbErr> {
    db.write(&Recalculate { db, clock, claim }).await
}

struct Recalculate<'a> {
    db: &'a Database,
    clock: &'a dyn Clock,
    claim: &'a Claim,
}

impl UnitOfWork for Recalculate<'_> {
    type Output = Recalculated;
    type Error = DbErr;

    async fn run(&self, txn: &WriteTransaction) -> Result<Recalculated, DbErr> {
        let jobs = &self.claim.jobs;
        let students = jobs.iter().map(|job| job.student_id).collect();
        let mut profiles = change::lock_students(txn, &students).await?;
        let completed: BTreeSet<_> = queue::complete(txn, self.claim, self.db).await?.into_iter().collect();
        let held: BTreeSet<_> =
            jobs.iter().filter(|job| completed.contains(&job.id)).map(|job| job.student_id).collect();
        profiles.retain(|student, _| held.contains(student));
        let stale_since = profiles.values().filter_map(|profile| profile.stale_since).collect();
        let stamped_at = self.clock.now();
        rewrite(txn, profiles, stamped_at).await?;
        Ok(Recalculated { completed: completed.len(), stale_since, stamped_at })
    }
}

/// Computes the aggregates of the locked `profiles` and writes them.
async fn rewrite(
    txn: &WriteTransaction,
    profiles: BTreeMap<StudentId, student_profile::Model>,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    if profiles.is_empty() {
        return Ok(());
    }
    let students: Vec<StudentId> = profiles.keys().copied().collect();
    let enrollments = computed_enrollments(txn, &students).await?;

    let mut totals: HashMap<StudentId, Aggregates> = HashMap::new();
    for enrollment in enrollments.iter().map(|(_, computed)| computed) {
        let total = totals.entry(enrollment.student_id).or_default();
        *total = [*total, enrollment.aggregates()].into_iter().sum();
    }
    let changed = enrollments.into_iter().filter(|(stored, computed)| stored != computed).map(|(_, new)| new);
    write_enrollments(txn, changed.collect()).await?;
    let profiles = profiles.into_values().map(|profile| {
        let total = totals.get(&profile.student_id).copied().unwrap_or_default();
        profile.with_aggregates(total, now)
    });
    write_profiles(txn, profiles.collect()).await
}

/// The enrolments of `students`, each as it is stored and as it should be.
async fn computed_enrollments(
    txn: &WriteTransaction,
    students: &[StudentId],
) -> Result<Vec<(enrollment::Model, enrollment::Model)>, DbErr> {
    let stored = enrollment::Entity::find()
        .filter(enrollment::Column::StudentId.is_in(students.iter().copied()))
        .all(&**txn)
        .await?;
    let quizzes = sums(txn, quiz_sums(students)).await?;
    let assignments = sums(txn, assignment_sums(students)).await?;
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
    txn: &WriteTransaction,
    select: Select<E>,
) -> Result<HashMap<(StudentId, CourseId), ScoreSum>, DbErr> {
    let rows = select.into_model::<SumRow>().all(&**txn).await?;
    let sums = rows.into_iter().map(|row| {
        ((row.student_id, row.course_id), ScoreSum { hundredths: row.hundredths, count: row.count })
    });
    Ok(sums.collect())
}

/// Writes the aggregates of enrolments that exist and whose students are locked.
async fn write_enrollments(txn: &WriteTransaction, enrollments: Vec<enrollment::Model>) -> Result<(), DbErr> {
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
async fn write_profiles(txn: &WriteTransaction, profiles: Vec<student_profile::Model>) -> Result<(), DbErr> {
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

/// All columns of `model`, to be written.
fn all_set<M, A>(model: M) -> A
where
    M: IntoActiveModel<A>,
    A: ActiveModelTrait,
{
    model.into_active_model().reset_all()
}
