//! Which tokens to revoke.

use async_graphql::{InputObject, OneofObject};

use super::common::{optional_time, text};
use crate::auth::Identity;
use crate::error::UserError;
use crate::schema::enums::Role;
use crate::schema::scalars::Time;
use crate::service::revocation::Revocation;

/// Which bearer tokens to revoke.
#[derive(OneofObject, Clone, Debug)]
pub enum RevokeTokensInput {
    /// The one with this id, its `jti`.
    Jti(String),
    /// Those of one person or system.
    Subject(RevokeSubjectInput),
}

/// Whose bearer tokens to revoke.
#[derive(InputObject, Clone, Debug)]
pub struct RevokeSubjectInput {
    /// The role that the tokens name.
    pub role: Role,
    /// The subject that they name: a guardian's or student's `sourcedId`, or the name of an admin or a service.
    pub subject: String,
    /// Those issued before this time; now, unless told otherwise. Tokens that do not say when they were issued are
    /// revoked from then on, whatever the time.
    pub issued_before: Option<Time>,
}

impl RevokeTokensInput {
    /// Reads what is to be revoked.
    ///
    /// # Errors
    /// [`UserError`] that names the field at fault.
    pub(in crate::schema) fn read(self) -> Result<Revocation, UserError> {
        match self {
            Self::Jti(jti) => Ok(Revocation::Token(text("tokens.jti", jti)?)),
            Self::Subject(RevokeSubjectInput { role, subject, issued_before }) => {
                let subject = text("tokens.subject.subject", subject)?;
                let identity = Identity::new(role.into(), subject)
                    .map_err(|_| UserError::input("tokens.subject.subject", "can be no token's"))?;
                let before = optional_time("tokens.subject.issuedBefore", issued_before)?;
                Ok(Revocation::Subject(identity, before))
            }
        }
    }
}
