//! The score: a percentage with two decimals, kept as an exact whole number of hundredths.
//!
//! Binary floating point never touches a score. Everything that rounds does so half up, once.

use std::fmt;

use rust_decimal::Decimal;

/// A percentage from 0.00 to 999.99, in steps of a hundredth. Extra credit may pass 100.
///
/// Averages of scores have the same range and precision, and use the same type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Score(i32);

/// Why a number is not a score. The messages are for whoever sent the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScoreError {
    /// A percentage or the points earned were below zero.
    #[error("must not be negative")]
    Negative,
    /// The percentage, after rounding, is above [`Score::MAX`].
    #[error("must be at most 999.99 percent")]
    TooHigh,
    /// Nothing could be earned, so there is no percentage.
    #[error("points possible must be greater than zero")]
    NoPointsPossible,
    /// A number of points or of decimals that no school needs, refused before it can overflow.
    #[error("points must be at most 1000000000 with at most 9 decimals")]
    PointsOutOfRange,
}

/// Points are refused above this, so that the exact division below cannot overflow 128 bits.
const MAX_POINTS: Decimal = Decimal::from_parts(1_000_000_000, 0, 0, false, 0);
const MAX_POINT_DECIMALS: u32 = 9;

impl Score {
    /// 0.00 %.
    pub const ZERO: Self = Self(0);
    /// 999.99 %.
    pub const MAX: Self = Self(99_999);

    /// A score from a number of hundredths, 0 to 99,999.
    ///
    /// # Errors
    /// [`ScoreError::Negative`] or [`ScoreError::TooHigh`] outside that range.
    pub fn from_hundredths(hundredths: i64) -> Result<Self, ScoreError> {
        if hundredths < 0 {
            return Err(ScoreError::Negative);
        }
        match i32::try_from(hundredths) {
            Ok(value) if value <= Self::MAX.0 => Ok(Self(value)),
            _ => Err(ScoreError::TooHigh),
        }
    }

    /// A score from a percentage, rounded half up to two decimals.
    ///
    /// # Errors
    /// [`ScoreError::Negative`] below zero, [`ScoreError::TooHigh`] when it rounds to more than 999.99.
    pub fn from_percentage(percentage: Decimal) -> Result<Self, ScoreError> {
        Self::from_points(percentage, Decimal::ONE_HUNDRED).map_err(|error| match error {
            // In terms of a percentage, such a number of "points" is just too high.
            ScoreError::PointsOutOfRange if percentage.scale() <= MAX_POINT_DECIMALS => ScoreError::TooHigh,
            other => other,
        })
    }

    /// A score from points earned of points possible, rounded half up to two decimals.
    ///
    /// # Errors
    /// See [`ScoreError`].
    pub fn from_points(earned: Decimal, possible: Decimal) -> Result<Self, ScoreError> {
        if earned < Decimal::ZERO {
            return Err(ScoreError::Negative);
        }
        if possible <= Decimal::ZERO {
            return Err(ScoreError::NoPointsPossible);
        }
        let earned = whole_units(earned)?;
        let possible = whole_units(possible)?;
        let hundredths = divide_half_up(earned * 10_000, possible);
        i64::try_from(hundredths).map_err(|_| ScoreError::TooHigh).and_then(Self::from_hundredths)
    }

    /// The score as a whole number of hundredths of a percent.
    pub const fn hundredths(self) -> i32 {
        self.0
    }
}

/// Points as a whole number of the smallest unit allowed, so that both sides of a division share it.
fn whole_units(points: Decimal) -> Result<i128, ScoreError> {
    let points = points.normalize();
    if points > MAX_POINTS || points.scale() > MAX_POINT_DECIMALS {
        return Err(ScoreError::PointsOutOfRange);
    }
    Ok(points.mantissa() * 10_i128.pow(MAX_POINT_DECIMALS - points.scale()))
}

/// `dividend / divisor` rounded half up, for a dividend of zero or more and a divisor above zero.
pub(crate) fn divide_half_up(dividend: i128, divisor: i128) -> i128 {
    (2 * dividend + divisor) / (2 * divisor)
}

impl fmt::Display for Score {
    /// Always with two decimals: `87.50`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use proptest::prelude::*;

    use super::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::from_str(text).unwrap()
    }

    fn percentage(text: &str) -> Result<String, ScoreError> {
        Score::from_percentage(decimal(text)).map(|score| score.to_string())
    }

    fn points(earned: &str, possible: &str) -> Result<String, ScoreError> {
        Score::from_points(decimal(earned), decimal(possible)).map(|score| score.to_string())
    }

    #[test]
    fn percentages_keep_two_decimals_and_round_half_up() {
        assert_eq!(percentage("87.5"), Ok("87.50".into()));
        assert_eq!(percentage("0"), Ok("0.00".into()));
        assert_eq!(percentage("79.875"), Ok("79.88".into()));
        assert_eq!(percentage("79.8749999"), Ok("79.87".into()));
        assert_eq!(percentage("999.99"), Ok("999.99".into()));
        assert_eq!(percentage("999.994"), Ok("999.99".into()));
    }

    #[test]
    fn numbers_that_are_no_score_are_refused() {
        assert_eq!(percentage("-0.001"), Err(ScoreError::Negative));
        assert_eq!(percentage("999.995"), Err(ScoreError::TooHigh));
        assert_eq!(percentage("79228162514264337593543950335"), Err(ScoreError::TooHigh));
        assert_eq!(points("1", "0"), Err(ScoreError::NoPointsPossible));
        assert_eq!(points("1", "-5"), Err(ScoreError::NoPointsPossible));
        assert_eq!(points("-1", "5"), Err(ScoreError::Negative));
        assert_eq!(points("1", "0.000000001"), Err(ScoreError::TooHigh));
        assert_eq!(points("1000000001", "1000000001"), Err(ScoreError::PointsOutOfRange));
        assert_eq!(points("1.0000000001", "2"), Err(ScoreError::PointsOutOfRange));
    }

    #[test]
    fn points_become_a_percentage_once() {
        assert_eq!(points("1", "3"), Ok("33.33".into()));
        assert_eq!(points("2", "3"), Ok("66.67".into()));
        assert_eq!(points("11", "10"), Ok("110.00".into()));
        assert_eq!(points("1", "8"), Ok("12.50".into()));
        assert_eq!(points("1", "16"), Ok("6.25".into()));
        assert_eq!(points("0.5", "800"), Ok("0.06".into()));
    }

    proptest! {
        #[test]
        fn rounding_is_off_by_at_most_half_a_hundredth(earned in 0_i64..2_000_000, possible in 1_i64..1_000_000) {
            if let Ok(score) = Score::from_points(Decimal::from(earned), Decimal::from(possible)) {
                let (earned, possible, got) = (i128::from(earned), i128::from(possible), i128::from(score.0));
                // |got - 10000 e/p| <= 1/2, and a tie goes up.
                let twice_error = 2 * got * possible - 20_000 * earned;
                prop_assert!(-possible < twice_error && twice_error <= possible);
            }
        }
    }
}
