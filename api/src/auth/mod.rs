//! Who is calling: bearer tokens, and the keys that they are checked with.
//!
//! - `role`: the four roles a caller can have.
//! - `identity`: what a valid token says: a role, and whose `sourcedId` it is.
//! - `token`: [`TokenVerifier`], the way from a token's text to an [`Identity`].
//! - `ticket`: [`Ticket`], what is kept of a token while it lets somebody in.
//! - `revocations`: tokens that are refused although they are valid.
//! - `claims`: what is asked of a token's claims once its signature is known to be good.
//! - `jwks`: where an issuer's public keys come from, and the cache that keeps them fresh.
//! - `keys`: a JWKS document, reduced to the keys that may check a signature.
//! - `fetch`: reading that document from a file or over HTTPS, within bounds.
//! - `secret`: the shared secret of HS256, made on a first start.
//! - `sign`: tokens of our own, for development and tests.
//!
//! What must never be here: what an identity may see or do, and anything of HTTP's or GraphQL's requests.
//! A token is only turned into an identity; what that is worth is decided elsewhere.

mod claims;
mod fetch;
mod identity;
mod jwks;
mod keys;
mod revocations;
mod role;
mod secret;
mod sign;
#[cfg(test)]
mod tests;
mod ticket;
mod token;

pub use fetch::JwksSourceError;
pub use identity::Identity;
pub use jwks::JwksSource;
pub use revocations::{Revocations, Revoked};
pub use role::{ParseRoleError, Role};
pub use secret::{Secret, SecretError, SecretOrigin, load_or_create_secret};
pub use sign::{SignError, sign_hs256};
pub use ticket::Ticket;
pub use token::{TokenError, TokenRules, TokenVerifier};
