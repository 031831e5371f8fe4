//! The order of items, and a place in it.

use std::cmp::Reverse;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike as _, Utc};
use entity::clock::YEARS;
use uuid::Uuid;

/// The place of an item among others: the latest first, those without a time last, and of the same time by their ids.
///
/// The ids of all items differ, so no two have the same place, and a place can be gone on from also when its item is no
/// longer there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ItemKey(Reverse<Option<DateTime<Utc>>>, Reverse<Uuid>);

/// A text is no place of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseItemKeyError;

const NO_TIME: &str = "-";

impl ItemKey {
    pub(super) const fn new(at: Option<DateTime<Utc>>, id: Uuid) -> Self {
        Self(Reverse(at), Reverse(id))
    }

    /// The time of the item.
    pub(super) const fn at(self) -> Option<DateTime<Utc>> {
        self.0.0
    }

    /// The id of the item.
    pub(super) const fn id(self) -> Uuid {
        self.1.0
    }
}

impl fmt::Display for ItemKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at() {
            Some(at) => write!(f, "{}.{}", at.timestamp_micros(), self.id()),
            None => write!(f, "{NO_TIME}.{}", self.id()),
        }
    }
}

impl FromStr for ItemKey {
    type Err = ParseItemKeyError;

    fn from_str(text: &str) -> Result<Self, ParseItemKeyError> {
        let (at, id) = text.split_once('.').ok_or(ParseItemKeyError)?;
        let at = match at {
            NO_TIME => None,
            micros => {
                let micros = micros.parse().map_err(|_| ParseItemKeyError)?;
                let at = DateTime::from_timestamp_micros(micros).filter(|at| YEARS.contains(&at.year()));
                Some(at.ok_or(ParseItemKeyError)?)
            }
        };
        let id = Uuid::try_parse(id).map_err(|_| ParseItemKeyError)?;
        Ok(Self::new(at, id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(micros: Option<i64>, id: u128) -> ItemKey {
        ItemKey::new(micros.and_then(DateTime::from_timestamp_micros), Uuid::from_u128(id))
    }

    #[test]
    fn the_latest_comes_first_and_what_has_no_time_last() {
        let order = [key(Some(2), 1), key(Some(1), 3), key(Some(1), 2), key(None, 9), key(None, 8)];
        assert!(order.is_sorted());
    }

    #[test]
    fn a_place_survives_being_written_and_read() {
        for key in [key(Some(1_772_359_200_123_456), 7), key(Some(-1), 7), key(None, 7)] {
            assert_eq!(key.to_string().parse(), Ok(key));
        }
        let far = format!("{}.{}", i64::MIN, Uuid::nil());
        assert_eq!(far.parse::<ItemKey>(), Err(ParseItemKeyError));
        for text in ["", ".", "-", "1", "1.2", "x.00000000-0000-0000-0000-000000000007"] {
            assert_eq!(text.parse::<ItemKey>(), Err(ParseItemKeyError), "{text}");
        }
    }
}
