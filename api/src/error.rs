//! What can go wrong, and what a client sees of it.

use std::fmt;

use async_graphql::{Error, ErrorExtensions};
use entity::database::{AsDbErr, Objection, StorageError, is_transient, objection, storage_error};
use entity::sea_orm::DbErr;

/// The `extensions.code` of a GraphQL error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorCode {
    /// The request is at fault, in the field that is named.
    BadUserInput,
    /// No valid token came with the request.
    Unauthenticated,
    /// The viewer's role may not do this, whatever the data.
    Forbidden,
    /// What is named does not exist, or the viewer may not see it.
    NotFound,
    /// What is asked contradicts what is stored.
    Conflict,
    /// The request names a document by its hash that nobody has sent so far.
    PersistedQueryNotFound,
    /// The request is larger than allowed.
    LimitExceeded,
    /// The service cannot answer now; trying again later may help.
    Unavailable,
    /// The service is at fault. Details are in its log only.
    Internal,
}

impl ErrorCode {
    /// The code as clients see it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadUserInput => "BAD_USER_INPUT",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::NotFound => "NOT_FOUND",
            Self::Conflict => "CONFLICT",
            Self::PersistedQueryNotFound => "PERSISTED_QUERY_NOT_FOUND",
            Self::LimitExceeded => "LIMIT_EXCEEDED",
            Self::Unavailable => "UNAVAILABLE",
            Self::Internal => "INTERNAL",
        }
    }
}

/// An error that the client caused and can understand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserError {
    /// Its class.
    pub code: ErrorCode,
    /// The path of the input field at fault, such as `input.score`.
    pub field: Option<String>,
    /// What is wrong, for people.
    pub message: String,
}

impl UserError {
    fn new(code: ErrorCode, field: &str, message: impl fmt::Display) -> Self {
        Self { code, field: Some(field.to_owned()), message: format!("{field} {message}") }
    }

    /// The value of `field` cannot be used: "`field` `message`".
    pub fn input(field: &str, message: impl fmt::Display) -> Self {
        Self::new(ErrorCode::BadUserInput, field, message)
    }

    /// What `field` names does not exist.
    pub fn not_found(field: &str) -> Self {
        Self::new(ErrorCode::NotFound, field, "was not found")
    }

    /// The value of `field` contradicts what is stored: "`field` `message`".
    pub fn conflict(field: &str, message: impl fmt::Display) -> Self {
        Self::new(ErrorCode::Conflict, field, message)
    }

    /// `field` holds more than is allowed: "`field` `message`".
    pub fn limit(field: &str, message: impl fmt::Display) -> Self {
        Self::new(ErrorCode::LimitExceeded, field, message)
    }

    /// The viewer's role may not do this.
    pub fn forbidden() -> Self {
        Self { code: ErrorCode::Forbidden, field: None, message: "your role does not allow this".to_owned() }
    }

    /// The same error with the path of its field under `parent`.
    #[must_use]
    pub fn within(mut self, parent: &str) -> Self {
        self.field = Some(self.field.map_or_else(|| parent.to_owned(), |field| format!("{parent}.{field}")));
        self
    }
}

/// Any error of a service.
///
/// Neither this nor [`UserError`] can be displayed: async-graphql would take the text of anything that can, and leave
/// out the code.
#[derive(Clone, Debug)]
pub enum ApiError {
    /// The client's fault.
    User(UserError),
    /// The database's fault, or ours.
    Database(DbErr),
}

impl From<UserError> for ApiError {
    fn from(error: UserError) -> Self {
        Self::User(error)
    }
}

impl From<DbErr> for ApiError {
    fn from(error: DbErr) -> Self {
        Self::Database(error)
    }
}

impl AsDbErr for ApiError {
    fn as_db_err(&self) -> Option<&DbErr> {
        match self {
            Self::Database(error) => Some(error),
            Self::User(_) => None,
        }
    }
}

impl From<UserError> for Error {
    fn from(error: UserError) -> Self {
        Self::new(error.message).extend_with(|_, extensions| {
            extensions.set("code", error.code.as_str());
            if let Some(field) = error.field {
                extensions.set("field", field);
            }
        })
    }
}

impl From<ApiError> for Error {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::User(error) => error.into(),
            ApiError::Database(error) => database_error(&error),
        }
    }
}

/// What a client may know of an error of the database: whether it is worth trying again, or what was asked cannot be
/// stored. The log, within the request's span, has the rest.
pub fn database_error(error: &DbErr) -> Error {
    tracing::error!(%error, "database error");
    let (code, message) = match objection(error) {
        Some(Objection::Contradiction) => (ErrorCode::Conflict, "what was asked contradicts what is stored"),
        Some(Objection::Missing) => (ErrorCode::NotFound, "something that was named is not there any more"),
        Some(Objection::Unknown) => (ErrorCode::BadUserInput, "a value cannot be stored or compared"),
        None if storage_error(error) == Some(StorageError::Full) => (
            ErrorCode::Unavailable,
            "nothing was stored because the service has no disk space left, please try again later",
        ),
        None if is_transient(error) => {
            (ErrorCode::Unavailable, "the service cannot answer right now, please try again")
        }
        None => (ErrorCode::Internal, "internal error"),
    };
    Error::new(message).extend_with(|_, extensions| extensions.set("code", code.as_str()))
}
