//! Tokens that are refused although they are valid. Where the list is kept is not known here.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, Utc};

use super::identity::Identity;
use super::ticket::Ticket;

/// Which tokens are refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Revoked {
    /// Those with one of these `jti`.
    pub tokens: HashSet<String>,
    /// For each of these identities, those that were issued before a time, and those that do not say when.
    pub subjects: HashMap<Identity, DateTime<Utc>>,
    /// All that were issued before this time, and those that do not say when.
    pub issued_before: Option<DateTime<Utc>>,
}

/// What a verifier knows of revoked tokens: a copy in memory, replaced as a whole. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Revocations(Arc<RwLock<Revoked>>);

impl Revocations {
    /// Replaces what is known.
    pub fn replace(&self, revoked: Revoked) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = revoked;
    }

    /// Whether the token of this ticket is revoked.
    pub(super) fn contain(&self, ticket: &Ticket) -> bool {
        let revoked = self.0.read().unwrap_or_else(PoisonError::into_inner);
        // A time of issue has whole seconds, rounded down: a token of the same second counts as issued before.
        let early = |before: &DateTime<Utc>| ticket.issued_at.is_none_or(|issued| issued < *before);
        ticket.jti.as_ref().is_some_and(|jti| revoked.tokens.contains(jti))
            || revoked.subjects.get(&ticket.identity).is_some_and(early)
            || revoked.issued_before.as_ref().is_some_and(early)
    }
}
