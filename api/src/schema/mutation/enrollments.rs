//! Mutations of enrolments.

use async_graphql::{Context, Object, Result};

use super::payload::{BulkPayload, CountedPayload, write_counted, write_many};
use crate::schema::guards::WritesFacts;
use crate::schema::inputs::{DeleteEnrollmentInput, SetEnrollmentStatusInput, UpsertEnrollmentInput};
use crate::schema::types::Enrollment;

/// Mutations of enrolments.
#[derive(Debug, Default)]
pub struct EnrollmentsMutation;

#[Object]
impl EnrollmentsMutation {
    /// Enrols a student in a course, or changes the enrolment.
    #[graphql(guard = "WritesFacts")]
    async fn upsert_enrollment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to write.")] input: UpsertEnrollmentInput,
        #[graphql(
            desc = "For how many milliseconds, 0 to 10,000, to wait until the student's aggregates count this fact. \
             They come back as `profile`."
        )]
        await_recalculation: Option<i32>,
    ) -> Result<CountedPayload<Enrollment>> {
        write_counted(ctx, input, await_recalculation).await
    }

    /// Enrols students in courses, or changes their enrolments. All or nothing, unless partial results are asked for.
    #[graphql(guard = "WritesFacts")]
    async fn upsert_enrollments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to write, up to 1,000 at once, in this order.")] inputs: Vec<
            UpsertEnrollmentInput,
        >,
        #[graphql(
            default,
            desc = "Whether to write what can be written, with a result or an error for each input."
        )]
        partial: bool,
    ) -> Result<BulkPayload<Enrollment>> {
        write_many(ctx, inputs, partial).await
    }

    /// Changes the status of an enrolment. Its items count while it is active or completed.
    #[graphql(guard = "WritesFacts")]
    async fn set_enrollment_status(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to write.")] input: SetEnrollmentStatusInput,
        #[graphql(
            desc = "For how many milliseconds, 0 to 10,000, to wait until the student's aggregates count this fact. \
             They come back as `profile`."
        )]
        await_recalculation: Option<i32>,
    ) -> Result<CountedPayload<Enrollment>> {
        write_counted(ctx, input, await_recalculation).await
    }

    /// Changes the statuses of enrolments. All or nothing, unless partial results are asked for.
    #[graphql(guard = "WritesFacts")]
    async fn set_enrollment_statuses(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to write, up to 1,000 at once, in this order.")] inputs: Vec<
            SetEnrollmentStatusInput,
        >,
        #[graphql(
            default,
            desc = "Whether to write what can be written, with a result or an error for each input."
        )]
        partial: bool,
    ) -> Result<BulkPayload<Enrollment>> {
        write_many(ctx, inputs, partial).await
    }

    /// Deletes an enrolment. The items stay, and count again if the student is enrolled in the course anew.
    #[graphql(guard = "WritesFacts")]
    async fn delete_enrollment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to write.")] input: DeleteEnrollmentInput,
        #[graphql(
            desc = "For how many milliseconds, 0 to 10,000, to wait until the student's aggregates count this fact. \
             They come back as `profile`."
        )]
        await_recalculation: Option<i32>,
    ) -> Result<CountedPayload<Enrollment>> {
        write_counted(ctx, input, await_recalculation).await
    }

    /// Deletes enrolments. All or nothing, unless partial results are asked for.
    #[graphql(guard = "WritesFacts")]
    async fn delete_enrollments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to write, up to 1,000 at once, in this order.")] inputs: Vec<
            DeleteEnrollmentInput,
        >,
        #[graphql(
            default,
            desc = "Whether to write what can be written, with a result or an error for each input."
        )]
        partial: bool,
    ) -> Result<BulkPayload<Enrollment>> {
        write_many(ctx, inputs, partial).await
    }
}
