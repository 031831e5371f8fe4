//! From a token's text to an identity.

use std::time::Duration;

use entity::clock::SharedClock;
use jsonwebtoken::errors::{Error as JwtError, ErrorKind};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};

use super::claims::{self, Claims};
use super::fetch::JwksSourceError;
use super::identity::Identity;
use super::jwks::{JwksSource, KeySet};
use super::revocations::Revocations;
use super::ticket::Ticket;

/// The longest token that is looked at, in bytes. Real ones have one or two kilobytes.
const MAX_TOKEN_LEN: usize = 8 * 1024;

/// Why a token was refused. The messages are for the caller: they tell nothing of keys or of the inside.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not a JSON Web Token, too long to be one, or one that demands extensions which are not known here.
    #[error("the token is not a well-formed JSON Web Token")]
    Malformed,
    /// Signed with an algorithm other than the configured ones, or than the one its key is for.
    #[error("the token is signed with an algorithm that is not accepted here")]
    Algorithm,
    /// The issuer's key set holds no such key.
    #[error("the token is signed with a key that is not known here")]
    UnknownKey,
    /// The signature does not fit.
    #[error("the token's signature is not valid")]
    Signature,
    /// `exp` has passed.
    #[error("the token has expired")]
    Expired,
    /// `nbf` has not come yet.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// Revoked before it expired.
    #[error("the token has been revoked")]
    Revoked,
    /// Made for somebody else.
    #[error("the token is not meant for this service")]
    Audience,
    /// Made by somebody else.
    #[error("the token was not issued by the issuer that this service trusts")]
    Issuer,
    /// A claim that must be there is not.
    #[error("the token has no `{0}` claim")]
    MissingClaim(String),
    /// A claim is there, but cannot be read.
    #[error("the token's `{0}` claim is not valid")]
    InvalidClaim(String),
    /// The role claim does not hold exactly one of the known roles.
    #[error("the token does not name exactly one role that is known here")]
    UnknownRole,
    /// The subject is empty, too long, holds control characters, or is no text.
    #[error("the token's subject is not valid")]
    Subject,
    /// No key to check any token with could be had so far. No fault of the caller's.
    #[error("tokens cannot be checked at the moment")]
    KeysUnavailable,
}

/// What is asked of a token beyond a good signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRules {
    /// What `iss` must be. When none is configured, any issuer that has the key will do.
    pub issuer: Option<String>,
    /// What `aud` must be, or contain. When none is configured, the claim is not looked at.
    pub audience: Option<String>,
    /// The claim that holds the role.
    pub role_claim: String,
    /// How far the issuer's clock and ours may differ.
    pub leeway: Duration,
}

impl Default for TokenRules {
    fn default() -> Self {
        Self { issuer: None, audience: None, role_claim: "role".to_owned(), leeway: Duration::from_secs(30) }
    }
}

/// Checks tokens against the configured key or key set, and tells whose they are.
#[derive(Debug)]
pub struct TokenVerifier {
    keys: Keys,
    rules: TokenRules,
    clock: SharedClock,
    revocations: Revocations,
}

/// The kind of key decides which algorithms are accepted. A token's own header never does: it could ask for none,
/// or for a public key to be taken as an HMAC secret.
#[derive(Debug)]
enum Keys {
    Hs256(DecodingKey),
    Jwks(KeySet),
}

impl TokenVerifier {
    /// Accepts tokens signed by HS256 with `secret`, and no others.
    ///
    /// Anybody can guess a short secret offline from a single token: take it from a [`Secret`](super::Secret),
    /// which has a least length.
    pub fn hs256(secret: &[u8], rules: TokenRules, clock: SharedClock) -> Self {
        let keys = Keys::Hs256(DecodingKey::from_secret(secret));
        Self { keys, rules, clock, revocations: Revocations::default() }
    }

    /// Accepts tokens signed by RS256 or ES256 with a key of the set at `source`, and no others.
    ///
    /// The set is loaded when the first token comes; an error here means that it never could be.
    pub fn jwks(source: JwksSource, rules: TokenRules, clock: SharedClock) -> Result<Self, JwksSourceError> {
        let keys = Keys::Jwks(KeySet::new(source, clock.clone())?);
        Ok(Self { keys, rules, clock, revocations: Revocations::default() })
    }

    /// Refuses what is among `revocations`, now and later.
    #[must_use]
    pub fn heeding(self, revocations: Revocations) -> Self {
        Self { revocations, ..self }
    }

    /// Tells who the bearer of `token` (without the word "Bearer") is, if the token is good.
    pub async fn verify(&self, token: &str) -> Result<Identity, TokenError> {
        self.admit(token).await.map(|ticket| ticket.identity)
    }

    /// As [`Self::verify`], for somebody who is let in for longer than a moment.
    pub async fn admit(&self, token: &str) -> Result<Ticket, TokenError> {
        if token.len() > MAX_TOKEN_LEN {
            return Err(TokenError::Malformed);
        }
        let header = decode_header(token).map_err(|error| refusal(&error))?;
        // RFC 7515, 4.1.11: extensions marked critical must be understood, and none is.
        if header.crit.is_some() {
            return Err(TokenError::Malformed);
        }
        let claims = match (&self.keys, header.alg) {
            (Keys::Hs256(key), Algorithm::HS256) => signed_claims(token, key, header.alg)?,
            (Keys::Jwks(set), Algorithm::RS256 | Algorithm::ES256) => {
                let key = set.key_for(header.kid.as_deref(), header.alg).await?;
                signed_claims(token, &key, header.alg)?
            }
            _ => return Err(TokenError::Algorithm),
        };
        let identity = claims::identify(&claims, &self.rules, self.clock.now())?;
        let ticket = Ticket::new(identity, claims::expiry(&claims, self.rules.leeway)?, &claims);
        self.recheck(&ticket)?;
        Ok(ticket)
    }

    /// Refuses a ticket whose token has been revoked since. That it has expired is for its holder to see.
    pub fn recheck(&self, ticket: &Ticket) -> Result<(), TokenError> {
        if self.revocations.contain(ticket) { Err(TokenError::Revoked) } else { Ok(()) }
    }
}

/// The claims of a token whose signature by `algorithm` is good.
///
/// The library's checks of claims are all off: they read the system's time, and pass an absent `iss` or `aud`.
fn signed_claims(token: &str, key: &DecodingKey, algorithm: Algorithm) -> Result<Claims, TokenError> {
    let mut signature_only = Validation::new(algorithm);
    signature_only.required_spec_claims.clear();
    signature_only.validate_exp = false;
    signature_only.validate_nbf = false;
    signature_only.validate_aud = false;
    match decode(token, key, &signature_only) {
        Ok(data) => Ok(data.claims),
        Err(error) => Err(refusal(&error)),
    }
}

fn refusal(error: &JwtError) -> TokenError {
    match error.kind() {
        ErrorKind::InvalidToken | ErrorKind::Base64(_) | ErrorKind::Json(_) | ErrorKind::Utf8(_) => {
            TokenError::Malformed
        }
        ErrorKind::InvalidAlgorithm | ErrorKind::InvalidAlgorithmName => TokenError::Algorithm,
        _ => TokenError::Signature,
    }
}
