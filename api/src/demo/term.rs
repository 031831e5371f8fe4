//! What happened in the term: enrolments, quiz attempts and submissions.

use chrono::{DateTime, Utc};
use entity::enrollment::Status;
use entity::score::{Score, ScoreError};

use super::calendar::Calendar;
use super::courses::{self, COURSES, Course};
use super::named;
use super::people::student_id;
use super::pupils::{Pupil, Scale, Story};
use super::random::Dice;
use crate::service::facts::{
    ChangeAttempt, ChangeSubmission, RecordQuizAttempt, RecordSubmission, UpsertEnrollment,
};

/// Any number would do, as long as it never changes.
const SEED: u64 = 0x7461_6c6c_7931;

/// The facts of a term.
#[derive(Debug)]
pub struct Term {
    /// The first enrolments of all students, then the second ones, and so on: enrolments are listed in the order in
    /// which they were made, and those of one bulk write in none.
    pub enrollments: Vec<Vec<UpsertEnrollment>>,
    /// The quiz attempts.
    pub attempts: Vec<RecordQuizAttempt>,
    /// The submissions.
    pub submissions: Vec<RecordSubmission>,
    /// Attempts that were excused, voided or deleted later.
    pub attempt_changes: Vec<ChangeAttempt>,
    /// Submissions that were excused or voided later.
    pub submission_changes: Vec<ChangeSubmission>,
    /// When things happened.
    pub(super) calendar: Calendar,
    /// Chance.
    pub(super) dice: Dice,
}

/// An enrolment, as far as its items depend on it.
pub struct Place<'a> {
    /// The student's number.
    pub number: usize,
    /// The student.
    pub pupil: &'a Pupil,
    /// The course.
    pub course: &'static Course,
    /// What the student likes or dislikes the course by, in hundredths of a percent.
    pub liking: i64,
}

/// The term, of `students`, that ends at `now`.
///
/// # Errors
/// When a score is none, which no seed can bring about.
pub fn term(students: usize, now: DateTime<Utc>) -> Result<Term, ScoreError> {
    let mut term = Term {
        enrollments: Vec::new(),
        attempts: Vec::new(),
        submissions: Vec::new(),
        attempt_changes: Vec::new(),
        submission_changes: Vec::new(),
        calendar: Calendar { now },
        dice: Dice::seeded(SEED),
    };
    for number in 1..=students {
        let pupil = Pupil::of(number, &mut term.dice);
        match pupil.story {
            Story::Usual => term.usual(number, &pupil)?,
            Story::Newcomer => term.newcomer(number, &pupil)?,
            Story::OneZero => term.one_zero(number, &pupil),
        }
    }
    term.change_some_standings();
    Ok(term)
}

/// The student's courses: each student has others.
fn courses_of(number: usize) -> impl Iterator<Item = (usize, &'static Course)> {
    let count = 4 + number % 2;
    // Three and eight have no common divisor, so that no course comes twice.
    (0..count).map(move |round| &COURSES[(number + 3 * round) % COURSES.len()]).enumerate()
}

/// Where the student's last enrolment stands; the others are active.
const fn last_status(number: usize) -> Status {
    match number % 10 {
        2 => Status::Dropped,
        4 => Status::Paused,
        5 => Status::Completed,
        6 => Status::Pending,
        8 => Status::Suspended,
        _ => Status::Active,
    }
}

/// How many quizzes and assignments there have been before the enrolment came to stand there.
const fn items_until(status: Status) -> (usize, usize) {
    match status {
        Status::Active | Status::Completed => (6, 4),
        Status::Paused | Status::Suspended => (3, 2),
        Status::Dropped => (2, 1),
        Status::Pending => (0, 0),
    }
}

impl Term {
    fn usual(&mut self, number: usize, pupil: &Pupil) -> Result<(), ScoreError> {
        let count = courses_of(number).count();
        for (round, course) in courses_of(number) {
            let status = if round + 1 == count { last_status(number) } else { Status::Active };
            self.enroll(round, number, course, status);
            let place = self.place(number, pupil, course);
            let (quizzes, assignments) = items_until(status);
            let under_way = round == 0 && number % 7 == 3;
            for quiz in 0..quizzes {
                if under_way && quiz + 1 == quizzes {
                    self.begin_attempt(&place, quiz);
                } else if !self.dice.chance(4) {
                    self.sit(&place, quiz)?;
                }
            }
            for assignment in 0..assignments {
                if !self.dice.chance(4) {
                    self.hand_in(&place, assignment)?;
                }
            }
        }
        Ok(())
    }

    /// One attempt under way, one submission with a provisional score, one without: nothing counts yet.
    fn newcomer(&mut self, number: usize, pupil: &Pupil) -> Result<(), ScoreError> {
        for (round, course) in courses_of(number) {
            let status = if round == 0 { Status::Active } else { Status::Pending };
            self.enroll(round, number, course, status);
            if round == 0 {
                let place = self.place(number, pupil, course);
                self.begin_attempt(&place, 5);
                let provisional = Scale::Percentage.score(7_800)?;
                self.submit(&place, 2, self.calendar.days_ago(2, 95), None, Some(provisional));
                self.submit(&place, 3, self.calendar.minutes_ago(75), None, None);
            }
        }
        Ok(())
    }

    fn one_zero(&mut self, number: usize, pupil: &Pupil) {
        for (round, course) in courses_of(number).take(1) {
            self.enroll(round, number, course, Status::Active);
            let place = self.place(number, pupil, course);
            let completed_at = self.calendar.days_ago(6, 210);
            self.attempt(&place, 5, 1, completed_at, Score::ZERO);
        }
    }

    fn place<'a>(&mut self, number: usize, pupil: &'a Pupil, course: &'static Course) -> Place<'a> {
        Place { number, pupil, course, liking: self.dice.around_zero(900) }
    }

    fn enroll(&mut self, round: usize, number: usize, course: &'static Course, status: Status) {
        if self.enrollments.len() <= round {
            self.enrollments.push(Vec::new());
        }
        self.enrollments[round].push(UpsertEnrollment {
            student: named(student_id(number)),
            enrollment: named(format!("demo-enrollment-{number:02}-{}", course.key)),
            course: Some(named(courses::course_id(course))),
            status: Some(status),
            occurred_at: None,
        });
    }
}
