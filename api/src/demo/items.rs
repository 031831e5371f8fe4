//! What happened in one enrolment: quizzes sat, assignments handed in, and what became of some of them later.

use chrono::{DateTime, TimeDelta, Utc};
use entity::score::{Score, ScoreError};

use super::courses::{assignment_id, quiz_id};
use super::named;
use super::people::student_id;
use super::pupils::Scale;
use super::term::{Place, Term};
use crate::service::facts::{
    ChangeAttempt, ChangeSubmission, RecordQuizAttempt, RecordSubmission, StandingChange,
};

impl Term {
    /// Sits a quiz, and sits it again if it went badly and the student cares.
    pub(super) fn sit(&mut self, place: &Place<'_>, quiz: usize) -> Result<(), ScoreError> {
        let scale = Scale::Points([10, 20, 25][quiz % 3]);
        let days_ago = 89 - 17 * order(quiz) + place.course.behind + self.dice.between(-2, 0);
        let performance = place.pupil.performance(place.liking, days_ago, &mut self.dice);
        let completed_at = self.calendar.days_ago(days_ago, self.dice.between(10, 600));
        self.attempt(place, quiz, 1, completed_at, scale.score(performance)?);
        if performance < 6_000 && self.dice.chance(40) {
            let better = scale.score(performance + self.dice.between(-300, 2_000))?;
            self.attempt(place, quiz, 2, completed_at + TimeDelta::hours(24), better);
        }
        Ok(())
    }

    /// Hands an assignment in. The newest ones are partly awaiting grading, some of them with a provisional score.
    pub(super) fn hand_in(&mut self, place: &Place<'_>, assignment: usize) -> Result<(), ScoreError> {
        let scale = place.course.grading;
        let days_ago = 84 - 26 * order(assignment) + place.course.behind + self.dice.between(-1, 0);
        let mut performance = place.pupil.performance(place.liking, days_ago, &mut self.dice);
        if place.pupil.goes_beyond(&mut self.dice) {
            performance += self.dice.between(300, 1_000);
        }
        let score = scale.score(performance)?;
        let submitted_at = self.calendar.days_ago(days_ago, self.dice.between(0, 700));
        let graded_at = submitted_at + TimeDelta::hours(self.dice.between(20, 90));
        if assignment + 1 == place.course.assignments.len() && self.dice.chance(25) {
            let provisional = self.dice.chance(50).then_some(score);
            self.submit(place, assignment, submitted_at, None, provisional);
        } else {
            self.submit(place, assignment, submitted_at, Some(graded_at), Some(score));
        }
        Ok(())
    }

    /// An attempt that is under way at the end of the term.
    pub(super) fn begin_attempt(&mut self, place: &Place<'_>, quiz: usize) {
        let started_at = self.calendar.minutes_ago(self.dice.between(3, 25));
        self.attempts.push(RecordQuizAttempt {
            student: named(student_id(place.number)),
            attempt: named(attempt_id(place, quiz, 1)),
            quiz: Some(named(quiz_id(place.course, quiz))),
            started_at: Some(Some(started_at)),
            completed_at: None,
            score: None,
            occurred_at: None,
        });
    }

    /// The `nth` attempt at a quiz, completed.
    pub(super) fn attempt(
        &mut self,
        place: &Place<'_>,
        quiz: usize,
        nth: usize,
        completed_at: DateTime<Utc>,
        score: Score,
    ) {
        let minutes = self.dice.between(8, 40);
        self.attempts.push(RecordQuizAttempt {
            student: named(student_id(place.number)),
            attempt: named(attempt_id(place, quiz, nth)),
            quiz: Some(named(quiz_id(place.course, quiz))),
            started_at: Some(Some(completed_at - TimeDelta::minutes(minutes))),
            completed_at: Some(Some(completed_at)),
            score: Some(Some(score)),
            occurred_at: None,
        });
    }

    /// A submission to an assignment.
    pub(super) fn submit(
        &mut self,
        place: &Place<'_>,
        assignment: usize,
        submitted_at: DateTime<Utc>,
        graded_at: Option<DateTime<Utc>>,
        score: Option<Score>,
    ) {
        let id = format!("demo-submission-{:02}-{}-{}", place.number, place.course.key, assignment + 1);
        self.submissions.push(RecordSubmission {
            student: named(student_id(place.number)),
            submission: named(id),
            assignment: Some(named(assignment_id(place.course, assignment))),
            submitted_at: Some(Some(submitted_at)),
            graded_at: Some(graded_at),
            score: Some(score),
            occurred_at: None,
        });
    }

    /// Excuses and voids a few items, and deletes one.
    pub(super) fn change_some_standings(&mut self) {
        use StandingChange::{Delete, Excuse, Void};
        let attempts = pick(&self.attempts, &[(Excuse, 101, 50), (Void, 149, 75), (Delete, usize::MAX, 20)]);
        self.attempt_changes = attempts
            .map(|(attempt, change)| ChangeAttempt {
                student: attempt.student.clone(),
                attempt: attempt.attempt.clone(),
                change,
                occurred_at: None,
            })
            .collect();
        let submissions = pick(&self.submissions, &[(Excuse, 89, 40), (Void, 127, 60)]);
        self.submission_changes = submissions
            .map(|(submission, change)| ChangeSubmission {
                student: submission.student.clone(),
                submission: submission.submission.clone(),
                change,
                occurred_at: None,
            })
            .collect();
    }
}

/// The items to be changed, each with its change: one of every so many, from the first one named.
fn pick<'a, T>(
    items: &'a [T],
    changes: &'a [(StandingChange, usize, usize)],
) -> impl Iterator<Item = (&'a T, StandingChange)> {
    changes.iter().flat_map(move |(change, every, first)| {
        items.iter().skip(*first).step_by(*every).map(move |item| (item, *change))
    })
}

fn attempt_id(place: &Place<'_>, quiz: usize, nth: usize) -> String {
    format!("demo-attempt-{:02}-{}-{}-{nth}", place.number, place.course.key, quiz + 1)
}

/// How many items come before this one.
fn order(item: usize) -> i64 {
    i64::try_from(item).unwrap_or(i64::MAX)
}
