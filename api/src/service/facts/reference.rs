//! How a command names a row.

use std::str::FromStr;

use entity::id::ParseIdError;
use entity::sea_orm::sea_query::SimpleExpr;
use entity::sea_orm::{ColumnTrait, ExprTrait as _};
use uuid::Uuid;

use crate::error::UserError;

/// Names a row by Tally's id or by the writing system's own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reference {
    /// Tally's id, without its type: the type was checked when it was read.
    Id(Uuid),
    /// The writing system's id.
    SourcedId(String),
}

impl Reference {
    /// Reads a typed id such as `student:0193…`.
    ///
    /// # Errors
    /// [`UserError`] naming `field` if it is not an id of that type.
    pub fn id<T>(field: &str, text: &str) -> Result<Self, UserError>
    where
        T: FromStr<Err = ParseIdError> + Into<Uuid>,
    {
        text.parse::<T>().map(|id| Self::Id(id.into())).map_err(|error| UserError::input(field, error))
    }

    /// The id, if that is what it is.
    pub(in crate::service) const fn as_id(&self) -> Option<Uuid> {
        match self {
            Self::Id(id) => Some(*id),
            Self::SourcedId(_) => None,
        }
    }

    /// The writing system's id, if that is what it is.
    pub(in crate::service) fn as_sourced_id(&self) -> Option<&str> {
        match self {
            Self::Id(_) => None,
            Self::SourcedId(sourced_id) => Some(sourced_id),
        }
    }
}

/// The condition that a row has one of `ids` in the one column, or one of `sourced_ids` in the other.
///
/// A kind of id that is not asked for is left out: the database takes an empty list for something that may be true of any
/// row, and looks at them all.
pub(in crate::service) fn has_id_of<'a, C: ColumnTrait>(
    (id, ids): (C, impl IntoIterator<Item = Uuid>),
    (sourced_id, sourced_ids): (C, impl IntoIterator<Item = &'a str>),
) -> SimpleExpr {
    let (ids, sourced_ids) = (Vec::from_iter(ids), Vec::from_iter(sourced_ids));
    let (no_ids, no_sourced_ids) = (ids.is_empty(), sourced_ids.is_empty());
    let (by_id, by_sourced_id) = (id.is_in(ids), sourced_id.is_in(sourced_ids));
    match (no_ids, no_sourced_ids) {
        (true, _) => by_sourced_id,
        (false, true) => by_id,
        (false, false) => by_id.or(by_sourced_id),
    }
}
