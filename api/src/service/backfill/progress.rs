//! A run as it goes on.

use std::time::Duration;

use entity::backfill::Run;
use entity::database::Database;
use entity::id::BackfillRunId;
use entity::sea_orm::DbErr;
use futures::{Stream, stream};
use tokio::sync::watch;

/// How often a run is looked at, whoever moves it on: the workers may be in other processes.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How long to rest after a look, however many commits of this process ask for the next.
const REST: Duration = Duration::from_millis(100);

/// The run with this id now, and again whenever its figures have changed, until it has ended. Nothing when there is none.
pub fn progress(db: Database, id: BackfillRunId) -> impl Stream<Item = Result<Run, DbErr>> + Send {
    let commits = db.wake().listen();
    stream::unfold(Following { db, id, commits, seen: None, over: false }, |mut following| async move {
        let run = following.next().await?;
        Some((run, following))
    })
}

struct Following {
    db: Database,
    id: BackfillRunId,
    commits: watch::Receiver<u64>,
    seen: Option<Run>,
    over: bool,
}

impl Following {
    async fn next(&mut self) -> Option<Result<Run, DbErr>> {
        while !self.over {
            if self.seen.is_some() {
                tokio::time::sleep(REST).await;
                let _ = tokio::time::timeout(LOOK_EVERY, self.commits.changed()).await;
            }
            let run = match Run::read(&self.db, self.id).await {
                Ok(run) => run?,
                Err(error) => {
                    self.over = true;
                    return Some(Err(error));
                }
            };
            self.over = run.row.state.has_ended();
            if self.seen.as_ref().is_none_or(|seen| !is_same(seen, &run)) {
                self.seen = Some(run.clone());
                return Some(Ok(run));
            }
        }
        None
    }
}

/// Whether nothing differs that anybody sees: the lease and the moment of the look do not count.
fn is_same(one: &Run, other: &Run) -> bool {
    let seen = |run: &Run| {
        (
            run.row.state,
            run.total(),
            run.row.enqueued,
            run.done(),
            run.row.called_off,
            run.changed,
            run.failed,
        )
    };
    seen(one) == seen(other)
}
