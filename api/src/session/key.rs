//! Random keys: whoever has one is let in, so only their hashes are kept.

use std::fmt;

use rand::Rng as _;
use sha2::{Digest as _, Sha256};

/// Random bytes in a key, more than anybody can guess.
const LEN: usize = 32;

/// A key that a browser keeps. Its `Debug` shows nothing.
#[derive(Clone)]
pub struct Key(String);

impl Key {
    /// A new key.
    pub fn new() -> Self {
        // A generator that is fit for secrets, seeded by the system.
        Self(hex(&rand::rng().random::<[u8; LEN]>()))
    }

    /// The key itself. The name is meant to stand out in review.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is kept of it. Without salt: keys are random, and looked up by this.
    pub fn hash(&self) -> String {
        hex(&Sha256::digest(&self.0))
    }
}

impl Default for Key {
    fn default() -> Self {
        Self::new()
    }
}

/// A key as a browser sent it; it may be none of ours.
impl From<&str> for Key {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_new_every_time_and_its_hash_is_not_the_key() {
        let (one, other) = (Key::new(), Key::new());
        assert_ne!(one.expose(), other.expose());
        assert_eq!(one.expose().len(), 2 * LEN);
        assert_ne!(one.hash(), one.expose());
        assert_eq!(one.hash(), Key::from(one.expose()).hash());
        assert_eq!(format!("{one:?}"), "[redacted]");
    }
}
