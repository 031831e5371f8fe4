//! The access log, for admins.

use async_graphql::connection::Connection;
use async_graphql::{Context, Description, ID, Object, Result};

use crate::error::{UserError, database_error};
use crate::schema::context::Resolving;
use crate::schema::guards::IsAdmin;
use crate::schema::inputs::{optional_text, optional_time};
use crate::schema::paging::{Page, page_size};
use crate::schema::scalars::Time;
use crate::schema::types::AccessEntry;
use crate::service::access::{self, AccessFilter};

/// Queries of the access log, for admins.
#[derive(Debug, Default, Description)]
pub struct AccessQuery;

#[Object(use_type_description)]
impl AccessQuery {
    /// Who read or changed whose record, the newest first by their beginning. A student's own accesses are not in it. For admins.
    #[graphql(guard = "IsAdmin", complexity = "page_size(first) * child_complexity")]
    #[expect(clippy::too_many_arguments, reason = "each is an argument of the field")]
    async fn access_log(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only accesses to this student's record: an id such as `student:0193…`.")]
        student_id: Option<ID>,
        #[graphql(desc = "Only accesses by viewers with this id.")] subject: Option<String>,
        #[graphql(desc = "Only accesses at this time or later.")] from: Option<Time>,
        #[graphql(desc = "Only accesses before this time.")] to: Option<Time>,
        #[graphql(desc = "How many, 1 to 100; 20 unless told otherwise.")] first: Option<i32>,
        #[graphql(desc = "Only those after this cursor.")] after: Option<String>,
    ) -> Result<Connection<String, AccessEntry>> {
        let student = student_id.map(|id| id.parse().map_err(|error| UserError::input("studentId", error)));
        let filter = AccessFilter {
            student: student.transpose()?,
            subject: optional_text("subject", subject)?,
            from: optional_time("from", from)?,
            to: optional_time("to", to)?,
        };
        let page = Page::read(first, after.as_deref())?;
        let log = &ctx.services()?.access_log;
        let rows = access::entries(ctx.reader()?, log, &filter, page.after, page.limit + 1).await;
        let rows = rows.map_err(|error| database_error(&error))?;
        Ok(page.connection(rows, |row| (row.id.to_string(), AccessEntry(row))))
    }
}
