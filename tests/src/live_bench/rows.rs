//! A seeded school of any size, written straight into the tables: as the API would have stored it, only faster.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use entity::database::Database;
use entity::id::{
    AssignmentId, AssignmentSubmissionId, CourseId, EnrollmentId, QuizAttemptId, QuizId, StudentId,
};
use entity::score::Score;
use entity::sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter,
};
use entity::standing::Standing;
use entity::{
    assignment, assignment_submission, course, enrollment, quiz, quiz_attempt, student, student_profile,
};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Courses in the school; every student is enrolled in [`ENROLLMENTS`] of them.
pub const COURSES: usize = 40;
/// Enrolments of each student.
pub const ENROLLMENTS: usize = 5;
/// Quizzes of each course, and as many assignments: each student has an item in each.
pub const TASKS: usize = 6;

/// Rows per statement: below both databases' limits on parameters.
const CHUNK: usize = 1000;

/// The school.
pub struct School {
    /// All students.
    pub students: Vec<StudentId>,
    /// The quizzes of each course.
    pub quizzes: Vec<Vec<QuizId>>,
}

/// Fills an empty database with `count` students, 5 enrolments and 60 items each. Their profiles are stale.
///
/// # Panics
/// When the database refuses.
pub async fn fill(db: &Database, count: usize) -> School {
    let now: DateTime<Utc> = "2026-03-02T08:00:00Z".parse().expect("a time");
    let mut random = StdRng::seed_from_u64(7);
    let courses: Vec<CourseId> = (0..COURSES).map(|_| CourseId::new(now)).collect();
    let quizzes: Vec<Vec<QuizId>> =
        courses.iter().map(|_| (0..TASKS).map(|_| QuizId::new(now)).collect()).collect();
    let assignments: Vec<Vec<AssignmentId>> =
        courses.iter().map(|_| (0..TASKS).map(|_| AssignmentId::new(now)).collect()).collect();
    insert(db, courses.iter().enumerate().map(|(n, id)| course_row(n, *id)).collect()).await;
    let tasks = courses.iter().enumerate();
    insert(db, tasks.clone().flat_map(|(n, id)| quiz_rows(n, *id, &quizzes[n])).collect()).await;
    insert(db, tasks.flat_map(|(n, id)| assignment_rows(n, *id, &assignments[n])).collect()).await;

    let students: Vec<StudentId> = (0..count)
        .map(|n| StudentId::new(now + TimeDelta::milliseconds(i64::try_from(n).unwrap_or(0))))
        .collect();
    for (page, students) in students.chunks(CHUNK / 10).enumerate() {
        let mut rows = StudentRows::default();
        for (at, student) in students.iter().enumerate() {
            let number = page * (CHUNK / 10) + at;
            rows.push(*student, number, &courses, &quizzes, &assignments, now, &mut random);
        }
        rows.insert(db).await;
    }
    School { students, quizzes }
}

#[derive(Default)]
struct StudentRows {
    students: Vec<student::Model>,
    profiles: Vec<student_profile::Model>,
    enrollments: Vec<enrollment::Model>,
    attempts: Vec<quiz_attempt::Model>,
    submissions: Vec<assignment_submission::Model>,
}

