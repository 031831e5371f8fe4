//! Queries that read one thing, or the queue.

use async_graphql::connection::Connection;
use async_graphql::{Context, ID, Object, Result};
use entity::id::StudentId;

use crate::error::{UserError, database_error};
use crate::schema::context::Resolving;
use crate::schema::guards::IsAdmin;
use crate::schema::inputs::own;
use crate::schema::paging::{Page, SHORT_LIST, page_size};
use crate::schema::types::{
    Job, JobKind, JobState, Node, QueueStatus, StudentProfile, ViewerInfo, Worker, children_of_viewer,
};
use crate::service::queue::{self, JobFilter};
use crate::service::read::ProfileCache;

/// What can be read of people's aggregates, of anything by its id, and of the queue.
#[derive(Debug, Default)]
pub struct CoreQuery;

#[Object]
impl CoreQuery {
    /// Who is asking.
    async fn me(&self, ctx: &Context<'_>) -> Result<ViewerInfo> {
        Ok(ViewerInfo(ctx.viewer()?.clone()))
    }

    /// A student's aggregates, by the student's id or `sourcedId`; null when there is no such student, or none whom the
    /// viewer may see.
    async fn student_profile(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The student's id, such as `student:0193…`.")] id: Option<ID>,
        #[graphql(desc = "The writing system's own id of the student.")] sourced_id: Option<String>,
    ) -> Result<Option<StudentProfile>> {
        let student = own::<StudentId>(id, sourced_id)?;
        let row = ctx.data::<ProfileCache>()?.profile(ctx.reader()?, &ctx.scope()?, &student).await;
        Ok(row.map_err(|error| database_error(&error))?.map(StudentProfile))
    }

    /// The aggregates of the children whose records the viewer may see as a guardian now, in the order of their names.
    #[graphql(complexity = "SHORT_LIST * child_complexity")]
    async fn my_children(&self, ctx: &Context<'_>) -> Result<Vec<StudentProfile>> {
        children_of_viewer(ctx).await
    }

    /// Anything that has an id; null when there is no such thing, or none that the viewer may see.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id that Tally gave it.")] id: ID,
    ) -> Result<Option<Node>> {
        Node::find(ctx, &id).await
    }

    /// How the queue is doing. For admins.
    #[graphql(guard = "IsAdmin")]
    async fn queue(&self, ctx: &Context<'_>) -> Result<QueueStatus> {
        QueueStatus::read(ctx).await
    }

    /// The jobs of the queue, the newest first. For admins.
    #[graphql(guard = "IsAdmin", complexity = "page_size(first) * child_complexity")]
    async fn jobs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those in this state.")] state: Option<JobState>,
        #[graphql(desc = "Only those of this kind.")] kind: Option<JobKind>,
        #[graphql(desc = "Only those about this student: an id such as `student:0193…`.")] student_id: Option<
            ID,
        >,
        #[graphql(desc = "How many, 1 to 100; 20 unless told otherwise.")] first: Option<i32>,
        #[graphql(desc = "Only those after this cursor.")] after: Option<String>,
    ) -> Result<Connection<String, Job>> {
        let student = student_id.map(|id| id.parse().map_err(|error| UserError::input("studentId", error)));
        let filter = JobFilter {
            state: state.map(Into::into),
            kind: kind.map(|kind| kind.as_str().to_owned()),
            student: student.transpose()?,
        };
        let page = Page::read(first, after.as_deref())?;
        let rows = queue::jobs(&ctx.services()?.db, &filter, page.after, page.limit + 1).await;
        Ok(page
            .connection(rows.map_err(|error| database_error(&error))?, |job| (job.id.to_string(), Job(job))))
    }

    /// The job with this id; null when there is none. For admins.
    #[graphql(guard = "IsAdmin")]
    async fn job(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Such as `job:0193…`.")] id: ID,
    ) -> Result<Option<Job>> {
        let id = id.parse().map_err(|error| UserError::input("id", error))?;
        let row = queue::job(&ctx.services()?.db, id).await;
        Ok(row.map_err(|error| database_error(&error))?.map(Job))
    }

    /// The workers that are known, the newest first. For admins.
    #[graphql(guard = "IsAdmin")]
    async fn workers(&self, ctx: &Context<'_>) -> Result<Vec<Worker>> {
        let rows = queue::workers(&ctx.services()?.db).await;
        Ok(rows.map_err(|error| database_error(&error))?.into_iter().map(Worker).collect())
    }
}
