//! What a good token lets its bearer do.

use chrono::{DateTime, Utc};

use super::claims::{self, Claims};
use super::identity::Identity;

/// What is kept of a token while it lets somebody in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// Who the bearer is.
    pub identity: Identity,
    /// The first moment at which the token is not good any more.
    pub expires_at: DateTime<Utc>,
    /// The token's own id, if it has one.
    pub(super) jti: Option<String>,
    /// When the token was issued, if it says so.
    pub(super) issued_at: Option<DateTime<Utc>>,
}

impl Ticket {
    /// The ticket of the token with these claims.
    pub(super) fn new(identity: Identity, expires_at: DateTime<Utc>, claims: &Claims) -> Self {
        let jti = claims.get("jti").and_then(|jti| jti.as_str()).map(str::to_owned);
        Self { identity, expires_at, jti, issued_at: claims::issued_at(claims) }
    }
}