impl StudentRows {
    #[expect(clippy::too_many_arguments, reason = "one call, from the loop above")]
    fn push(
        &mut self,
        student_id: StudentId,
        number: usize,
        courses: &[CourseId],
        quizzes: &[Vec<QuizId>],
        assignments: &[Vec<AssignmentId>],
        now: DateTime<Utc>,
        random: &mut StdRng,
    ) {
        self.students.push(student::Model {
            id: student_id,
            sourced_id: format!("student-{number}"),
            display_name: format!("Student {number}"),
            occurred_at: None,
        });
        self.profiles.push(student_profile::Model {
            facts_revision: 1,
            stale_since: Some(now),
            ..student_profile::Model::empty(student_id)
        });
        for k in 0..ENROLLMENTS {
            let course = (number + k * 7) % courses.len();
            self.enrollments.push(enrollment_row(student_id, courses[course], course, now));
            for (quiz, assignment) in quizzes[course].iter().zip(&assignments[course]) {
                let item = self.attempts.len();
                self.attempts.push(quiz_attempt::Model {
                    student_id,
                    id: QuizAttemptId::new(now),
                    sourced_id: format!("a-{number}-{item}"),
                    quiz_id: *quiz,
                    started_at: None,
                    completed_at: Some(now),
                    score: Some(score(random)),
                    standing: Standing::Regular,
                    occurred_at: None,
                });
                self.submissions.push(assignment_submission::Model {
                    student_id,
                    id: AssignmentSubmissionId::new(now),
                    sourced_id: format!("s-{number}-{item}"),
                    assignment_id: *assignment,
                    submitted_at: Some(now),
                    graded_at: Some(now),
                    score: Some(score(random)),
                    standing: Standing::Regular,
                    occurred_at: None,
                });
            }
        }
    }

    async fn insert(self, db: &Database) {
        insert(db, self.students).await;
        insert(db, self.profiles).await;
        insert(db, self.enrollments).await;
        insert(db, self.attempts).await;
        insert(db, self.submissions).await;
    }
}

fn score(random: &mut StdRng) -> Score {
    Score::from_hundredths(random.random_range(4_000..=10_000)).expect("within the range of scores")
}

fn course_row(number: usize, id: CourseId) -> course::Model {
    course::Model {
        id,
        sourced_id: format!("course-{number}"),
        title: format!("Course {number}"),
        occurred_at: None,
    }
}

fn quiz_rows(course: usize, course_id: CourseId, ids: &[QuizId]) -> Vec<quiz::Model> {
    let row = |(n, id): (usize, &QuizId)| quiz::Model {
        id: *id,
        sourced_id: format!("quiz-{course}-{n}"),
        course_id,
        title: format!("Quiz {n}"),
        occurred_at: None,
    };
    ids.iter().enumerate().map(row).collect()
}

fn assignment_rows(course: usize, course_id: CourseId, ids: &[AssignmentId]) -> Vec<assignment::Model> {
    let row = |(n, id): (usize, &AssignmentId)| assignment::Model {
        id: *id,
        sourced_id: format!("assignment-{course}-{n}"),
        course_id,
        title: format!("Assignment {n}"),
        occurred_at: None,
    };
    ids.iter().enumerate().map(row).collect()
}

fn enrollment_row(
    student_id: StudentId,
    course_id: CourseId,
    course: usize,
    now: DateTime<Utc>,
) -> enrollment::Model {
    enrollment::Model {
        student_id,
        id: EnrollmentId::new(now),
        sourced_id: format!("course-{course}"),
        course_id,
        status: enrollment::Status::Active,
        occurred_at: None,
        deleted_at: None,
        total_quizzes_taken: 0,
        quiz_score_sum: 0,
        average_quiz_score: None,
        total_assignments_completed: 0,
        assignment_score_sum: 0,
        average_assignment_score: None,
    }
}

async fn insert<M, A>(db: &Database, rows: Vec<M>)
where
    M: IntoActiveModel<A>,
    A: ActiveModelTrait + ActiveModelBehavior + Send,
{
    let mut rows = rows.into_iter().map(|row| row.into_active_model().reset_all()).peekable();
    while rows.peek().is_some() {
        let page: Vec<A> = rows.by_ref().take(CHUNK).collect();
        A::Entity::insert_many(page).exec_without_returning(db.writer()).await.expect("rows are inserted");
    }
}

/// Waits until no profile is stale.
///
/// # Panics
/// When the database cannot be read.
pub async fn settled(db: &Database) {
    let stale = || async {
        student_profile::Entity::find()
            .filter(student_profile::Entity::stale())
            .count(db.reader())
            .await
            .expect("profiles can be counted")
    };
    while stale().await > 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
