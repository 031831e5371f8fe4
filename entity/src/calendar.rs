//! The school's calendar: on which day, and in which week, a moment lies for those who are there.
//!
//! Days and weeks are told here and never by a database: both would have to know the same time zones.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, Days, NaiveDate, TimeZone as _, Utc};
use chrono_tz::Tz;
use sea_orm::DeriveValueType;

/// A time zone, by its name in the IANA database, such as `Europe/Lisbon`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TimeZone(Tz);

/// Why a text names no time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be the name of a time zone, as in Europe/Lisbon")]
pub struct UnknownTimeZone;

impl TimeZone {
    /// Coordinated Universal Time.
    pub const UTC: Self = Self(Tz::UTC);

    /// The day on which `moment` lies.
    pub fn day(self, moment: DateTime<Utc>) -> NaiveDate {
        self.0.from_utc_datetime(&moment.naive_utc()).date_naive()
    }

    /// The week in which `moment` lies.
    pub fn week(self, moment: DateTime<Utc>) -> Week {
        Week::of(self.day(moment))
    }
}

impl FromStr for TimeZone {
    type Err = UnknownTimeZone;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        name.parse().map(Self).map_err(|_| UnknownTimeZone)
    }
}

impl fmt::Display for TimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())
    }
}

/// A week as ISO 8601 has it, which begins on a Monday. It is kept as the date of that day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, DeriveValueType)]
pub struct Week(NaiveDate);

impl Week {
    /// The week of `day`.
    pub fn of(day: NaiveDate) -> Self {
        let since_monday = Days::new(day.weekday().num_days_from_monday().into());
        // Only the first days that dates can tell have no Monday before them.
        Self(day.checked_sub_days(since_monday).unwrap_or(day))
    }

    /// Its first day.
    pub const fn monday(self) -> NaiveDate {
        self.0
    }

    /// The week that is `weeks` later, or earlier when negative; the last or first one that dates can tell at most.
    #[must_use]
    pub fn plus(self, weeks: i64) -> Self {
        let limit = if weeks < 0 { NaiveDate::MIN } else { NaiveDate::MAX };
        Self(
            chrono::TimeDelta::try_weeks(weeks)
                .and_then(|delta| self.0.checked_add_signed(delta))
                .unwrap_or(limit),
        )
    }

    /// How many weeks it is from this week to `later`.
    pub fn until(self, later: Self) -> i64 {
        (later.0 - self.0).num_weeks()
    }
}

impl sea_orm::TryFromU64 for Week {
    fn try_from_u64(_: u64) -> Result<Self, sea_orm::DbErr> {
        Err(sea_orm::DbErr::ConvertFromU64(stringify!(Week)))
    }
}

impl fmt::Display for Week {
    /// As ISO 8601 writes it: `2020-W53`. The year is that of the week's Thursday.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let week = self.0.iso_week();
        write!(f, "{:04}-W{:02}", week.year(), week.week())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn week(zone: &str, moment: &str) -> String {
        zone.parse::<TimeZone>().unwrap().week(moment.parse().unwrap()).to_string()
    }

    #[test]
    fn a_week_belongs_to_the_year_of_its_thursday() {
        assert_eq!(week("UTC", "2021-01-01T12:00:00Z"), "2020-W53");
        assert_eq!(week("UTC", "2024-12-30T12:00:00Z"), "2025-W01");
        assert_eq!(week("UTC", "2026-03-02T00:00:00Z"), "2026-W10");
    }

    #[test]
    fn a_week_begins_at_midnight_of_the_schools_monday_whatever_its_clocks_show_that_day() {
        // Summer time began on Sunday the 29th at 01:00 UTC, so that Monday begins an hour earlier.
        assert_eq!(week("Europe/Lisbon", "2026-03-29T22:59:59.999999Z"), "2026-W13");
        assert_eq!(week("Europe/Lisbon", "2026-03-29T23:00:00Z"), "2026-W14");
        assert_eq!(week("Asia/Kathmandu", "2026-03-01T18:14:59Z"), "2026-W09");
        assert_eq!(week("Asia/Kathmandu", "2026-03-01T18:15:00Z"), "2026-W10");
        assert_eq!(week("America/St_Johns", "2026-03-02T03:29:59Z"), "2026-W09");
    }

    #[test]
    fn weeks_are_counted() {
        let last_of_2020 = Week::of("2021-01-03".parse().unwrap());
        assert_eq!(last_of_2020.monday().to_string(), "2020-12-28");
        assert_eq!(last_of_2020.plus(1).to_string(), "2021-W01");
        assert_eq!(last_of_2020.plus(-53).until(last_of_2020), 53);
    }

    #[test]
    fn what_is_no_time_zone_is_refused() {
        for name in ["", "Lisbon", "europe/lisbon", "+01:00", "Mars/Olympus_Mons"] {
            assert_eq!(name.parse::<TimeZone>(), Err(UnknownTimeZone), "{name}");
        }
    }
}
