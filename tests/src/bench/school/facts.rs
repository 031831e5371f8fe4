//! What is known of each student of the school: the same for the same number, whatever the school's size.

use chrono::{DateTime, TimeDelta, Utc};
use entity::score::Score;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

/// Courses in the school; every student is enrolled in [`ENROLLMENTS`] of them.
pub const COURSES: usize = 40;
/// Enrolments of each student.
pub const ENROLLMENTS: usize = 5;
/// Quizzes of each course, and as many assignments: each student has an item in each.
pub const TASKS: usize = 6;

/// All schools are the same as far as they go.
const SEED: u64 = 7;
/// How far the courses of a student lie apart, so that neighbours share few.
const STRIDE: usize = 7;

/// The facts of one student.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Which student.
    pub number: usize,
    /// The enrolments, with what was done in each.
    pub enrollments: Vec<EnrollmentFacts>,
}

/// One enrolment, and the items in its course.
#[derive(Clone, Debug)]
pub struct EnrollmentFacts {
    /// Which course.
    pub course: usize,
    /// The score of the attempt at each quiz.
    pub attempts: [Score; TASKS],
    /// The score of the submission to each assignment.
    pub submissions: [Score; TASKS],
}

impl Facts {
    /// The facts of the student with this number.
    pub fn of(number: usize) -> Self {
        let seed = SEED.wrapping_add(u64::try_from(number).unwrap_or(u64::MAX) << 8);
        let mut random = StdRng::seed_from_u64(seed);
        let enrollments = (0..ENROLLMENTS).map(|nth| EnrollmentFacts {
            course: (number + nth * STRIDE) % COURSES,
            attempts: scores(&mut random),
            submissions: scores(&mut random),
        });
        Self { number, enrollments: enrollments.collect() }
    }

    /// The writing system's id of the student.
    pub fn sourced_id(&self) -> String {
        student(self.number)
    }
}

fn scores(random: &mut StdRng) -> [Score; TASKS] {
    std::array::from_fn(|_| {
        Score::from_hundredths(random.random_range(4_000..=10_000)).expect("within the range of scores")
    })
}

/// The writing system's id of a student.
pub fn student(number: usize) -> String {
    format!("student-{number}")
}

/// The writing system's id of a course.
pub fn course(number: usize) -> String {
    format!("course-{number}")
}

/// The writing system's id of a quiz of a course.
pub fn quiz(course: usize, nth: usize) -> String {
    format!("quiz-{course}-{nth}")
}

/// The writing system's id of an assignment of a course.
pub fn assignment(course: usize, nth: usize) -> String {
    format!("assignment-{course}-{nth}")
}

/// The writing system's id of a student's enrolment in a course.
pub fn enrollment(course: usize) -> String {
    format!("enrollment-{course}")
}

/// The writing system's id of a student's attempt at a quiz.
pub fn attempt(course: usize, nth: usize) -> String {
    format!("attempt-{course}-{nth}")
}

/// The writing system's id of a student's submission to an assignment.
pub fn submission(course: usize, nth: usize) -> String {
    format!("submission-{course}-{nth}")
}

/// When an item was done: the first of a course in the first week of the term, the next a week later.
pub fn done_at(nth: usize) -> DateTime<Utc> {
    school_time() + TimeDelta::weeks(i64::try_from(nth).unwrap_or(0))
}

/// When the term began.
pub fn school_time() -> DateTime<Utc> {
    "2026-03-02T08:00:00Z".parse().expect("a time")
}

/// When a student came to the school, by which the ids of the student's rows are sorted, as if all had come one after
/// the other.
pub(super) fn came(number: usize) -> DateTime<Utc> {
    school_time() + TimeDelta::milliseconds(i64::try_from(number).unwrap_or(0))
}
