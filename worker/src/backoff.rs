//! How long a failed job waits before it is tried again.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_mins(30);

/// The delay after the failure of attempt number `attempt` (from 1): half a second, doubled with every further attempt
/// up to half an hour, of which a random part is taken off so that jobs that failed together do not come back together.
///
/// `random` picks the delay within its range, from half of the full delay to all of it.
pub fn delay(attempt: i32, random: u32) -> Duration {
    let doublings = u32::try_from(attempt.saturating_sub(1)).unwrap_or(0).min(16);
    let full = FIRST.saturating_mul(1 << doublings).min(LONGEST);
    let half = full / 2;
    let spread = u64::try_from(half.as_millis()).unwrap_or(u64::MAX);
    half + Duration::from_millis(u64::from(random) % (spread + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_doubles_up_to_half_an_hour() {
        let longest: Vec<u128> = (1..=20).map(|attempt| delay(attempt, 0).as_millis() * 2).collect();
        assert_eq!(longest[..4], [500, 1000, 2000, 4000]);
        assert_eq!(longest[19], LONGEST.as_millis());
        assert!(longest.windows(2).all(|pair| pair[0] <= pair[1]));
    }

    #[test]
    fn jitter_takes_off_at_most_half() {
        for random in [0, 1, 12_345, u32::MAX] {
            let millis = delay(5, random).as_millis();
            assert!((4000..=8000).contains(&millis), "{millis}");
        }
    }

    #[test]
    fn no_attempt_number_overflows() {
        assert!(delay(i32::MAX, u32::MAX) <= LONGEST);
        assert!(delay(i32::MIN, 0) <= LONGEST);
    }
}
