//! Where a student's averages come from: what each enrolment brings, and what is left out and why.

use std::collections::{BTreeMap, HashMap};

use entity::aggregate::{Aggregates, ScoreSum};
use entity::counting::{ItemKind, LeftOut};
use entity::database::Database;
use entity::id::{CourseId, EnrollmentId, StudentId};
use entity::sea_orm::{ColumnTrait, Condition, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder};
use entity::share::{Share, shares};
use entity::{enrollment, student_profile};

use super::item::{Item, ItemKey, of_students};
use super::scope::Scope;
use crate::service::facts::Reference;

/// Where the averages of a student come from: computed from the facts, all as they were at one moment.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The profile at that moment. When it is not stale, its numbers are those that are explained.
    pub profile: student_profile::Model,
    /// The enrolments in the order in which they were made, each with what counts there.
    parts: Vec<(enrollment::Model, Aggregates)>,
    /// What does not count, the latest first.
    left_out: Vec<Item>,
}

/// An average, and what each enrolment brings to it.
#[derive(Clone, Debug)]
pub struct ExplainedAverage {
    /// The exact sum and count of all that counts.
    pub whole: ScoreSum,
    /// Each enrolment with its share.
    pub parts: Vec<(enrollment::Model, Share)>,
}

/// Explains the averages of `student`, if the viewer may see them.
///
/// # Errors
/// Whatever the database reports.
pub async fn explanation(
    db: &Database,
    scope: &Scope,
    student: StudentId,
) -> Result<Option<Explanation>, DbErr> {
    let snapshot = db.begin_snapshot().await?;
    let Some(profile) = super::profile::profile(&snapshot, scope, &Reference::Id(student.0)).await? else {
        return Ok(None);
    };
    let enrollments = enrollment::Entity::find()
        .filter(enrollment::Column::StudentId.eq(student))
        .filter(enrollment::Column::DeletedAt.is_null())
        .order_by_asc(enrollment::Column::Id)
        .all(&snapshot)
        .await?;
    let statement = db.backend().build(&of_students(&[student], Condition::all()));
    let items = Item::find_by_statement(statement).all(&snapshot).await?;
    snapshot.commit().await?;
    Ok(Some(Explanation::of(profile, enrollments, items)))
}

/// The share that one of a student's enrolments has of the overall average, by the stored numbers of all of them; none if
/// it is not among them.
pub fn overall_share(enrollments: &[enrollment::Model], id: EnrollmentId) -> Option<Share> {
    let at = enrollments.iter().position(|row| row.id == id)?;
    let sums: Vec<ScoreSum> = enrollments.iter().map(|row| row.aggregates().overall()).collect();
    shares(&sums).get(at).copied()
}

impl Explanation {
    fn of(profile: student_profile::Model, enrollments: Vec<enrollment::Model>, items: Vec<Item>) -> Self {
        let mut courses: HashMap<CourseId, Aggregates> = HashMap::new();
        let mut left_out = Vec::new();
        for item in items {
            let Some(score) = item.counted_score() else {
                left_out.push(item);
                continue;
            };
            let course = courses.entry(item.course_id).or_default();
            let sum = match item.kind {
                ItemKind::QuizAttempt => &mut course.quizzes,
                ItemKind::Submission => &mut course.assignments,
            };
            *sum += score.into();
        }
        left_out.sort_unstable_by_key(Item::key);
        let part = |enrollment: enrollment::Model| {
            let counted = courses.get(&enrollment.course_id).copied().unwrap_or_default();
            (enrollment, counted)
        };
        Self { profile, parts: enrollments.into_iter().map(part).collect(), left_out }
    }

    /// The average of the quizzes, of the assignments, or whatever else `of` makes of what counts in a course.
    pub fn average(&self, of: impl Fn(Aggregates) -> ScoreSum) -> ExplainedAverage {
        let sums: Vec<ScoreSum> = self.parts.iter().map(|(_, counted)| of(*counted)).collect();
        let enrollments = self.parts.iter().map(|(enrollment, _)| enrollment.clone());
        ExplainedAverage {
            whole: sums.iter().copied().sum(),
            parts: enrollments.zip(shares(&sums)).collect(),
        }
    }

    /// How many items are left out for each reason, where there are any.
    pub fn counts(&self) -> BTreeMap<LeftOut, usize> {
        let mut counts = BTreeMap::new();
        for reason in self.left_out.iter().filter_map(Item::left_out) {
            *counts.entry(reason).or_default() += 1;
        }
        counts
    }

    /// The first `limit` items after a place that are left out, all of them or for one reason.
    pub fn left_out(&self, reason: Option<LeftOut>, after: Option<ItemKey>, limit: usize) -> Vec<Item> {
        self.left_out
            .iter()
            .filter(|item| reason.is_none() || item.left_out() == reason)
            .filter(|item| after.is_none_or(|after| item.key() > after))
            .take(limit)
            .cloned()
            .collect()
    }
}
