//! The weeks of days that are counted from the first one of a presentation, in arithmetic of its own: days since 1970
//! and nothing else, as the Gregorian calendar has them.

use std::io;

/// The Monday of a day of a presentation such as `AAA-2013J`, in days since 1970.
///
/// # Errors
/// When it is no day, or no presentation.
pub fn monday(presentation: &str, day: &str) -> io::Result<i64> {
    let unreadable =
        || io::Error::other(format!("{day:?} is no day of a presentation such as {presentation:?}"));
    let (_, presentation) = presentation.split_once('-').ok_or_else(unreadable)?;
    let (year, letter) = presentation.split_at_checked(4).ok_or_else(unreadable)?;
    let year: i64 = year.parse().map_err(|_| unreadable())?;
    let day: i64 = day.parse().map_err(|_| unreadable())?;
    let before_october = if is_leap(year) { 274 } else { 273 };
    let first = match letter {
        "B" => days_before(year) + 31,
        "J" => days_before(year) + before_october,
        _ => return Err(unreadable()),
    };
    let date = first + day;
    // The first day of 1970 was a Thursday.
    Ok(date - (date + 3).rem_euclid(7))
}

/// A Monday as `2013-W40,2013-09-30`.
pub fn text(monday: i64) -> String {
    // The week has the year of its Thursday, and counts the Thursdays of that year.
    let (year, thursday) = year_of(monday + 3);
    let (year_of_monday, mut rest) = year_of(monday);
    let february = if is_leap(year_of_monday) { 29 } else { 28 };
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if rest < length {
            break;
        }
        rest -= length;
        month += 1;
    }
    format!("{year}-W{:02},{year_of_monday}-{month:02}-{:02}", thursday / 7 + 1, rest + 1)
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// The days from 1970 to the year.
fn days_before(year: i64) -> i64 {
    (1970..year).map(|year| if is_leap(year) { 366 } else { 365 }).sum()
}

/// The year of a day, and how many days of the year are before it.
fn year_of(mut day: i64) -> (i64, i64) {
    let mut year = 1970;
    loop {
        let length = if is_leap(year) { 366 } else { 365 };
        if day < length {
            return (year, day);
        }
        day -= length;
        year += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_are_those_of_the_calendar_on_the_wall() {
        let of = |presentation, day| text(monday(presentation, day).unwrap());
        assert_eq!(of("AAA-2013J", "0"), "2013-W40,2013-09-30");
        assert_eq!(of("AAA-2013J", "92"), "2014-W01,2013-12-30");
        assert_eq!(of("BBB-2014B", "-1"), "2014-W05,2014-01-27");
        assert_eq!(of("BBB-2014B", "1"), "2014-W05,2014-01-27");
        assert_eq!(of("BBB-2014B", "2"), "2014-W06,2014-02-03");
        assert_eq!(text(days_before(2021) - 4), "2020-W53,2020-12-28");
        assert_eq!(text(days_before(2024) + 60), "2024-W10,2024-03-01");
        assert!(monday("AAA-2013K", "0").is_err());
    }
}
