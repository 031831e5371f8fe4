//! A day of the calendar, as a scalar.

use async_graphql::{Description, InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::{Datelike as _, NaiveDate};
use entity::clock::YEARS;

use crate::error::UserError;

/// A day of the school's calendar as ISO 8601 writes it, such as `"2026-03-02"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Description)]
pub struct Date(Option<NaiveDate>);

#[Scalar(name = "Date", use_type_description)]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else { return Err(InputValueError::expected_type(value)) };
        let date = text.parse().ok().filter(|date: &NaiveDate| date.to_string() == *text);
        Ok(Self(date.filter(|date| YEARS.contains(&date.year()))))
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::String(_))
    }

    fn to_value(&self) -> Value {
        self.0.map_or(Value::Null, |date| Value::String(date.to_string()))
    }
}

impl Date {
    /// Reads a day that may be left out.
    pub(super) fn read(field: &str, date: Option<Self>) -> Result<Option<NaiveDate>, UserError> {
        let (first, last) = YEARS.into_inner();
        let wrong = || {
            UserError::input(
                field,
                format!("must be a day of the years {first} to {last}, as in \"2026-03-02\""),
            )
        };
        date.map(|date| date.0.ok_or_else(wrong)).transpose()
    }
}

impl From<NaiveDate> for Date {
    fn from(date: NaiveDate) -> Self {
        Self(Some(date))
    }
}
