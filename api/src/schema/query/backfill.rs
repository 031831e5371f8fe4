//! Queries of the backfill.

use async_graphql::connection::Connection;
use async_graphql::{Context, Description, ID, Object, Result};

use crate::error::{UserError, database_error};
use crate::schema::context::Resolving;
use crate::schema::guards::IsAdmin;
use crate::schema::paging::{Page, page_size};
use crate::schema::types::BackfillRun;
use crate::service::backfill;

/// Queries of the backfill, for admins.
#[derive(Debug, Default, Description)]
pub struct BackfillQuery;

#[Object(use_type_description)]
impl BackfillQuery {
    /// The backfill with this id; null when there is none. For admins.
    #[graphql(guard = "IsAdmin")]
    async fn backfill_run(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Such as `backfillRun:0193…`.")] id: ID,
    ) -> Result<Option<BackfillRun>> {
        let id = id.parse().map_err(|error| UserError::input("id", error))?;
        let run = backfill::run(&ctx.services()?.db, id).await;
        Ok(run.map_err(|error| database_error(&error))?.map(BackfillRun))
    }

    /// The backfills, the newest first. They are kept for thirty days after their end. For admins.
    #[graphql(guard = "IsAdmin", complexity = "page_size(first) * child_complexity")]
    async fn backfill_runs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 unless told otherwise.")] first: Option<i32>,
        #[graphql(desc = "Only those after this cursor.")] after: Option<String>,
    ) -> Result<Connection<String, BackfillRun>> {
        let page = Page::read(first, after.as_deref())?;
        let runs = backfill::runs(&ctx.services()?.db, page.after, page.limit + 1).await;
        let runs = runs.map_err(|error| database_error(&error))?;
        Ok(page.connection(runs, |run| (run.row.id.to_string(), BackfillRun(run))))
    }
}
