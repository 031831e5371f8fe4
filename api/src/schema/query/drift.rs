//! The query for what the audit has found.

use async_graphql::connection::Connection;
use async_graphql::{Context, Description, Object, Result};
use entity::access_log::Kind;
use entity::id::StudentId;

use crate::error::database_error;
use crate::schema::context::Resolving;
use crate::schema::guards::IsAdmin;
use crate::schema::paging::{Page, page_size};
use crate::schema::types::AggregateDrift;
use crate::service::drift;

/// What can be read of the audit.
#[derive(Debug, Default, Description)]
pub struct DriftQuery;

#[Object(use_type_description)]
impl DriftQuery {
    /// The students whose stored aggregates were found not to be what the facts say, and have not been recalculated
    /// since. It should be empty. For admins.
    #[graphql(guard = "IsAdmin", complexity = "page_size(first) * child_complexity")]
    async fn aggregate_drift(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 unless told otherwise.")] first: Option<i32>,
        #[graphql(desc = "Only those after this cursor.")] after: Option<String>,
    ) -> Result<Connection<String, AggregateDrift, DriftTotals>> {
        let page = Page::<StudentId>::read(first, after.as_deref())?;
        let rows = drift::open_unscoped(&ctx.services()?.db, page.after, page.limit + 1).await;
        let rows = rows.map_err(|error| database_error(&error))?;
        let plain = page.connection(rows, |row| (row.student_id.to_string(), AggregateDrift(row)));
        ctx.note(Kind::Read, plain.edges.iter().map(|edge| edge.node.0.student_id))?;
        let mut connection =
            Connection::with_additional_fields(plain.has_previous_page, plain.has_next_page, DriftTotals);
        connection.edges = plain.edges;
        Ok(connection)
    }
}

/// What is told of the whole list, beside its page.
#[derive(Debug, Description)]
pub struct DriftTotals;

#[Object(use_type_description)]
impl DriftTotals {
    /// How many there are on all pages together. They are counted only when this is asked for.
    async fn total_count(&self, ctx: &Context<'_>) -> Result<u64> {
        let count = drift::count_unscoped(&ctx.services()?.db).await;
        count.map_err(|error| database_error(&error))
    }
}
