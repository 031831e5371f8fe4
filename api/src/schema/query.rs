//! Queries.

use async_graphql::{Context, ID, Object, Result};
use entity::id::StudentId;

use super::context::Resolving;
use super::inputs::Ref;
use super::types::{Node, StudentProfile, ViewerInfo, children_of_viewer};
use crate::error::{UserError, database_error};
use crate::service::read;

/// All queries.
#[derive(Debug, Default)]
pub struct Query;

#[Object]
impl Query {
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
        let student = match (id, sourced_id) {
            (Some(id), None) => Ref::Id(id),
            (None, Some(sourced_id)) => Ref::SourcedId(sourced_id),
            _ => return Err(UserError::input("id", "or sourcedId must be given, and not both").into()),
        };
        let student = student.read::<StudentId>("student")?;
        let row = read::profile(ctx.reader()?, &ctx.scope()?, &student).await;
        Ok(row.map_err(|error| database_error(&error))?.map(StudentProfile))
    }

    /// The aggregates of the children whose records the viewer may see as a guardian now, in the order of their names.
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
}
