//! Attacks on a running `tally-api`: what they are answered, and what memory the server holds afterwards.
//!
//! | modules | what lives there |
//! |---|---|
//! | `target` | the server that is attacked, and short ways to speak to it |
//! | `documents` | documents that cost more than they look |
//! | `bodies` | bodies and heads of requests that are large, slow or of a foreign kind |
//! | `sockets` | sockets that say too much, or nothing, or do not listen |
//! | `tokens` | tokens that nobody gave |
//! | `tampering` | ids, cursors and texts that were made up |

mod bodies;
mod documents;
mod sockets;
mod tampering;
mod target;
mod tokens;

pub use target::Target;

/// The arguments of a server whose clocks let the attacks be over soon, and whose rate is exceeded on a slow machine, too.
/// All else is as it is by default.
const ARGUMENTS: [&str; 8] =
    ["--head-timeout", "1", "--body-timeout", "1", "--init-timeout", "1", "--max-address-rate", "300"];

/// What became of an attack.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What was tried.
    pub attack: &'static str,
    /// How it should be answered.
    pub expected: &'static str,
    /// How it was.
    pub answer: String,
    /// How many bytes of memory the server held afterwards.
    pub memory: u64,
}

/// Tries all attacks, one after the other.
pub async fn all(target: &Target) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    documents::try_all(target, &mut outcomes).await;
    bodies::try_all(target, &mut outcomes).await;
    sockets::try_all(target, &mut outcomes).await;
    tokens::try_all(target, &mut outcomes).await;
    tampering::try_all(target, &mut outcomes).await;
    outcomes
}
