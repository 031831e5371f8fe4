//! How much of a whole each of its parts makes up, in numbers that add up also after they were rounded.

use std::cmp::Reverse;

use crate::aggregate::ScoreSum;
use crate::score::Score;

/// What one part brings to an average.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// The exact sum and count of the part. Those of all parts add up to the whole's.
    pub part: ScoreSum,
    /// The points of the average that come from the part; none when nothing is counted at all.
    pub points: Option<Score>,
    /// How many percent of the counted items are in the part; none when nothing is counted at all.
    pub weight: Option<Score>,
}

/// One whole in hundredths of a percent.
const ALL: i64 = 10_000;

/// The share of each of `parts` in the average of all of them.
///
/// Each number is its exact value rounded up or down to two decimals, such that all points add up to the rounded average
/// and all weights to 100.00.
pub fn shares(parts: &[ScoreSum]) -> Vec<Share> {
    let whole: ScoreSum = parts.iter().copied().sum();
    let Some(average) = whole.average() else {
        return parts.iter().map(|&part| Share { part, points: None, weight: None }).collect();
    };
    let sums: Vec<i64> = parts.iter().map(|part| part.hundredths).collect();
    let points = apportion(average.hundredths().into(), &sums, whole.count);
    let counts: Vec<i64> = parts.iter().map(|part| part.count * ALL).collect();
    let weights = apportion(ALL, &counts, whole.count);
    let score = |hundredths| Score::from_hundredths(hundredths).ok();
    let numbers = points.into_iter().zip(weights);
    parts
        .iter()
        .zip(numbers)
        .map(|(&part, (points, weight))| Share { part, points: score(points), weight: score(weight) })
        .collect()
}

/// Each numerator over `denominator` in whole numbers that add up to `whole`, which is the exact total rounded to the
/// nearest: all are rounded down, and those with the largest remainders get one more.
fn apportion(whole: i64, numerators: &[i64], denominator: i64) -> Vec<i64> {
    let mut parts: Vec<i64> = numerators.iter().map(|numerator| numerator / denominator).collect();
    let missing = usize::try_from(whole - parts.iter().sum::<i64>()).unwrap_or(0);
    let mut by_remainder: Vec<usize> = (0..parts.len()).collect();
    by_remainder.sort_by_key(|&at| Reverse(numerators[at] % denominator));
    for at in by_remainder.into_iter().take(missing) {
        parts[at] += 1;
    }
    parts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn total(shares: &[Share], of: impl Fn(&Share) -> Option<Score>) -> i64 {
        shares.iter().map(|share| i64::from(of(share).unwrap().hundredths())).sum()
    }

    #[test]
    fn three_thirds_make_one_whole() {
        let third = ScoreSum { hundredths: 10_000, count: 1 };
        let points: Vec<String> =
            shares(&[third; 3]).iter().map(|share| share.points.unwrap().to_string()).collect();
        assert_eq!(points, ["33.34", "33.33", "33.33"]);
    }

    #[test]
    fn nothing_has_no_share_of_nothing() {
        let nothing = ScoreSum::default();
        assert_eq!(shares(&[nothing]), [Share { part: nothing, points: None, weight: None }]);
        assert_eq!(shares(&[]), []);
    }

    proptest! {
        #[test]
        fn shares_add_up_and_each_is_less_than_a_hundredth_from_its_exact_value(
            parts in prop::collection::vec((0_i64..40, 0_i64..=99_999), 1..12)
        ) {
            let parts: Vec<ScoreSum> =
                parts.into_iter().map(|(count, mean)| ScoreSum { hundredths: count * mean, count }).collect();
            let whole: ScoreSum = parts.iter().copied().sum();
            prop_assume!(whole.count > 0);
            let shares = shares(&parts);
            prop_assert_eq!(total(&shares, |share| share.points), i64::from(whole.average().unwrap().hundredths()));
            prop_assert_eq!(total(&shares, |share| share.weight), 10_000);
            for share in shares {
                let exact = |value: Option<Score>, numerator: i64| {
                    (i64::from(value.unwrap().hundredths()) * whole.count - numerator).abs() < whole.count
                };
                prop_assert!(exact(share.points, share.part.hundredths));
                prop_assert!(exact(share.weight, share.part.count * 10_000));
            }
        }
    }
}
