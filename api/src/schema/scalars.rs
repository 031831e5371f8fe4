//! Scalars of our own.
//!
//! A text that is none of them is kept as such until the input is read, where the field at fault has a name, and where
//! in a bulk mutation one bad item need not refuse the others.

use async_graphql::{Description, InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::{DateTime, Utc};
use entity::score::Score;
use rust_decimal::Decimal as ExactDecimal;

/// A decimal number, exact, written as a string such as `"87.50"`.
///
/// Scores and averages that come out always have two decimals. What goes in may be a string or a whole number; a number
/// with a fraction is refused, because JSON readers make a binary fraction of it, which is not exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Description)]
pub struct Decimal(Result<ExactDecimal, &'static str>);

/// More characters than any number that is accepted needs.
const MAX_CHARS: usize = 40;

#[Scalar(name = "Decimal", use_type_description)]
impl ScalarType for Decimal {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => Ok(Self(exact(text))),
            Value::Number(number) => Ok(Self(
                number
                    .as_i64()
                    .map(Into::into)
                    .ok_or("must be a string if it is no whole number, as in \"87.5\""),
            )),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::String(_) | Value::Number(_))
    }

    fn to_value(&self) -> Value {
        self.0.map_or(Value::Null, |number| Value::String(number.to_string()))
    }
}

fn exact(text: &str) -> Result<ExactDecimal, &'static str> {
    let plain = text.len() <= MAX_CHARS
        && text.strip_prefix('-').unwrap_or(text).chars().all(|c| c.is_ascii_digit() || c == '.');
    let number = plain.then(|| ExactDecimal::from_str_exact(text).ok()).flatten();
    number.ok_or("must be a decimal number, as in \"87.5\"")
}

impl Decimal {
    /// The number, or what is wrong with what was given for one.
    pub(super) const fn read(self) -> Result<ExactDecimal, &'static str> {
        self.0
    }
}

impl Decimal {
    /// The number of percent that so many hundredths of a percent are.
    pub(super) fn of_hundredths(hundredths: i64) -> Self {
        Self(Ok(ExactDecimal::new(hundredths, 2)))
    }
}

impl From<Score> for Decimal {
    fn from(score: Score) -> Self {
        Self::of_hundredths(score.hundredths().into())
    }
}

/// A point in time as RFC 3339 writes it, such as `"2026-03-01T10:00:00Z"`. It is kept to the microsecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Description)]
pub struct Time(Result<DateTime<Utc>, &'static str>);

#[Scalar(
    name = "DateTime",
    use_type_description,
    specified_by_url = "https://datatracker.ietf.org/doc/html/rfc3339"
)]
impl ScalarType for Time {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else { return Err(InputValueError::expected_type(value)) };
        let time = DateTime::parse_from_rfc3339(text).ok();
        // Neither database knows leap seconds: they are the second after, as everywhere else.
        let time = time.and_then(|time| DateTime::from_timestamp_micros(time.timestamp_micros()));
        Ok(Self(time.ok_or("must be a time with its offset, as in \"2026-03-01T10:00:00Z\"")))
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::String(_))
    }

    fn to_value(&self) -> Value {
        self.0.map_or(Value::Null, |time| Value::String(time.to_rfc3339()))
    }
}

impl Time {
    /// The time, or what is wrong with what was given for one.
    pub(super) const fn read(self) -> Result<DateTime<Utc>, &'static str> {
        self.0
    }
}

impl From<DateTime<Utc>> for Time {
    fn from(time: DateTime<Utc>) -> Self {
        Self(Ok(time))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: Value) -> Option<String> {
        let decimal = Decimal::parse(value).ok()?;
        decimal.read().ok().map(|number| number.to_string())
    }

    #[test]
    fn exact_numbers_are_read() {
        assert_eq!(read(Value::String("87.50".into())), Some("87.50".into()));
        assert_eq!(read(Value::String("-0.1".into())), Some("-0.1".into()));
        assert_eq!(read(Value::from(90)), Some("90".into()));
    }

    #[test]
    fn everything_else_is_refused() {
        for text in ["", "-", ".", "NaN", "inf", "1e3", "1,5", "+1", " 1", "1_000", "0x10", "1.2.3", "--1"] {
            assert_eq!(read(Value::String(text.into())), None, "{text}");
        }
        assert_eq!(read(Value::String("9".repeat(41))), None);
        assert_eq!(read(Value::from(87.5)), None);
        assert_eq!(read(Value::Boolean(true)), None);
    }

    #[test]
    fn scores_are_written_with_two_decimals() {
        let score = Score::from_hundredths(8750).unwrap();
        assert_eq!(Decimal::from(score).to_value(), Value::String("87.50".into()));
        assert_eq!(Decimal::from(Score::ZERO).to_value(), Value::String("0.00".into()));
    }

    #[test]
    fn times_need_their_offset() {
        let read = |text: &str| Time::parse(Value::String(text.into())).unwrap().read().ok();
        assert_eq!(read("2026-03-01T10:00:00.123456789+05:30"), read("2026-03-01T04:30:00.123456Z"));
        assert_eq!(read("2016-12-31T23:59:60Z"), read("2017-01-01T00:00:00Z"));
        for text in ["", "now", "2026-03-01", "2026-03-01T10:00:00", "2026-02-30T10:00:00Z", "1772359200"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
