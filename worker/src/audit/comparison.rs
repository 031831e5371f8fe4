//! Field by field: what is stored, and what the facts say.

use entity::aggregate_drift::Difference;
use entity::score::Score;
use entity::{enrollment, student_profile};
use uuid::Uuid;

use crate::recalculation::computation::Computation;

/// A field's name and its value, as text.
type Field = (&'static str, Option<String>);

/// What of the stored `profile` and of its student's enrolments is not as it was computed.
pub(super) fn differences(profile: student_profile::Model, computation: &Computation) -> Vec<Difference> {
    let student = profile.student_id;
    let stored = of_profile(&profile);
    // The time plays no part: only the numbers follow from the facts.
    let time = profile.last_performance_update.unwrap_or_default();
    let computed = of_profile(&profile.with_aggregates(computation.total(student), time));
    let mut differences = differing(None, stored, computed);
    for (stored, computed) in computation.differing_enrollments() {
        if stored.student_id == student {
            differences.extend(differing(
                Some(stored.id.into()),
                of_enrollment(stored),
                of_enrollment(computed),
            ));
        }
    }
    differences
}

fn differing<const N: usize>(
    enrollment: Option<Uuid>,
    stored: [Field; N],
    computed: [Field; N],
) -> Vec<Difference> {
    let pairs = stored.into_iter().zip(computed).filter(|(stored, computed)| stored != computed);
    pairs
        .map(|((field, stored), (_, computed))| Difference {
            enrollment,
            field: field.to_owned(),
            stored,
            computed,
        })
        .collect()
}

fn of_profile(profile: &student_profile::Model) -> [Field; 7] {
    [
        ("totalQuizzesCompleted", number(profile.total_quizzes_completed)),
        ("totalAssignmentsCompleted", number(profile.total_assignments_completed)),
        ("overallQuizAverageScore", percent(profile.overall_quiz_average_score)),
        ("overallAssignmentAverageScore", percent(profile.overall_assignment_average_score)),
        ("overallAverageScore", percent(profile.overall_average_score)),
        ("quizScoreSum", number(profile.quiz_score_sum)),
        ("assignmentScoreSum", number(profile.assignment_score_sum)),
    ]
}

fn of_enrollment(enrollment: &enrollment::Model) -> [Field; 6] {
    [
        ("totalQuizzesTaken", number(enrollment.total_quizzes_taken)),
        ("averageQuizScore", percent(enrollment.average_quiz_score)),
        ("totalAssignmentsCompleted", number(enrollment.total_assignments_completed)),
        ("averageAssignmentScore", percent(enrollment.average_assignment_score)),
        ("quizScoreSum", number(enrollment.quiz_score_sum)),
        ("assignmentScoreSum", number(enrollment.assignment_score_sum)),
    ]
}

#[expect(clippy::unnecessary_wraps, reason = "a field that is never null among others that may be")]
fn number(number: i64) -> Option<String> {
    Some(number.to_string())
}

fn percent(score: Option<Score>) -> Option<String> {
    score.map(|score| score.to_string())
}
