//! Backfills as they go on.

use async_graphql::{Context, ID, Result, Subscription};
use futures::{Stream, StreamExt as _};

use crate::error::{UserError, database_error};
use crate::schema::context::Resolving as _;
use crate::schema::guards::IsAdmin;
use crate::schema::types::BackfillRun;
use crate::service::backfill;

/// Backfills as they go on.
#[derive(Debug, Default)]
pub struct BackfillSubscription;

#[Subscription]
impl BackfillSubscription {
    /// A backfill: as it is, and again whenever its figures have changed, until it has ended. Ends at once when there is
    /// none of this id. For admins.
    #[graphql(guard = "IsAdmin")]
    async fn backfill_progress(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Such as `backfillRun:0193…`.")] run_id: ID,
    ) -> Result<impl Stream<Item = Result<BackfillRun>> + use<>> {
        let run = run_id.parse().map_err(|error| UserError::input("runId", error))?;
        let runs = backfill::progress(ctx.services()?.db.clone(), run);
        Ok(runs.map(|run| run.map(BackfillRun).map_err(|error| database_error(&error))))
    }
}
