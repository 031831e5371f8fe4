//! Students' aggregates as they change.

use async_graphql::{Context, ID, Result, Subscription};
use futures::{Stream, StreamExt as _};

use crate::error::{UserError, database_error};
use crate::schema::context::Resolving as _;
use crate::schema::types::StudentProfile;
use crate::service::live::LiveProfiles;

/// Students' aggregates as they change.
#[derive(Debug, Default)]
pub struct PerformanceSubscription;

#[Subscription]
impl PerformanceSubscription {
    /// A student's aggregates: as they are, and as they become whenever they have changed. Each has a greater `version` than
    /// the one before; who is slow gets the latest. Ends with the error `NOT_FOUND` when there is no such student, or none
    /// whom the viewer may see (any more).
    async fn performance_updated(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The student's id, such as `student:0193…`.")] student_id: ID,
    ) -> Result<impl Stream<Item = Result<StudentProfile>> + use<>> {
        let student = student_id.parse().map_err(|error| UserError::input("studentId", error))?;
        let profiles = ctx.data::<LiveProfiles>()?.of_student(ctx.scope()?, student);
        Ok(profiles.map(|profile| match profile {
            Ok(Some(row)) => Ok(StudentProfile(row)),
            Ok(None) => Err(UserError::not_found("studentId").into()),
            Err(error) => Err(database_error(&error)),
        }))
    }

    /// The aggregates of the children whose records the viewer may see as a guardian: of each child as they are, and as they
    /// become whenever they have changed. A child whom the viewer may not see any more is heard of no more; one who joins
    /// them is. For anybody but a guardian it ends at once.
    async fn my_children_updated(
        &self,
        ctx: &Context<'_>,
    ) -> Result<impl Stream<Item = Result<StudentProfile>> + use<>> {
        let profiles = ctx.data::<LiveProfiles>()?.of_children(ctx.scope()?).await;
        let profiles = profiles.map_err(|error| database_error(&error))?;
        Ok(profiles.map(|profile| profile.map(StudentProfile).map_err(|error| database_error(&error))))
    }
}
