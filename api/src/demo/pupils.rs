//! What kind of student each one is, and how that shows in scores.

use entity::score::{Score, ScoreError};
use rust_decimal::Decimal;

use super::random::Dice;

/// What a student's term is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Story {
    /// Courses, and items in each of them.
    Usual,
    /// Has just begun: there are items, but none that counts.
    Newcomer,
    /// One quiz, and nothing right in it: an average of zero, which is not the same as none.
    OneZero,
}

/// A student's ability, in hundredths of a percent.
#[derive(Clone, Copy, Debug)]
pub struct Pupil {
    /// What the term is like.
    pub story: Story,
    /// In the middle of the term.
    level: i64,
    /// What a week adds to it.
    trend: i64,
}

/// The weeks of the term.
pub const WEEKS: i64 = 14;

impl Pupil {
    /// The student with this number. The children of the first family are given, so that they differ.
    pub const fn of(number: usize, dice: &mut Dice) -> Self {
        match number {
            1 => Self { story: Story::Usual, level: 9_500, trend: 20 },
            2 => Self { story: Story::Usual, level: 6_800, trend: 220 },
            3 => Self { story: Story::Usual, level: 7_600, trend: -230 },
            4 => Self { story: Story::Newcomer, level: 7_500, trend: 0 },
            33 => Self { story: Story::OneZero, level: 0, trend: 0 },
            _ => {
                Self { story: Story::Usual, level: dice.between(5_600, 9_400), trend: dice.around_zero(200) }
            }
        }
    }

    /// How well the student does in a course for which it has a `liking`, some days ago.
    pub fn performance(&self, liking: i64, days_ago: i64, dice: &mut Dice) -> i64 {
        let days_since_middle = WEEKS * 7 / 2 - days_ago;
        let expected = self.level + liking + self.trend * days_since_middle / 7;
        (expected + dice.around_zero(1_200)).clamp(500, 10_000)
    }

    /// Whether the student does more than was asked for.
    pub const fn goes_beyond(&self, dice: &mut Dice) -> bool {
        self.level > 8_800 && dice.chance(25)
    }
}

/// How a teacher writes a score down.
#[derive(Clone, Copy, Debug)]
pub enum Scale {
    /// As a percentage, in halves.
    Percentage,
    /// As points of so many, in halves.
    Points(i64),
}

impl Scale {
    /// The score for a performance in hundredths of a percent, as it is on this scale.
    ///
    /// # Errors
    /// When it is no score: it never is, as long as performances are between 0 and 999.99 %.
    pub fn score(self, performance: i64) -> Result<Score, ScoreError> {
        match self {
            Self::Percentage => Score::from_percentage(Decimal::new((performance + 25) / 50 * 5, 1)),
            Self::Points(possible) => {
                let half_points = (performance * possible * 2 + 5_000) / 10_000;
                Score::from_points(Decimal::new(half_points * 5, 1), Decimal::from(possible))
            }
        }
    }
}
