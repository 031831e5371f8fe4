//! Automatic persisted queries, as Apollo's clients have them: a client sends the hash of a document, and the document itself
//! only when it is told that nobody has sent it before.

use async_graphql::Request;
use moka::sync::Cache;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::body::Body;
use super::execution::Errors;
use crate::error::ErrorCode;

/// How many bytes of documents are kept; those least in use go first, and are sent again.
const CAPACITY: u64 = 8 * 1024 * 1024;

type Hash = [u8; 32];

/// The documents that were sent, by their hashes. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Persisted(Cache<Hash, String>);

impl Default for Persisted {
    fn default() -> Self {
        let weigh = |_: &Hash, document: &String| u32::try_from(document.len()).unwrap_or(u32::MAX);
        Self(Cache::builder().max_capacity(CAPACITY).weigher(weigh).build())
    }
}

impl Persisted {
    /// The request that `body` means. A document that comes with its hash is kept.
    pub(super) fn resolve(&self, body: Body) -> Result<Request, Errors> {
        let Some(persisted) = body.persisted() else {
            let query = body.query().unwrap_or_default().to_owned();
            return Ok(body.into_request(query));
        };
        let hash = read(persisted).map_err(|message| Errors::one(ErrorCode::BadUserInput, message))?;
        let query = match body.query() {
            Some(query) if Hash::from(Sha256::digest(query)) == hash => {
                self.0.insert(hash, query.to_owned());
                query.to_owned()
            }
            Some(_) => return Err(Errors::one(ErrorCode::BadUserInput, "provided sha does not match query")),
            // Clients know this by its code and by its message.
            None => self
                .0
                .get(&hash)
                .ok_or_else(|| Errors::one(ErrorCode::PersistedQueryNotFound, "PersistedQueryNotFound"))?,
        };
        Ok(body.into_request(query))
    }
}

fn read(persisted: &Value) -> Result<Hash, &'static str> {
    if persisted["version"] != 1 {
        return Err("extensions.persistedQuery.version must be 1");
    }
    let hash = persisted["sha256Hash"].as_str().and_then(read_hash);
    hash.ok_or("extensions.persistedQuery.sha256Hash must be 64 hexadecimal digits")
}

fn read_hash(text: &str) -> Option<Hash> {
    let mut hash = Hash::default();
    if text.len() != 2 * hash.len() || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    for (byte, at) in hash.iter_mut().zip((0..).step_by(2)) {
        *byte = u8::from_str_radix(text.get(at..at + 2)?, 16).ok()?;
    }
    Some(hash)
}
