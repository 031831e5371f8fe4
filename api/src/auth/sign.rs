//! Tokens of our own, for development and tests. In production another system issues them.

use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};

use super::claims::Claims;
use super::identity::Identity;
use super::secret::Secret;
use super::token::TokenRules;

/// Why a token was not signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The lifetime is not positive, or ends after the last day of the calendar.
    #[error("a token's lifetime must be positive and end within the calendar")]
    Lifetime,
    /// The library refused.
    #[error("the token cannot be signed")]
    Signing(#[from] jsonwebtoken::errors::Error),
}

/// Signs a token by HS256 that a verifier with the same secret and `rules` accepts as `identity`, from now until
/// `lifetime` after `issued_at`.
pub fn sign_hs256(
    secret: &Secret,
    identity: &Identity,
    issued_at: DateTime<Utc>,
    lifetime: TimeDelta,
    rules: &TokenRules,
) -> Result<String, SignError> {
    let expires_at = issued_at
        .checked_add_signed(lifetime)
        .filter(|expires_at| *expires_at > issued_at)
        .ok_or(SignError::Lifetime)?;
    let mut claims = Claims::new();
    claims.insert(rules.role_claim.clone(), identity.role().as_str().into());
    claims.insert("sub".to_owned(), identity.subject().into());
    claims.insert("iat".to_owned(), issued_at.timestamp().into());
    claims.insert("exp".to_owned(), expires_at.timestamp().into());
    if let Some(issuer) = &rules.issuer {
        claims.insert("iss".to_owned(), issuer.as_str().into());
    }
    if let Some(audience) = &rules.audience {
        claims.insert("aud".to_owned(), audience.as_str().into());
    }
    Ok(encode(&Header::new(Algorithm::HS256), &claims, &EncodingKey::from_secret(secret.expose()))?)
}
