//! Scalars of our own.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use entity::score::Score;
use rust_decimal::Decimal as ExactDecimal;

/// A decimal number, exact, written as a string such as `"87.50"`.
///
/// Scores and averages that come out always have two decimals. What goes in may be a string or a whole number; a number
/// with a fraction is refused, because JSON readers make a binary fraction of it, which is not exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal(pub ExactDecimal);

/// More characters than any number that is accepted needs.
const MAX_CHARS: usize = 40;

#[Scalar(name = "Decimal")]
impl ScalarType for Decimal {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => parse(text),
            Value::Number(number) => {
                let whole = number.as_i64().ok_or_else(|| {
                    InputValueError::custom("a decimal with a fraction must be a string, as in \"87.5\"")
                })?;
                Ok(Self(whole.into()))
            }
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

fn parse(text: &str) -> InputValueResult<Decimal> {
    let plain = text.len() <= MAX_CHARS
        && text.strip_prefix('-').unwrap_or(text).chars().all(|c| c.is_ascii_digit() || c == '.');
    let number = plain.then(|| ExactDecimal::from_str_exact(text).ok()).flatten();
    number.map(Decimal).ok_or_else(|| InputValueError::custom("must be a decimal number, as in \"87.5\""))
}

impl From<Score> for Decimal {
    fn from(score: Score) -> Self {
        Self(ExactDecimal::new(score.hundredths().into(), 2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: Value) -> Option<String> {
        Decimal::parse(value).ok().map(|decimal| decimal.0.to_string())
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
}
