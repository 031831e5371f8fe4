//! One-time links, for whoever has just started a server and sees what it prints.
//!
//! They live and die with the process: only the screen of that process ever showed them.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use super::key::Key;
use crate::auth::Identity;

/// How long a link works if nobody has used it: long enough to be still there after a first build.
pub const LINK_LIFETIME: TimeDelta = TimeDelta::hours(1);

/// The links that have not been used, by the hashes of their codes.
#[derive(Debug, Default)]
pub(super) struct Links(Mutex<HashMap<String, Offer>>);

/// A link that has been redeemed.
#[derive(Debug)]
pub(crate) struct Offer {
    /// The person it signs in.
    pub(crate) identity: Identity,
    expires_at: DateTime<Utc>,
}

impl Links {
    /// A code that lets in one browser as `identity`.
    pub(super) fn offer(&self, identity: Identity, now: DateTime<Utc>) -> Key {
        let code = Key::new();
        let offer = Offer { identity, expires_at: now + LINK_LIFETIME };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(code.hash(), offer);
        code
    }

    /// Who the code lets in, if it is used for the first time and in time.
    pub(super) fn redeem(&self, code: &Key, now: DateTime<Utc>) -> Option<Offer> {
        let offer = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&code.hash())?;
        (now < offer.expires_at).then_some(offer)
    }

    /// Takes the use of a code back, because no session came of it.
    pub(super) fn restore(&self, code: &Key, offer: Offer) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(code.hash(), offer);
    }
}
