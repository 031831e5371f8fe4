//! The input about a backfill.

use async_graphql::InputObject;
use entity::backfill_run::PRIORITIES;
use entity::id::{CourseId, StudentId};
use entity::job::BACKFILL_PRIORITY;

use super::common::Ref;
use crate::error::UserError;
use crate::schema::types::BackfillScope;
use crate::service::backfill::{MAX_STUDENTS, Students, Wish};

/// The greatest rate that can be asked for.
const MAX_RATE: i32 = 100_000;

/// Which students are to be recalculated, and how.
#[derive(InputObject, Clone, Debug)]
pub struct BackfillStudentAggregatesInput {
    /// Which students. FAILURES is for `retryBackfillFailures` alone.
    pub scope: BackfillScope,
    /// The students, for the scope STUDENTS and no other; up to 1,000.
    pub students: Option<Vec<Ref>>,
    /// The course, for the scope COURSE and no other.
    pub course: Option<Ref>,
    /// Whether only to say what would change. No profile is written then, and nothing is stamped.
    #[graphql(default)]
    pub dry_run: bool,
    /// The priority of the jobs, 0 to 100; 10 unless told otherwise. Smaller is sooner, and that of a live change is 0.
    pub priority: Option<i16>,
    /// How many students may be taken on in a second; as many as the workers can do unless told otherwise.
    pub rate_per_second: Option<i32>,
}

impl BackfillStudentAggregatesInput {
    /// Reads the input.
    ///
    /// # Errors
    /// [`UserError`] that names the field at fault.
    pub(in crate::schema) fn read(self) -> Result<Wish, UserError> {
        let priority = self.priority.unwrap_or(BACKFILL_PRIORITY);
        if !PRIORITIES.contains(&priority) {
            let (first, last) = PRIORITIES.into_inner();
            return Err(UserError::input("priority", format!("must be from {first} to {last}")));
        }
        if self.rate_per_second.is_some_and(|rate| !(1..=MAX_RATE).contains(&rate)) {
            return Err(UserError::input("ratePerSecond", format!("must be from 1 to {MAX_RATE}")));
        }
        Ok(Wish {
            students: students(self.scope, self.students, self.course)?,
            dry_run: self.dry_run,
            priority,
            rate_per_second: self.rate_per_second,
        })
    }
}

fn students(
    scope: BackfillScope,
    students: Option<Vec<Ref>>,
    course: Option<Ref>,
) -> Result<Students, UserError> {
    match (scope, students, course) {
        (BackfillScope::All, None, None) => Ok(Students::All),
        (BackfillScope::Stale, None, None) => Ok(Students::Stale),
        (BackfillScope::Course, None, Some(course)) => {
            Ok(Students::OfCourse(course.read::<CourseId>("course")?))
        }
        (BackfillScope::Course, None, None) => Err(UserError::input("course", "is needed for this scope")),
        (BackfillScope::Students, Some(students), None) => named(students),
        (BackfillScope::Students, None, None) => {
            Err(UserError::input("students", "is needed for this scope"))
        }
        (BackfillScope::Failures, ..) => Err(UserError::input("scope", "is for retryBackfillFailures alone")),
        (_, Some(_), _) if scope != BackfillScope::Students => {
            Err(UserError::input("students", "is for the scope STUDENTS alone"))
        }
        _ => Err(UserError::input("course", "is for the scope COURSE alone")),
    }
}

fn named(students: Vec<Ref>) -> Result<Students, UserError> {
    if students.is_empty() {
        return Err(UserError::input("students", "must not be empty"));
    }
    if students.len() > MAX_STUDENTS {
        return Err(UserError::limit("students", format!("may hold at most {MAX_STUDENTS} items")));
    }
    let read = |(at, student): (usize, Ref)| student.read::<StudentId>(&format!("students[{at}]"));
    students.into_iter().enumerate().map(read).collect::<Result<_, _>>().map(Students::Named)
}
