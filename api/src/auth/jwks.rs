//! Where an issuer's public keys come from, and the cache that keeps them fresh.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, TimeDelta, Utc};
use entity::clock::SharedClock;
use jsonwebtoken::{Algorithm, DecodingKey};
use tokio::sync::Mutex;
use url::Url;

use super::fetch::{Fetcher, JwksSourceError};
use super::keys::VerifyingKeys;
use super::token::TokenError;

/// How old keys may be before they are fetched again. It bounds how long a withdrawn key goes on being accepted.
const MAX_AGE: TimeDelta = TimeDelta::minutes(10);

/// The least time between two fetches. Anybody can send a token with a key id nobody has heard of, so without this
/// anybody could make us flood the issuer.
const MIN_INTERVAL: TimeDelta = TimeDelta::seconds(30);

/// Where a JWKS document is. Its `Display` and `Debug` leave out what may be secret in a URL.
#[derive(Clone, PartialEq, Eq)]
pub enum JwksSource {
    /// A file.
    File(PathBuf),
    /// An `https` URL, or an `http` one on this machine itself.
    Url(Url),
}

impl JwksSource {
    /// Reads the keys once if they are in a file, so that a mistake shows when the service starts and not with the
    /// first token. A server is not asked: it may be down for a while.
    ///
    /// # Errors
    /// What is wrong with the file, for whoever starts the service.
    pub async fn check(&self) -> Result<(), String> {
        let Self::File(path) = self else { return Ok(()) };
        match Fetcher::File(path.clone()).fetch().await {
            Err(error) => Err(format!("{self}: {}", error.chain())),
            Ok(keys) if keys.len() == 0 => {
                Err(format!("{self}: the file holds no RS256 or ES256 public key"))
            }
            Ok(_) => Ok(()),
        }
    }
}

impl fmt::Display for JwksSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            // Scheme, host and port; then the path. No password, and no key in a query.
            Self::Url(url) => write!(f, "{}{}", url.origin().ascii_serialization(), url.path()),
        }
    }
}

impl fmt::Debug for JwksSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JwksSource({self})")
    }
}

/// An issuer's keys: fetched when first needed, again when they are old or a token names an unknown one.
pub(super) struct KeySet(Arc<Shared>);

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeySet({})", self.0.source)
    }
}

struct Shared {
    source: JwksSource,
    fetcher: Fetcher,
    clock: SharedClock,
    /// Never locked across an await: a token with a known key waits for nobody while keys are fresh.
    current: RwLock<Option<Loaded>>,
    /// When the last fetch began, well or badly ended. Locked for as long as a fetch runs.
    last_fetch: Arc<Mutex<Option<DateTime<Utc>>>>,
}

#[derive(Clone)]
struct Loaded {
    keys: Arc<VerifyingKeys>,
    at: DateTime<Utc>,
}

impl KeySet {
    /// The keys at `source`, not fetched yet.
    pub(super) fn new(source: JwksSource, clock: SharedClock) -> Result<Self, JwksSourceError> {
        let fetcher = Fetcher::new(source.clone())?;
        Ok(Self(Arc::new(Shared {
            source,
            fetcher,
            clock,
            current: RwLock::default(),
            last_fetch: Arc::default(),
        })))
    }

    /// The key named `id`, or the only one when `id` is none, for checking signatures by `algorithm`.
    pub(super) async fn key_for(
        &self,
        id: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<DecodingKey, TokenError> {
        if !self.0.is_fresh() {
            self.refresh().await;
        }
        match self.0.find(id, algorithm) {
            Err(TokenError::UnknownKey) => {
                self.refresh().await;
                self.0.find(id, algorithm)
            }
            found => found,
        }
    }

    /// Fetches the keys, unless that was tried just now. Whoever comes during a fetch waits for it.
    async fn refresh(&self) {
        let mut last_fetch = Arc::clone(&self.0.last_fetch).lock_owned().await;
        let now = self.0.clock.now();
        if last_fetch.is_some_and(|last| is_within(MIN_INTERVAL, last, now)) {
            return;
        }
        *last_fetch = Some(now);
        let shared = Arc::clone(&self.0);
        // In a task of its own, because a caller that hangs up drops this future: if the fetch went with it, one
        // impatient caller in each interval could keep new keys from ever arriving.
        let fetch = tokio::spawn(async move {
            shared.fetch(now).await;
            drop(last_fetch);
        });
        if let Err(error) = fetch.await {
            tracing::error!(%error, "fetching signing keys broke down");
        }
    }
}

impl Shared {
    fn current(&self) -> Option<Loaded> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn is_fresh(&self) -> bool {
        self.current().is_some_and(|loaded| is_within(MAX_AGE, loaded.at, self.clock.now()))
    }

    fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Result<DecodingKey, TokenError> {
        let loaded = self.current().ok_or(TokenError::KeysUnavailable)?;
        loaded.keys.find(id, algorithm).cloned()
    }

    /// Replaces the keys if they can be fetched, and keeps the old ones if not: an issuer that is down for a while
    /// must not lock everybody out.
    async fn fetch(&self, now: DateTime<Utc>) {
        match self.fetcher.fetch().await {
            Ok(keys) => {
                let (usable, ignored) = (keys.len(), keys.ignored());
                if usable == 0 {
                    tracing::warn!(source = %self.source, ignored, "the key set holds no usable signing key");
                } else {
                    tracing::debug!(source = %self.source, usable, ignored, "signing keys fetched");
                }
                let loaded = Loaded { keys: Arc::new(keys), at: now };
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(loaded);
            }
            Err(error) => {
                let kept = self.current().map_or(0, |loaded| loaded.keys.len());
                tracing::warn!(source = %self.source, error = error.chain(), kept, "signing keys not fetched");
            }
        }
    }
}

/// Whether `now` is less than `span` after `then`. When the clock was set back it is not: waiting until it has
/// caught up could take hours.
fn is_within(span: TimeDelta, then: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    let elapsed = now.signed_duration_since(then);
    elapsed >= TimeDelta::zero() && elapsed < span
}
