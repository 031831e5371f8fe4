//! The courses of the school, with their quizzes and assignments.

use entity::id::{AssignmentId, CourseId, QuizId};
use entity::{assignment, course, quiz};

use super::facts::{self, COURSES, TASKS, school_time};

/// The ids of everything that belongs to no student.
#[derive(Debug)]
pub(super) struct Catalogue {
    pub(super) courses: Vec<CourseIds>,
}

/// A course, with its quizzes and assignments.
#[derive(Debug)]
pub(super) struct CourseIds {
    pub(super) id: CourseId,
    pub(super) quizzes: [QuizId; TASKS],
    pub(super) assignments: [AssignmentId; TASKS],
}

impl Catalogue {
    /// New ids.
    pub(super) fn new() -> Self {
        let now = school_time();
        let course = |_| CourseIds {
            id: CourseId::new(now),
            quizzes: std::array::from_fn(|_| QuizId::new(now)),
            assignments: std::array::from_fn(|_| AssignmentId::new(now)),
        };
        Self { courses: (0..COURSES).map(course).collect() }
    }

    pub(super) fn course_rows(&self) -> Vec<course::Model> {
        let row = |(number, course): (usize, &CourseIds)| course::Model {
            id: course.id,
            sourced_id: facts::course(number),
            title: format!("Course {number}"),
            occurred_at: None,
        };
        self.courses.iter().enumerate().map(row).collect()
    }

    pub(super) fn quiz_rows(&self) -> Vec<quiz::Model> {
        let rows = |(number, course): (usize, &CourseIds)| {
            let row = |nth: usize| quiz::Model {
                id: course.quizzes[nth],
                sourced_id: facts::quiz(number, nth),
                course_id: course.id,
                title: format!("Quiz {nth}"),
                occurred_at: None,
            };
            (0..TASKS).map(row).collect::<Vec<_>>()
        };
        self.courses.iter().enumerate().flat_map(rows).collect()
    }

    pub(super) fn assignment_rows(&self) -> Vec<assignment::Model> {
        let rows = |(number, course): (usize, &CourseIds)| {
            let row = |nth: usize| assignment::Model {
                id: course.assignments[nth],
                sourced_id: facts::assignment(number, nth),
                course_id: course.id,
                title: format!("Assignment {nth}"),
                occurred_at: None,
            };
            (0..TASKS).map(row).collect::<Vec<_>>()
        };
        self.courses.iter().enumerate().flat_map(rows).collect()
    }
}
