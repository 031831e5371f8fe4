//! What a person can ask of whoever keeps their data, answered by admins.

use async_graphql::{Context, Description, ID, Json, Object, Result};
use entity::id::StudentId;

use crate::error::{UserError, database_error};
use crate::schema::context::Resolving;
use crate::schema::guards::IsAdmin;
use crate::schema::inputs::own;
use crate::schema::types::Erasure;
use crate::service::{facts, read};

/// Queries for a person's rights, for admins.
#[derive(Debug, Default, Description)]
pub struct PrivacyQuery;

#[Object(use_type_description)]
impl PrivacyQuery {
    /// All that is kept of a student as one document: `format` is `tally.student-record`, `version` is 1; then `student`,
    /// `profile`, `history`, `weeks`, `enrollments`, `quizAttempts`, `assignmentSubmissions`, `guardianships`, `sessions`,
    /// `jobs`, `backfills`, `drift` and `accesses`, with ids, times and scores as everywhere in this schema. Later
    /// versions may add to it. For admins.
    #[graphql(guard = "IsAdmin")]
    async fn student_record(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The student's id, such as `student:0193…`.")] id: Option<ID>,
        #[graphql(desc = "The writing system's own id of the student.")] sourced_id: Option<String>,
    ) -> Result<Option<Json<serde_json::Value>>> {
        let student = own::<StudentId>(id, sourced_id)?;
        let services = ctx.services()?;
        let record = read::record(&services.db, &services.access_log, &ctx.scope()?, &student).await;
        Ok(record.map_err(|error| database_error(&error))?.map(Json))
    }

    /// The erasure of the student who had this id; null when none was erased. For admins.
    #[graphql(guard = "IsAdmin")]
    async fn erasure(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id that the student had, such as `student:0193…`.")] student_id: ID,
    ) -> Result<Option<Erasure>> {
        let student = student_id.parse().map_err(|error| UserError::input("studentId", error))?;
        let row = facts::erasure(ctx.reader()?, student).await;
        Ok(row.map_err(|error| database_error(&error))?.map(Erasure))
    }
}
