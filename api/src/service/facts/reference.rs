//! How a command names a row.

use std::str::FromStr;

use entity::id::ParseIdError;
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
    pub(super) const fn as_id(&self) -> Option<Uuid> {
        match self {
            Self::Id(id) => Some(*id),
            Self::SourcedId(_) => None,
        }
    }

    /// The writing system's id, if that is what it is.
    pub(super) fn as_sourced_id(&self) -> Option<&str> {
        match self {
            Self::Id(_) => None,
            Self::SourcedId(sourced_id) => Some(sourced_id),
        }
    }
}
