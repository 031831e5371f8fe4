//! A straight line through weighted points, and how sure one can be of its slope.
//!
//! Here, and nowhere else, a score is a binary fraction: a slope is an estimate, and no score comes out of it.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// One point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Where it is.
    pub x: f64,
    /// How high.
    pub y: f64,
    /// How much it weighs against the others: more than zero.
    pub weight: f64,
}

/// The slope of the line that fits best, with its confidence interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slope {
    /// The most likely slope.
    pub estimate: f64,
    /// The lower end of the interval.
    pub low: f64,
    /// The upper end of the interval.
    pub high: f64,
}

/// The slope by weighted least squares: that which makes the weighted sum of the squared distances least.
///
/// The interval holds the true slope with the probability `confidence`, if what is left over is normal noise whose
/// variance is inverse to the weight. None for fewer than three points, which leave nothing over, and for points that
/// are all at the same place.
pub fn slope(points: &[Point], confidence: f64) -> Option<Slope> {
    let first = points.first()?;
    if points.len() < 3 || points.iter().all(|point| same(point.x, first.x)) {
        return None;
    }
    let sum = |of: &dyn Fn(&Point) -> f64| points.iter().map(of).sum::<f64>();
    let weight = sum(&|point| point.weight);
    // Around the means, so that nothing is lost to large numbers that cancel out.
    let (x, y) =
        (sum(&|point| point.weight * point.x) / weight, sum(&|point| point.weight * point.y) / weight);
    let spread = sum(&|point| point.weight * (point.x - x).powi(2));
    let estimate = sum(&|point| point.weight * (point.x - x) * (point.y - y)) / spread;
    let left_over = sum(&|point| point.weight * (point.y - y - estimate * (point.x - x)).powi(2));
    let freedom = f64::from(u32::try_from(points.len() - 2).ok()?);
    let error = (left_over / freedom / spread).sqrt();
    let reach = quantile(freedom, confidence)? * error;
    Some(Slope { estimate, low: estimate - reach, high: estimate + reach })
}

/// How many standard errors the interval reaches to each side.
fn quantile(freedom: f64, confidence: f64) -> Option<f64> {
    let student = StudentsT::new(0.0, 1.0, freedom).ok()?;
    Some(student.inverse_cdf(f64::midpoint(1.0, confidence)))
}

/// Whether two numbers are the same number, not only close to each other.
fn same(one: f64, other: f64) -> bool {
    one.total_cmp(&other).is_eq()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(points: &[(f64, f64)]) -> Vec<Point> {
        points.iter().map(|&(x, y)| Point { x, y, weight: 1.0 }).collect()
    }

    fn close(one: f64, other: f64) -> bool {
        (one - other).abs() <= 1e-9 * other.abs().max(1.0)
    }

    /// From `scipy.stats.t.ppf(0.95, n)`.
    #[test]
    fn quantiles_are_those_of_the_tables() {
        for (freedom, expected) in [
            (1.0, 6.313_751_514_675_037),
            (3.0, 2.353_363_434_801_823_3),
            (10.0, 1.812_461_122_811_675_6),
            (100.0, 1.660_234_326_085_339_2),
            (1000.0, 1.646_378_817_285_464_3),
        ] {
            let quantile = quantile(freedom, 0.9).unwrap();
            assert!(close(quantile, expected), "{freedom}: {quantile}");
        }
    }

    /// From `scipy.stats.linregress`, which knows no weights.
    #[test]
    fn with_equal_weights_it_is_the_ordinary_line() {
        let fit = points(&[
            (-7.5, 61.5),
            (-6.25, 70.25),
            (-4.0, 66.0),
            (-3.5, 80.0),
            (-1.0, 74.75),
            (-0.125, 88.0),
        ]);
        let fit = slope(&fit, 0.9).unwrap();
        assert!(close(fit.estimate, 2.737_988_225_612_458), "{fit:?}");
        assert!(close(fit.low, 0.659_360_777_921_567_1), "{fit:?}");
        assert!(close(fit.high, 4.816_615_673_303_35), "{fit:?}");
    }

    #[test]
    fn a_perfect_line_has_an_interval_without_width() {
        let fit = slope(&points(&[(0.0, 70.0), (1.0, 72.0), (2.0, 74.0), (5.0, 80.0)]), 0.9).unwrap();
        for end in [fit.estimate, fit.low, fit.high] {
            assert!(close(end, 2.0), "{fit:?}");
        }
    }

    #[test]
    fn too_few_points_and_points_at_one_place_have_no_slope() {
        assert_eq!(slope(&[], 0.9), None);
        assert_eq!(slope(&points(&[(0.0, 1.0), (1.0, 2.0)]), 0.9), None);
        assert_eq!(slope(&points(&[(0.1, 1.0), (0.1, 2.0), (0.1, 3.0), (0.1, 5.0)]), 0.9), None);
    }

    #[test]
    fn a_point_of_double_weight_pulls_like_two() {
        let mut weighted = points(&[(0.0, 50.0), (1.0, 70.0), (2.0, 60.0), (3.0, 90.0)]);
        weighted[3].weight = 2.0;
        let twice = points(&[(0.0, 50.0), (1.0, 70.0), (2.0, 60.0), (3.0, 90.0), (3.0, 90.0)]);
        let (weighted, twice) = (slope(&weighted, 0.9).unwrap(), slope(&twice, 0.9).unwrap());
        assert!(close(weighted.estimate, twice.estimate));
    }
}
