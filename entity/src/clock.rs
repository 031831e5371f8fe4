//! The one place that reads the system's time.
//!
//! Facts and aggregates are stamped from a [`Clock`] that is handed in, so that tests decide what time it is.
//! Leases and due times of jobs are judged by the database's own clock instead (see [`crate::db_time`]), because
//! workers on several machines must agree.

use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, DurationRound, TimeDelta, Utc};

/// The years of all times that are kept: both databases have them, and no school anything in others.
pub const YEARS: std::ops::RangeInclusive<i32> = 1900..=2200;

/// A source of the current time, in whole microseconds: the finest unit that both databases keep.
pub trait Clock: Debug + Send + Sync {
    /// The current time in UTC, truncated to microseconds.
    fn now(&self) -> DateTime<Utc>;
}

/// A clock that is shared by everything in one process.
pub type SharedClock = Arc<dyn Clock>;

/// The system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock everybody else is told to use")]
    fn now(&self) -> DateTime<Utc> {
        to_microseconds(Utc::now())
    }
}

/// A clock that stands still until it is told to move. For tests, and for demonstration data.
#[derive(Debug)]
pub struct ManualClock(Mutex<DateTime<Utc>>);

impl ManualClock {
    /// A clock that shows `start` until it is moved.
    pub fn starting_at(start: DateTime<Utc>) -> Self {
        Self(Mutex::new(to_microseconds(start)))
    }

    /// Moves the clock forward, or backward by a negative delta.
    pub fn advance(&self, delta: TimeDelta) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now += delta;
    }

    /// Sets the clock to `time`.
    pub fn set(&self, time: DateTime<Utc>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = to_microseconds(time);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Truncates to microseconds, so that a value read back from either database equals the one written.
pub fn to_microseconds(time: DateTime<Utc>) -> DateTime<Utc> {
    time.duration_trunc(TimeDelta::microseconds(1)).unwrap_or(time)
}
