//! From the start of the program to its first answer, and the memory that it holds when it has nothing to do.

use std::time::Duration;

use tempfile::tempdir;

use super::arena::Kind;
use super::options::Part;
use super::results::Unit;
use super::round::Round;
use super::{Outcome, milliseconds};

/// After what time a server that nobody asks has come to rest.
const REST: Duration = Duration::from_secs(1);

/// Measures starts: on the round's database, and, as it is embedded, on an SQLite file that is not there yet.
///
/// # Errors
/// When a server does not start.
pub(super) async fn measure(round: &mut Round<'_>) -> Outcome {
    let server = round.programs.serve(&round.arena.url).await?;
    round.note(
        Part::Start,
        "start to first answer",
        0,
        Unit::Milliseconds,
        milliseconds(server.first_answer),
    );
    tokio::time::sleep(REST).await;
    let memory = server.memory()?;
    round.note(Part::Memory, "memory of tally-api, idle", 0, Unit::Megabytes, memory.now);
    server.stop().await?;

    if round.arena.kind == Kind::Sqlite {
        let folder = tempdir()?;
        let url = format!("sqlite:{}", folder.path().join("tally.db").display());
        let server = round.programs.serve(&url).await?;
        let what = "start to first answer, without a database file";
        round.note(Part::Start, what, 0, Unit::Milliseconds, milliseconds(server.first_answer));
        server.stop().await?;
    }
    Ok(())
}
