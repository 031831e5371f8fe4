//! A JWKS document (RFC 7517), reduced to the keys that may check a token's signature.

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind};
use serde::Deserialize;
use serde_json::Value;

use super::token::TokenError;

/// RFC 7518, 3.3, asks for 2048 bits or more. The library checks no signature with more than 4096.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=4096;

/// The usable keys of one document.
pub(super) struct VerifyingKeys {
    keys: Vec<VerifyingKey>,
    ignored: usize,
}

struct VerifyingKey {
    id: Option<String>,
    /// The only algorithm that the key is used with, whatever a token asks for.
    algorithm: Algorithm,
    key: DecodingKey,
}

/// Keys one by one, because a single key of a kind that the library does not know must not spoil the others.
#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

impl VerifyingKeys {
    /// Reads a document, leaving out keys of other kinds and for other purposes.
    pub(super) fn parse(document: &[u8]) -> Result<Self, serde_json::Error> {
        let document: Document = serde_json::from_slice(document)?;
        let total = document.keys.len();
        let keys: Vec<_> = document.keys.into_iter().filter_map(usable).collect();
        Ok(Self { ignored: total - keys.len(), keys })
    }

    /// How many keys can be used.
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// How many keys of the document were left out.
    pub(super) fn ignored(&self) -> usize {
        self.ignored
    }

    /// The key named `id`, or the only one when a token names none. It must be a key for `algorithm`.
    pub(super) fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Result<&DecodingKey, TokenError> {
        let named = |key: &&VerifyingKey| match id {
            Some(id) => key.id.as_deref() == Some(id),
            None => self.keys.len() == 1,
        };
        let mut candidates = self.keys.iter().filter(named).peekable();
        if candidates.peek().is_none() {
            return Err(TokenError::UnknownKey);
        }
        // Keys of different kinds may share an id (RFC 7517, 4.5).
        candidates.find(|key| key.algorithm == algorithm).map(|key| &key.key).ok_or(TokenError::Algorithm)
    }
}

fn usable(value: Value) -> Option<VerifyingKey> {
    let jwk: Jwk = serde_json::from_value(value).ok()?;
    let common = &jwk.common;
    let for_signatures = matches!(common.public_key_use, None | Some(PublicKeyUse::Signature));
    let for_verifying =
        common.key_operations.as_ref().is_none_or(|operations| operations.contains(&KeyOperations::Verify));
    if !for_signatures || !for_verifying {
        return None;
    }
    // A symmetric key (`oct`) in a document meant to be public is no secret: it never checks a token.
    let algorithm = match (&jwk.algorithm, common.key_algorithm) {
        (AlgorithmParameters::RSA(_), None | Some(KeyAlgorithm::RS256)) => Algorithm::RS256,
        (AlgorithmParameters::EllipticCurve(point), None | Some(KeyAlgorithm::ES256))
            if point.curve == EllipticCurve::P256 =>
        {
            Algorithm::ES256
        }
        _ => return None,
    };
    let key = DecodingKey::from_jwk(&jwk).ok()?;
    sound(&key, algorithm).then(|| VerifyingKey { id: jwk.common.key_id, algorithm, key })
}

/// Whether the numbers of a key can be a key at all: better left out, and counted, than refusing every token.
fn sound(key: &DecodingKey, algorithm: Algorithm) -> bool {
    match key.kind() {
        DecodingKeyKind::RsaModulusExponent { n, .. } => RSA_BITS.contains(&bit_length(n)),
        // Asking for any verdict at all makes the library look for the point on its curve.
        DecodingKeyKind::SecretOrDer(_) => jsonwebtoken::crypto::verify("", b"", key, algorithm).is_ok(),
    }
}

fn bit_length(big_endian: &[u8]) -> usize {
    let zeros = big_endian.iter().take_while(|byte| **byte == 0).count();
    big_endian.get(zeros).map_or(0, |first| (big_endian.len() - zeros) * 8 - first.leading_zeros() as usize)
}
