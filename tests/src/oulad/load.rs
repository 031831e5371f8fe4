//! Loading the files into a running server, over HTTP and GraphQL alone.
//!
//! The facts of a phase are spread over lanes, each of which sends one page after the other. All facts of a student go
//! by the same lane, so that calls which run at the same time do not wait for each other's students. Reading goes no
//! further ahead than a page or two for each lane.

use std::num::NonZero;
use std::ops::AddAssign;
use std::path::PathBuf;

use futures::future::{try_join, try_join_all};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use super::files::{FileError, Folder};
use super::mapping::{Facts, Phase, Source};
use super::page::Sender;
use super::progress::Progress;
use crate::client::Client;

/// The most facts that a call may bring.
pub const MAX_PAGE: NonZero<usize> = NonZero::new(1000).expect("a thousand is not zero");

/// What is loaded, where to, and how.
#[derive(Clone, Debug)]
pub struct Load {
    /// The folder with the files.
    pub data: PathBuf,
    /// Load the facts of the first students alone.
    pub limit_students: Option<usize>,
    /// Where the server is, such as `http://127.0.0.1:4000`.
    pub url: String,
    /// A token of the role SERVICE.
    pub token: String,
    /// How many calls run at the same time.
    pub concurrency: NonZero<usize>,
    /// How many facts a call brings, up to [`MAX_PAGE`].
    pub page: NonZero<usize>,
    /// Whether anybody is told how far it is.
    pub progress: Progress,
}

/// What became of the facts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// All of them.
    pub sent: u64,
    /// Those that were new.
    pub created: u64,
    /// Those that have changed.
    pub updated: u64,
    /// Those that were there just so.
    pub unchanged: u64,
    /// Those that the server refused.
    pub refused: u64,
}

/// Why a load ended early. What was loaded until then stays, and loading again goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The files' fault.
    #[error(transparent)]
    File(#[from] FileError),
    /// The URL is none.
    #[error("the URL of the server cannot be used: {0}")]
    Url(reqwest::Error),
    /// The server has not answered for too long.
    #[error("the server does not answer: {0}")]
    NoAnswer(String),
    /// The server refused a whole call.
    #[error("the server refused: {0}")]
    Refused(String),
    /// The thread that reads the files ended.
    #[error("the files were not read to their end")]
    Reader(#[from] tokio::task::JoinError),
}

impl AddAssign for Totals {
    fn add_assign(&mut self, other: Self) {
        self.sent += other.sent;
        self.created += other.created;
        self.updated += other.updated;
        self.unchanged += other.unchanged;
        self.refused += other.refused;
    }
}

impl Load {
    /// Loads everything, phase by phase.
    ///
    /// # Errors
    /// [`LoadError`]. A fact that is refused is none: it is counted.
    pub async fn run(&self) -> Result<Totals, LoadError> {
        let (folder, limit) = (Folder::new(&self.data), self.limit_students);
        let source = spawn_blocking(move || Source::open(folder, limit)).await??;
        let client = Client::new(&self.url, Some(self.token.clone()));
        let mut totals = Totals::default();
        for phase in Phase::ALL {
            totals += self.run_phase(&source, &client, phase).await?;
        }
        Ok(totals)
    }

    async fn run_phase(&self, source: &Source, client: &Client, phase: Phase) -> Result<Totals, LoadError> {
        let counted = source.facts(phase)?;
        let total = spawn_blocking(move || count(counted)).await??;
        let progress = self.progress.begin(phase.name(), total);
        let (facts, page) = (source.facts(phase)?, self.page.min(MAX_PAGE).get());
        let (senders, receivers): (Vec<_>, Vec<_>) =
            (0..self.concurrency.get()).map(|_| mpsc::channel(1)).unzip();
        let read =
            async { spawn_blocking(move || distribute(facts, page, &senders)).await?.map_err(Into::into) };
        let lanes = receivers.into_iter().map(|pages| {
            let sender = Sender::new(client.clone(), phase, progress.clone());
            lane(sender, pages)
        });
        let ((), lanes) = try_join(read, try_join_all(lanes)).await?;
        progress.end();
        let mut totals = Totals::default();
        for lane in lanes {
            totals += lane;
        }
        Ok(totals)
    }
}

fn count(facts: Facts) -> Result<u64, FileError> {
    facts.into_iter().try_fold(0, |count, fact| fact.map(|_| count + 1))
}

/// Fills the lanes' pages, and waits where a lane has not sent its last one yet.
fn distribute(facts: Facts, page: usize, lanes: &[mpsc::Sender<Vec<Value>>]) -> Result<(), FileError> {
    let mut pages = vec![Vec::with_capacity(page); lanes.len()];
    for fact in facts {
        let fact = fact?;
        let lane = usize::try_from(fact.key % lanes.len() as u64).unwrap_or_default();
        pages[lane].push(fact.input);
        if pages[lane].len() == page {
            let full = std::mem::replace(&mut pages[lane], Vec::with_capacity(page));
            // A lane that is gone has failed, and with it the load.
            if lanes[lane].blocking_send(full).is_err() {
                return Ok(());
            }
        }
    }
    for (lane, rest) in lanes.iter().zip(pages) {
        if !rest.is_empty() && lane.blocking_send(rest).is_err() {
            return Ok(());
        }
    }
    Ok(())
}

async fn lane(sender: Sender, mut pages: mpsc::Receiver<Vec<Value>>) -> Result<Totals, LoadError> {
    let mut totals = Totals::default();
    while let Some(page) = pages.recv().await {
        totals += sender.send(page).await?;
    }
    Ok(totals)
}
