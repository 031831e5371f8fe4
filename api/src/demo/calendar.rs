//! When things happened, counted back from the end of the term.

use chrono::{DateTime, Datelike, NaiveTime, TimeDelta, Utc, Weekday};

/// The days before a moment, which is the end of the term.
#[derive(Clone, Copy, Debug)]
pub struct Calendar {
    /// The end of the term.
    pub now: DateTime<Utc>,
}

impl Calendar {
    /// A moment of the school day `days` (at least one) before the end of the term; on a Friday instead of a weekend.
    pub fn days_ago(self, days: i64, minute: i64) -> DateTime<Utc> {
        let midnight = self.now.date_naive().and_time(NaiveTime::MIN).and_utc();
        let day = midnight - TimeDelta::days(days);
        let weekend = match day.weekday() {
            Weekday::Sat => 1,
            Weekday::Sun => 2,
            _ => 0,
        };
        day - TimeDelta::days(weekend) + TimeDelta::minutes(8 * 60 + minute)
    }

    /// A moment just before the end of the term.
    pub fn minutes_ago(self, minutes: i64) -> DateTime<Utc> {
        self.now - TimeDelta::minutes(minutes)
    }
}
