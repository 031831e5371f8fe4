//! Mutations of the backfill, for admins.

use async_graphql::{Context, Description, ID, Object, Result, SimpleObject};
use entity::id::{BackfillRunId, StudentId};

use crate::error::UserError;
use crate::schema::context::Resolving;
use crate::schema::guards::IsAdmin;
use crate::schema::inputs::BackfillStudentAggregatesInput;
use crate::schema::types::BackfillRun;
use crate::service::backfill;

/// Mutations of the backfill, for admins.
#[derive(Debug, Default, Description)]
pub struct BackfillMutation;

/// The answer to `recalculateStudents`.
#[derive(Debug, SimpleObject)]
pub struct RecalculateStudentsPayload {
    /// How many students have a recalculation enqueued, or taken on by one that was waiting; each is counted once.
    enqueued: usize,
}

#[Object(use_type_description)]
impl BackfillMutation {
    /// Has the aggregates of students computed again from the facts: a job for each, behind all live changes. Returns at
    /// once; the workers do the rest. While a run over the same scope is going (named students aside), that run is
    /// returned instead of a second one.
    #[graphql(guard = "IsAdmin")]
    async fn backfill_student_aggregates(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which students, and how.")] input: BackfillStudentAggregatesInput,
    ) -> Result<BackfillRun> {
        let services = ctx.services()?;
        let wish = input.read().map_err(|error| error.within("input"))?;
        let run = backfill::start(&services.db, &*services.clock, wish, ctx.viewer()?.subject()).await?;
        Ok(BackfillRun(run))
    }

    /// Calls off a run that goes on. Its jobs that have not been started are cancelled, unless somebody else has asked for
    /// the same student's recalculation. What is done stays done.
    #[graphql(guard = "IsAdmin")]
    async fn cancel_backfill(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Such as `backfillRun:0193…`.")] id: ID,
    ) -> Result<BackfillRun> {
        Ok(BackfillRun(backfill::cancel(&ctx.services()?.db, run_id(&id)?).await?))
    }

    /// Starts a new run over the students who failed in one that has ended, with the same settings.
    #[graphql(guard = "IsAdmin")]
    async fn retry_backfill_failures(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Such as `backfillRun:0193…`.")] id: ID,
    ) -> Result<BackfillRun> {
        let services = ctx.services()?;
        let by = ctx.viewer()?.subject();
        Ok(BackfillRun(backfill::retry_failures(&services.db, &*services.clock, run_id(&id)?, by).await?))
    }

    /// Has the aggregates of some students computed again, as soon as after a live change. All or nothing.
    #[graphql(guard = "IsAdmin")]
    async fn recalculate_students(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The students' ids, such as `student:0193…`; up to 1,000.")] ids: Vec<ID>,
    ) -> Result<RecalculateStudentsPayload> {
        let services = ctx.services()?;
        let students = ids.iter().enumerate().map(student_id).collect::<Result<Vec<_>, _>>()?;
        let enqueued = backfill::recalculate(&services.db, &*services.clock, &students).await?;
        Ok(RecalculateStudentsPayload { enqueued })
    }
}

fn run_id(id: &str) -> Result<BackfillRunId, UserError> {
    id.parse().map_err(|error| UserError::input("id", error))
}

fn student_id((at, id): (usize, &ID)) -> Result<StudentId, UserError> {
    id.parse().map_err(|error| UserError::input(&format!("ids[{at}]"), error))
}
