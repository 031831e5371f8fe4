//! Tokens good and bad, against verifiers of each kind. Time stands still unless a test moves it.

mod claims;
mod hs256;
mod jwks_file;
mod jwks_url;
mod material;
mod revocations;
mod secret;
mod server;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use entity::clock::ManualClock;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use super::*;

/// What the clock shows when a test begins: 2026-03-01, 12:00 UTC.
const START: i64 = 1_772_366_400;

/// What the HS256 verifiers of these tests share with whoever signs for them.
const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::starting_at(DateTime::<Utc>::from_timestamp(START, 0).unwrap()))
}

fn student() -> Identity {
    Identity::new(Role::Student, "s-1").unwrap()
}

/// The claims of [`student`], valid for an hour, with the members of `changes` put in, or taken out where null.
fn claims(changes: &Value) -> Value {
    let mut claims = json!({ "sub": "s-1", "role": "STUDENT", "exp": START + 3600 });
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    claims
}

fn hs256_token(secret: &[u8], claims: &Value) -> String {
    encode(&Header::new(Algorithm::HS256), claims, &EncodingKey::from_secret(secret)).unwrap()
}

/// What an HS256 verifier with `rules` makes of [`student`]'s token with `changes`.
async fn verify_with(rules: TokenRules, changes: Value) -> Result<Identity, TokenError> {
    let verifier = TokenVerifier::hs256(SECRET, rules, clock());
    verifier.verify(&hs256_token(SECRET, &claims(&changes))).await
}

async fn verify(changes: Value) -> Result<Identity, TokenError> {
    verify_with(TokenRules::default(), changes).await
}

/// Somebody who signs tokens with a private key and publishes the public one.
struct Issuer {
    id: Option<&'static str>,
    algorithm: Algorithm,
    key: EncodingKey,
}

impl Issuer {
    fn rsa(id: &'static str) -> Self {
        let key = EncodingKey::from_rsa_pem(material::RSA_PRIVATE.as_bytes()).unwrap();
        Self { id: Some(id), algorithm: Algorithm::RS256, key }
    }

    fn ec(id: &'static str, pem: &str) -> Self {
        let key = EncodingKey::from_ec_pem(pem.as_bytes()).unwrap();
        Self { id: Some(id), algorithm: Algorithm::ES256, key }
    }

    fn unnamed(self) -> Self {
        Self { id: None, ..self }
    }

    /// The public key, with the members of `changes` put in, or taken out where null.
    fn jwk_with(&self, changes: &Value) -> Value {
        let mut jwk =
            serde_json::to_value(Jwk::from_encoding_key(&self.key, self.algorithm).unwrap()).unwrap();
        jwk["kid"] = self.id.into();
        for (name, value) in changes.as_object().unwrap() {
            jwk[name] = value.clone();
        }
        jwk.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        jwk
    }

    fn jwk(&self) -> Value {
        self.jwk_with(&json!({}))
    }

    fn token(&self, claims: &Value) -> String {
        let header = Header { kid: self.id.map(str::to_owned), ..Header::new(self.algorithm) };
        encode(&header, claims, &self.key).unwrap()
    }

    fn student_token(&self) -> String {
        self.token(&claims(&json!({})))
    }
}

fn document(keys: &[Value]) -> String {
    json!({ "keys": keys }).to_string()
}

/// Longer than any interval between fetches, shorter than keys may be old.
fn a_minute() -> TimeDelta {
    TimeDelta::minutes(1)
}
