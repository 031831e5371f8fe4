//! Mutations of the queue, for admins.

use async_graphql::{Context, Description, ID, Object, Result};

use crate::error::{UserError, database_error};
use crate::schema::context::Resolving;
use crate::schema::guards::IsAdmin;
use crate::schema::types::{Job, JobKind, QueueStatus};
use crate::service::queue;
use entity::id::JobId;

/// Mutations of the queue, for admins.
#[derive(Debug, Default, Description)]
pub struct QueueMutation;

#[Object(use_type_description)]
impl QueueMutation {
    /// Has a job tried again at once, with as many attempts as a new one: one that was discarded or cancelled, or that
    /// waits to be retried.
    #[graphql(guard = "IsAdmin")]
    async fn retry_job(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Such as `job:0193…`.")] id: ID,
    ) -> Result<Job> {
        Ok(Job(queue::retry(&ctx.services()?.db, job_id(&id)?).await?))
    }

    /// Calls off a job that has not been started. If its student is stale, the next sweep enqueues a new one.
    #[graphql(guard = "IsAdmin")]
    async fn cancel_job(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Such as `job:0193…`.")] id: ID,
    ) -> Result<Job> {
        Ok(Job(queue::cancel(&ctx.services()?.db, job_id(&id)?).await?))
    }

    /// Keeps workers from claiming jobs of a kind until it is resumed. Jobs are still enqueued, and wait.
    #[graphql(guard = "IsAdmin")]
    async fn pause_jobs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which kind.")] kind: JobKind,
    ) -> Result<QueueStatus> {
        let services = ctx.services()?;
        queue::pause(&services.db, kind.as_str(), ctx.viewer()?.subject(), services.clock.now())
            .await
            .map_err(|error| database_error(&error))?;
        QueueStatus::read(ctx).await
    }

    /// Lets workers claim jobs of a kind again.
    #[graphql(guard = "IsAdmin")]
    async fn resume_jobs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which kind.")] kind: JobKind,
    ) -> Result<QueueStatus> {
        queue::resume(&ctx.services()?.db, kind.as_str()).await.map_err(|error| database_error(&error))?;
        QueueStatus::read(ctx).await
    }
}

fn job_id(id: &str) -> Result<JobId, UserError> {
    id.parse().map_err(|error| UserError::input("id", error))
}
