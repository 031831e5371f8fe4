//! What request limits and the access log cost: the same work with them and without.

use super::options::Part;
use super::process::Server;
use super::round::{Round, in_turn};
use super::{Outcome, reads, writes};

/// Everything is counted and noted, and nothing refused.
const WITH: [&str; 4] = ["--max-address-rate", "1000000", "--max-subject-rate", "1000000"];
/// The bounds of a document and of what is under way at a time have no switch: they are there to stay.
const WITHOUT: [&str; 6] =
    ["--max-address-rate", "off", "--max-subject-rate", "off", "--access-log-days", "0"];

/// Measures reads and writes of random students under the heaviest load.
///
/// # Errors
/// When a server does not start, or refuses something.
pub(super) async fn measure(round: &mut Round<'_>) -> Outcome {
    let connections = round.options.connections().iter().copied().max().unwrap_or(1);
    compare(round, "dashboards read, limits and access log next to none", connections, reads::rate).await?;
    let write = async |round: &Round<'_>, server: &Server, connections| {
        writes::rate(round, server, None, connections).await
    };
    compare(round, "facts written, limits and access log next to none", connections, write).await
}

async fn compare(
    round: &mut Round<'_>,
    what: &str,
    connections: usize,
    rate: impl AsyncFn(&Round<'_>, &Server, usize) -> Outcome<f64>,
) -> Outcome {
    let served = async |options: &[&str]| {
        let server = round.programs.serve_with(&round.arena.url, options).await?;
        let rate = rate(round, &server, connections).await?;
        server.stop().await?;
        Ok(rate)
    };
    let (with, without) =
        in_turn(round.bare_first(), async || served(&WITH).await, async || served(&WITHOUT).await).await?;
    round.compare(Part::Limits, what, connections, with, without);
    Ok(())
}
