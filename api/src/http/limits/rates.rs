//! How often one may ask.

use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use governor::clock::DefaultClock;
use governor::state::keyed::HashMapStateStore;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

/// After how many requests those are forgotten who have not asked for so long that it makes no difference. Strangers
/// can make up addresses: this bounds how many are remembered.
const FORGET_EVERY: u32 = 8192;

/// How often somebody may ask: as often as `burst` at once, and once more after each time of `every`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How often at once.
    pub burst: NonZeroU32,
    /// After which time once more.
    pub every: Duration,
}

impl Rate {
    /// So many requests a second, and those of two seconds at once.
    pub fn per_second(requests: NonZeroU32) -> Self {
        let burst = requests.saturating_mul(NonZeroU32::MIN.saturating_add(1));
        Self { burst, every: Duration::from_secs(1) / requests.get() }
    }

    /// None for a time of nothing, which is no limit.
    fn quota(self) -> Option<Quota> {
        Quota::with_period(self.every).map(|quota| quota.allow_burst(self.burst))
    }
}

/// How often each of many may ask.
pub(super) struct Rates<K: Hash + Eq + Clone> {
    limiter: Option<RateLimiter<K, HashMapStateStore<K>, DefaultClock>>,
    asked: AtomicU32,
}

impl<K: Hash + Eq + Clone> Rates<K> {
    /// Without a rate, as often as they like.
    pub(super) fn new(rate: Option<Rate>) -> Self {
        Self { limiter: rate.and_then(Rate::quota).map(RateLimiter::hashmap), asked: AtomicU32::new(0) }
    }

    /// Counts a request, and says whether it is one too many.
    pub(super) fn admit(&self, key: &K) -> bool {
        let Some(limiter) = &self.limiter else { return true };
        if self.asked.fetch_add(1, Ordering::Relaxed).is_multiple_of(FORGET_EVERY) {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
        limiter.check_key(key).is_ok()
    }
}

/// How often one socket may say something.
pub(in crate::http) struct Messages(Option<DefaultDirectRateLimiter>);

impl Messages {
    /// Without a rate, as often as it likes.
    pub(in crate::http) fn new(rate: Option<Rate>) -> Self {
        Self(rate.and_then(Rate::quota).map(RateLimiter::direct))
    }

    /// Counts a message, and says whether it is one too many.
    pub(in crate::http) fn admit(&self) -> bool {
        self.0.as_ref().is_none_or(|limiter| limiter.check().is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn twice_an_hour() -> Rate {
        Rate { burst: NonZeroU32::new(2).unwrap(), every: Duration::from_hours(1) }
    }

    #[test]
    fn each_may_ask_as_often_as_the_others() {
        let rates = Rates::new(Some(twice_an_hour()));
        for key in ["a", "b"] {
            assert_eq!(
                [rates.admit(&key), rates.admit(&key), rates.admit(&key)],
                [true, true, false],
                "{key}"
            );
        }
        let free = Rates::new(None);
        assert!((0..1000).all(|_| free.admit(&"a")));
    }

    #[test]
    fn those_who_have_not_asked_for_long_are_forgotten() {
        let often = Rate { burst: NonZeroU32::MIN, every: Duration::from_nanos(1) };
        let rates = Rates::new(Some(often));
        for address in 0..3 * FORGET_EVERY {
            assert!(rates.admit(&address));
        }
        assert!(rates.limiter.is_some_and(|limiter| limiter.len() <= FORGET_EVERY as usize + 1));
    }

    #[test]
    fn a_rate_by_the_second_allows_two_seconds_worth_at_once() {
        let rate = Rate::per_second(NonZeroU32::new(100).unwrap());
        assert_eq!((rate.burst.get(), rate.every), (200, Duration::from_millis(10)));
    }
}
