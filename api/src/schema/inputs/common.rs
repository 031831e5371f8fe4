//! What inputs are made of.

use std::str::FromStr;

use async_graphql::{ID, InputObject, MaybeUndefined, OneofObject};
use chrono::{DateTime, Datelike, Utc};
use entity::clock::{YEARS, to_microseconds};
use entity::id::ParseIdError;
use entity::score::Score;
use uuid::Uuid;

use crate::error::UserError;
use crate::schema::scalars::{Decimal, Time};
use crate::service::facts::Reference;

/// The longest text that is accepted, in characters.
const MAX_TEXT: usize = 255;

/// Names something by one of its ids.
#[derive(OneofObject, Clone, Debug)]
pub enum Ref {
    /// The id that Tally gave it, such as `student:0193…`.
    Id(ID),
    /// The writing system's own id, 1 to 255 characters.
    SourcedId(String),
}

/// A score, as a percentage or as points. It is kept as a percentage from 0 to 999.99 with two decimals, rounded half up
/// once.
#[derive(OneofObject, Clone, Debug)]
pub enum ScoreInput {
    /// A percentage from 0 to 999.99.
    Percentage(Decimal),
    /// Points earned of points possible.
    Points(PointsInput),
}

/// Points earned of points possible.
#[derive(InputObject, Clone, Debug)]
pub struct PointsInput {
    /// Zero or more; more than possible is extra credit.
    pub earned: Decimal,
    /// More than zero.
    pub possible: Decimal,
}

impl Ref {
    /// Reads a reference to a row whose ids are of the type `T`.
    pub(in crate::schema) fn read<T>(self, field: &str) -> Result<Reference, UserError>
    where
        T: FromStr<Err = ParseIdError> + Into<Uuid>,
    {
        match self {
            Self::Id(id) => Reference::id::<T>(&format!("{field}.id"), &id),
            Self::SourcedId(sourced_id) => {
                Ok(Reference::SourcedId(text(&format!("{field}.sourcedId"), sourced_id)?))
            }
        }
    }
}

/// Reads the reference to the row that an input or a query itself is about, from its `id` or its `sourcedId`.
pub(in crate::schema) fn own<T>(id: Option<ID>, sourced_id: Option<String>) -> Result<Reference, UserError>
where
    T: FromStr<Err = ParseIdError> + Into<Uuid>,
{
    match (id, sourced_id) {
        (Some(id), None) => Reference::id::<T>("id", &id),
        (None, Some(sourced_id)) => Ok(Reference::SourcedId(text("sourcedId", sourced_id)?)),
        (None, None) => Err(UserError::input("sourcedId", "is needed, or else id")),
        (Some(_), Some(_)) => Err(UserError::input("id", "and sourcedId must not be given together")),
    }
}

impl ScoreInput {
    /// Reads a score.
    pub(super) fn read(self, field: &str) -> Result<Score, UserError> {
        let score = match self {
            Self::Percentage(percentage) => {
                Score::from_percentage(decimal(&format!("{field}.percentage"), percentage)?)
            }
            Self::Points(PointsInput { earned, possible }) => Score::from_points(
                decimal(&format!("{field}.points.earned"), earned)?,
                decimal(&format!("{field}.points.possible"), possible)?,
            ),
        };
        score.map_err(|error| UserError::input(field, error))
    }
}

fn decimal(field: &str, decimal: Decimal) -> Result<rust_decimal::Decimal, UserError> {
    decimal.read().map_err(|message| UserError::input(field, message))
}

/// Reads a text of 1 to 255 characters without control characters.
pub(in crate::schema) fn text(field: &str, text: String) -> Result<String, UserError> {
    if text.trim().is_empty() {
        return Err(UserError::input(field, "must not be empty"));
    }
    if text.chars().count() > MAX_TEXT {
        return Err(UserError::input(field, format!("must have at most {MAX_TEXT} characters")));
    }
    if text.chars().any(char::is_control) {
        return Err(UserError::input(field, "must not contain control characters"));
    }
    Ok(text)
}

/// Reads a text that may be left out.
pub(in crate::schema) fn optional_text(
    field: &str,
    value: Option<String>,
) -> Result<Option<String>, UserError> {
    value.map(|value| text(field, value)).transpose()
}

/// Reads a time, in whole microseconds.
pub(super) fn time(field: &str, time: Time) -> Result<DateTime<Utc>, UserError> {
    let time = time.read().map_err(|message| UserError::input(field, message))?;
    if YEARS.contains(&time.year()) {
        Ok(to_microseconds(time))
    } else {
        let (first, last) = YEARS.into_inner();
        Err(UserError::input(field, format!("must be in the years {first} to {last}")))
    }
}

/// Reads a time that may be left out.
pub(in crate::schema) fn optional_time(
    field: &str,
    value: Option<Time>,
) -> Result<Option<DateTime<Utc>>, UserError> {
    value.map(|value| time(field, value)).transpose()
}

/// Reads a value that may be left out, or be null to clear what is stored.
pub(super) fn clearable<V, T>(
    value: MaybeUndefined<V>,
    read: impl FnOnce(V) -> Result<T, UserError>,
) -> Result<Option<Option<T>>, UserError> {
    match value {
        MaybeUndefined::Undefined => Ok(None),
        MaybeUndefined::Null => Ok(Some(None)),
        MaybeUndefined::Value(value) => read(value).map(|value| Some(Some(value))),
    }
}
