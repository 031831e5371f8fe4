//! Mutations of students, guardians and guardianships.

use async_graphql::{Context, Object, Result};

use super::payload::DeletedPayload;
use super::payload::{BulkPayload, Payload, write_many, write_one};
use crate::schema::context::Resolving;
use crate::schema::guards::WritesFacts;
use crate::schema::inputs::{
    GrantGuardianshipInput, Ref, RevokeGuardianshipInput, UpsertGuardianInput, UpsertStudentInput,
};
use crate::schema::types::{Guardian, Guardianship, Student};
use crate::service::facts::{self, Merged};
use entity::access_log::Kind;
use entity::id::StudentId;

/// Mutations of students, guardians and guardianships.
#[derive(Debug, Default)]
pub struct PeopleMutation;

#[Object]
impl PeopleMutation {
    /// Creates a student, or changes the name of one.
    #[graphql(guard = "WritesFacts")]
    async fn upsert_student(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to write.")] input: UpsertStudentInput,
    ) -> Result<Payload<Student>> {
        write_one(ctx, input).await
    }

    /// Creates students, or changes their names. All or nothing, unless partial results are asked for.
    #[graphql(guard = "WritesFacts")]
    async fn upsert_students(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to write, up to 1,000 at once, in this order.")] inputs: Vec<
            UpsertStudentInput,
        >,
        #[graphql(
            default,
            desc = "Whether to write what can be written, with a result or an error for each input."
        )]
        partial: bool,
    ) -> Result<BulkPayload<Student>> {
        write_many(ctx, inputs, partial).await
    }

    /// Creates a guardian, or changes the name of one.
    #[graphql(guard = "WritesFacts")]
    async fn upsert_guardian(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to write.")] input: UpsertGuardianInput,
    ) -> Result<Payload<Guardian>> {
        write_one(ctx, input).await
    }

    /// Creates guardians, or changes their names. All or nothing, unless partial results are asked for.
    #[graphql(guard = "WritesFacts")]
    async fn upsert_guardians(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to write, up to 1,000 at once, in this order.")] inputs: Vec<
            UpsertGuardianInput,
        >,
        #[graphql(
            default,
            desc = "Whether to write what can be written, with a result or an error for each input."
        )]
        partial: bool,
    ) -> Result<BulkPayload<Guardian>> {
        write_many(ctx, inputs, partial).await
    }

    /// Grants a guardian the right to see a student's record, or changes its dates.
    #[graphql(guard = "WritesFacts")]
    async fn grant_guardianship(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to write.")] input: GrantGuardianshipInput,
    ) -> Result<Payload<Guardianship>> {
        write_one(ctx, input).await
    }

    /// Grants guardianships, or changes their dates. All or nothing, unless partial results are asked for.
    #[graphql(guard = "WritesFacts")]
    async fn grant_guardianships(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to write, up to 1,000 at once, in this order.")] inputs: Vec<
            GrantGuardianshipInput,
        >,
        #[graphql(
            default,
            desc = "Whether to write what can be written, with a result or an error for each input."
        )]
        partial: bool,
    ) -> Result<BulkPayload<Guardianship>> {
        write_many(ctx, inputs, partial).await
    }

    /// Revokes a guardian's right to see a student's record, at once.
    #[graphql(guard = "WritesFacts")]
    async fn revoke_guardianship(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to write.")] input: RevokeGuardianshipInput,
    ) -> Result<Payload<Guardianship>> {
        write_one(ctx, input).await
    }

    /// Revokes guardianships. All or nothing, unless partial results are asked for.
    #[graphql(guard = "WritesFacts")]
    async fn revoke_guardianships(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to write, up to 1,000 at once, in this order.")] inputs: Vec<
            RevokeGuardianshipInput,
        >,
        #[graphql(
            default,
            desc = "Whether to write what can be written, with a result or an error for each input."
        )]
        partial: bool,
    ) -> Result<BulkPayload<Guardianship>> {
        write_many(ctx, inputs, partial).await
    }

    /// Deletes a student with all facts and aggregates. This cannot be undone.
    #[graphql(guard = "WritesFacts")]
    async fn delete_student(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The student to be deleted.")] student: Ref,
    ) -> Result<DeletedPayload> {
        let student = student.read::<StudentId>("student")?;
        let id = facts::delete_student(&ctx.services()?.db, student).await?;
        ctx.note(Kind::Changed, [id])?;
        Ok(DeletedPayload { deleted_id: id.to_string().into() })
    }

    /// Moves all facts of one student to another and deletes the first. Where both have the same thing, that of the
    /// second is kept.
    #[graphql(guard = "WritesFacts")]
    async fn merge_students(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The student to be deleted.")] from: Ref,
        #[graphql(desc = "The student to be kept.")] into: Ref,
    ) -> Result<Student> {
        let (from, into) = (from.read::<StudentId>("from")?, into.read::<StudentId>("into")?);
        let services = ctx.services()?;
        let Merged { from, kept } = facts::merge_students(&services.db, &*services.clock, from, into).await?;
        ctx.note(Kind::Changed, [from, kept.id])?;
        Ok(Student(kept))
    }
}
