//! The rows of students: what the API would have stored of the same facts.

use entity::aggregate::{Aggregates, ScoreSum};
use entity::calendar::Week;
use entity::id::{AssignmentSubmissionId, EnrollmentId, QuizAttemptId, StudentId};
use entity::score::Score;
use entity::standing::Standing;
use entity::{assignment_submission, enrollment, quiz_attempt, student, student_profile, weekly_performance};

use super::catalogue::Catalogue;
use super::facts::{self, EnrollmentFacts, Facts, came, done_at, school_time};

/// The rows of some students, table by table.
#[derive(Debug, Default)]
pub(super) struct StudentRows {
    pub(super) students: Vec<student::Model>,
    pub(super) profiles: Vec<student_profile::Model>,
    pub(super) enrollments: Vec<enrollment::Model>,
    pub(super) attempts: Vec<quiz_attempt::Model>,
    pub(super) submissions: Vec<assignment_submission::Model>,
    pub(super) weeks: Vec<weekly_performance::Model>,
}

impl StudentRows {
    /// Adds the rows of one more student.
    pub(super) fn push(&mut self, facts: &Facts, catalogue: &Catalogue) {
        let student_id = StudentId::new(came(facts.number));
        self.students.push(student::Model {
            id: student_id,
            sourced_id: facts.sourced_id(),
            display_name: format!("Student {}", facts.number),
            occurred_at: None,
        });
        for enrollment in &facts.enrollments {
            self.push_enrollment(student_id, facts.number, enrollment, catalogue);
        }
        let total = facts.enrollments.iter().map(aggregates).sum();
        let profile =
            student_profile::Model { facts_revision: 1, ..student_profile::Model::empty(student_id) };
        self.profiles.push(profile.with_aggregates(total, school_time()));
    }

    fn push_enrollment(
        &mut self,
        student_id: StudentId,
        number: usize,
        facts: &EnrollmentFacts,
        catalogue: &Catalogue,
    ) {
        let course = &catalogue.courses[facts.course];
        self.enrollments.push(
            empty_enrollment(student_id, number, facts.course, catalogue).with_aggregates(aggregates(facts)),
        );
        for (nth, (quiz, assignment)) in facts.attempts.into_iter().zip(facts.submissions).enumerate() {
            let week = Week::of(done_at(nth).date_naive());
            let counted = Aggregates { quizzes: quiz.into(), assignments: assignment.into() };
            self.weeks.push(weekly_performance::Model::new(student_id, course.id, week, counted));
        }
        for (nth, score) in facts.attempts.into_iter().enumerate() {
            self.attempts.push(quiz_attempt::Model {
                student_id,
                id: QuizAttemptId::new(came(number)),
                sourced_id: facts::attempt(facts.course, nth),
                quiz_id: course.quizzes[nth],
                started_at: None,
                completed_at: Some(done_at(nth)),
                score: Some(score),
                standing: Standing::Regular,
                occurred_at: None,
            });
        }
        for (nth, score) in facts.submissions.into_iter().enumerate() {
            self.submissions.push(assignment_submission::Model {
                student_id,
                id: AssignmentSubmissionId::new(came(number)),
                sourced_id: facts::submission(facts.course, nth),
                assignment_id: course.assignments[nth],
                submitted_at: Some(done_at(nth)),
                graded_at: Some(done_at(nth)),
                score: Some(score),
                standing: Standing::Regular,
                occurred_at: None,
            });
        }
    }
}

/// An enrolment in which nothing was counted yet.
fn empty_enrollment(
    student_id: StudentId,
    number: usize,
    course: usize,
    catalogue: &Catalogue,
) -> enrollment::Model {
    enrollment::Model {
        student_id,
        id: EnrollmentId::new(came(number)),
        sourced_id: facts::enrollment(course),
        course_id: catalogue.courses[course].id,
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

fn aggregates(facts: &EnrollmentFacts) -> Aggregates {
    let sum = |scores: &[Score]| scores.iter().copied().map(ScoreSum::from).sum();
    Aggregates { quizzes: sum(&facts.attempts), assignments: sum(&facts.submissions) }
}
