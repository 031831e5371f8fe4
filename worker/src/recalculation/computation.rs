//! What the aggregates of some students are, by their facts. Reads only.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};
use entity::aggregate::{Aggregates, ScoreSum};
use entity::backfill_item::Change;
use entity::calendar::{TimeZone, Week};
use entity::id::{CourseId, StudentId};
use entity::weekly_performance::Model as WeekRow;
use entity::{enrollment, school, student_profile};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};

use super::items::{self, Items};

/// The aggregates of some students, as the facts that one connection or transaction sees say they are.
#[derive(Debug)]
pub(crate) struct Computation {
    /// Each enrolment as it is stored and as it should be.
    enrollments: Vec<(enrollment::Model, enrollment::Model)>,
    totals: HashMap<StudentId, Aggregates>,
    /// What counts in each week of a course.
    weeks: HashMap<(StudentId, CourseId), BTreeMap<Week, Aggregates>>,
}

impl Computation {
    /// Computes the aggregates of `students`, at most a thousand of them, with weeks in the school's time zone.
    ///
    /// # Errors
    /// Whatever the database reports.
    pub(crate) async fn of(db: &impl ConnectionTrait, students: &[StudentId]) -> Result<Self, DbErr> {
        let zone = school::Model::read(db).await?.zone()?;
        let stored = enrollment::Entity::find()
            .filter(enrollment::Column::StudentId.is_in(students.iter().copied()))
            .all(db)
            .await?;
        let mut weeks = WeekSums { zone, weeks: HashMap::new() };
        for items in items::quiz_attempts(db, students).await? {
            weeks.add(&items, |aggregates| &mut aggregates.quizzes);
        }
        for items in items::submissions(db, students).await? {
            weeks.add(&items, |aggregates| &mut aggregates.assignments);
        }
        Ok(Self::from_items(stored, weeks.weeks))
    }

    /// What is left of the items' `weeks` when those count alone whose enrolment does.
    fn from_items(
        stored: Vec<enrollment::Model>,
        mut weeks: HashMap<(StudentId, CourseId), BTreeMap<Week, Aggregates>>,
    ) -> Self {
        let key = |row: &enrollment::Model| (row.student_id, row.course_id);
        let counting: HashSet<_> = stored.iter().filter(|row| row.counts()).map(key).collect();
        weeks.retain(|course, _| counting.contains(course));
        let mut totals: HashMap<StudentId, Aggregates> = HashMap::new();
        let mut enrollments = Vec::with_capacity(stored.len());
        for stored in stored {
            let counted = weeks.get(&key(&stored)).filter(|_| stored.counts());
            let aggregates = counted.into_iter().flat_map(BTreeMap::values).copied().sum();
            let total = totals.entry(stored.student_id).or_default();
            *total = [*total, aggregates].into_iter().sum();
            enrollments.push((stored.clone(), stored.with_aggregates(aggregates)));
        }
        Self { enrollments, totals, weeks }
    }

    /// What counts for `student` in all courses together.
    pub(crate) fn total(&self, student: StudentId) -> Aggregates {
        self.totals.get(&student).copied().unwrap_or_default()
    }

    /// The enrolments whose stored aggregates are not what they should be: each as it is stored, and as it should be.
    pub(crate) fn differing_enrollments(
        &self,
    ) -> impl Iterator<Item = &(enrollment::Model, enrollment::Model)> {
        self.enrollments.iter().filter(|(stored, computed)| stored != computed)
    }

    /// The enrolments whose stored aggregates are not what they should be, as they should be.
    pub(crate) fn changed_enrollments(&self) -> Vec<enrollment::Model> {
        self.differing_enrollments().map(|(_, computed)| computed.clone()).collect()
    }

    /// All weeks in which something counts.
    pub(crate) fn weeks(&self) -> impl Iterator<Item = WeekRow> {
        self.weeks.iter().flat_map(|((student, course), weeks)| {
            weeks.iter().map(|(week, aggregates)| WeekRow::new(*student, *course, *week, *aggregates))
        })
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

/// Adds items up by their weeks.
struct WeekSums {
    zone: TimeZone,
    weeks: HashMap<(StudentId, CourseId), BTreeMap<Week, Aggregates>>,
}

impl WeekSums {
    fn add(&mut self, items: &Items, kind: fn(&mut Aggregates) -> &mut ScoreSum) {
        let weeks = self.weeks.entry((items.student_id, items.course_id)).or_default();
        for (date, hundredths) in items.iter() {
            let aggregates = weeks.entry(self.zone.week(date)).or_default();
            *kind(aggregates) += ScoreSum { hundredths, count: 1 };
        }
    }
}
