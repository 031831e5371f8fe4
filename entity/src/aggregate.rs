//! The arithmetic of the aggregates: exact sums, and averages rounded half up once at the end.
//!
//! Nothing here knows a database, and nothing here waits.

use std::iter::Sum;
use std::ops::{Add, AddAssign};

use crate::score::{Score, divide_half_up};

/// The exact sum of some scores, and how many they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScoreSum {
    /// The sum in hundredths of a percent.
    pub hundredths: i64,
    /// The number of scores in the sum.
    pub count: i64,
}

impl ScoreSum {
    /// The exact sum over the count, rounded half up to two decimals; `None` when nothing was counted.
    pub fn average(self) -> Option<Score> {
        if self.count <= 0 {
            return None;
        }
        let average = divide_half_up(i128::from(self.hundredths), i128::from(self.count));
        // An average lies between the least and the greatest score, so it is a score itself.
        i64::try_from(average).ok().and_then(|hundredths| Score::from_hundredths(hundredths).ok())
    }
}

impl From<Score> for ScoreSum {
    fn from(score: Score) -> Self {
        Self { hundredths: i64::from(score.hundredths()), count: 1 }
    }
}

impl Add for ScoreSum {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { hundredths: self.hundredths + other.hundredths, count: self.count + other.count }
    }
}

impl AddAssign for ScoreSum {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for ScoreSum {
    fn sum<I: Iterator<Item = Self>>(sums: I) -> Self {
        sums.fold(Self::default(), Add::add)
    }
}

/// What counts for a student, or for one of a student's enrolments.
///
/// A student's aggregates are the sum of those of the enrolments, so the parts always add up to the whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Aggregates {
    /// All counted quiz attempts.
    pub quizzes: ScoreSum,
    /// All counted assignment submissions.
    pub assignments: ScoreSum,
}

impl Aggregates {
    /// Quizzes and assignments together. Its average comes from the exact sums, never from rounded averages.
    pub fn overall(self) -> ScoreSum {
        self.quizzes + self.assignments
    }
}

impl Sum for Aggregates {
    fn sum<I: Iterator<Item = Self>>(parts: I) -> Self {
        parts.fold(Self::default(), |total, part| Self {
            quizzes: total.quizzes + part.quizzes,
            assignments: total.assignments + part.assignments,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sum(scores: &[(i64, i64)]) -> ScoreSum {
        scores
            .iter()
            .map(|&(percent, times)| ScoreSum { hundredths: percent * 100 * times, count: times })
            .sum()
    }

    fn average(sum: ScoreSum) -> String {
        sum.average().map_or_else(|| "none".into(), |score| score.to_string())
    }

    #[test]
    fn the_overall_average_comes_from_the_exact_sums() {
        let student =
            Aggregates { quizzes: sum(&[(80, 3), (90, 2), (85, 5)]), assignments: sum(&[(75, 5), (88, 3)]) };
        assert_eq!(average(student.quizzes), "84.50");
        assert_eq!(average(student.assignments), "79.88");
        // 1484 / 18; the mean of the two averages would be 82.19, and from rounded averages 82.45.
        assert_eq!(average(student.overall()), "82.44");
    }

    #[test]
    fn nothing_counted_is_not_zero() {
        assert_eq!(average(ScoreSum::default()), "none");
        assert_eq!(average(ScoreSum::from(Score::ZERO)), "0.00");
    }

    proptest! {
        #[test]
        fn an_average_lies_between_the_extremes(scores in prop::collection::vec(0_i64..=99_999, 1..50)) {
            let total: ScoreSum = scores.iter().map(|&s| ScoreSum { hundredths: s, count: 1 }).sum();
            let average = i64::from(total.average().unwrap().hundredths());
            prop_assert!(scores.iter().min().unwrap() <= &average && &average <= scores.iter().max().unwrap());
        }

        #[test]
        fn parts_add_up_to_the_whole(scores in prop::collection::vec(0_i64..=99_999, 0..50), at in 0_usize..50) {
            let sums: Vec<ScoreSum> = scores.iter().map(|&s| ScoreSum { hundredths: s, count: 1 }).collect();
            let (left, right) = sums.split_at(at.min(sums.len()));
            let parts = left.iter().copied().sum::<ScoreSum>() + right.iter().copied().sum();
            prop_assert_eq!(parts, sums.into_iter().sum());
        }
    }
}
