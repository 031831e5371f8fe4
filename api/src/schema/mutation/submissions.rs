//! Mutations of assignment submissions.

use async_graphql::{Context, Object, Result};

use super::payload::{BulkPayload, CountedPayload, write_counted, write_many};
use crate::schema::guards::WritesFacts;
use crate::schema::inputs::{
    ChangeSubmissionStandingInput, GradeSubmissionInput, RecordSubmissionInput, UngradeSubmissionInput,
};
use crate::schema::types::AssignmentSubmission;

/// Mutations of assignment submissions.
#[derive(Debug, Default)]
pub struct SubmissionsMutation;

#[Object]
impl SubmissionsMutation {
    /// Records a submission, or changes what is known of one.
    #[graphql(guard = "WritesFacts")]
    async fn record_submission(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to write.")] input: RecordSubmissionInput,
        #[graphql(
            desc = "For how many milliseconds, 0 to 10,000, to wait until the student's aggregates count this fact. \
             They come back as `profile`."
        )]
        await_recalculation: Option<i32>,
    ) -> Result<CountedPayload<AssignmentSubmission>> {
        write_counted(ctx, input, await_recalculation).await
    }

    /// Records submissions, or changes what is known of them. All or nothing, unless partial results are asked for.
    #[graphql(guard = "WritesFacts")]
    async fn record_submissions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to write, up to 1,000 at once, in this order.")] inputs: Vec<
            RecordSubmissionInput,
        >,
        #[graphql(
            default,
            desc = "Whether to write what can be written, with a result or an error for each input."
        )]
        partial: bool,
    ) -> Result<BulkPayload<AssignmentSubmission>> {
        write_many(ctx, inputs, partial).await
    }

    /// Grades a submission, or changes its grade.
    #[graphql(guard = "WritesFacts")]
    async fn grade_submission(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to write.")] input: GradeSubmissionInput,
        #[graphql(
            desc = "For how many milliseconds, 0 to 10,000, to wait until the student's aggregates count this fact. \
             They come back as `profile`."
        )]
        await_recalculation: Option<i32>,
    ) -> Result<CountedPayload<AssignmentSubmission>> {
        write_counted(ctx, input, await_recalculation).await
    }

    /// Grades submissions, or changes their grades. All or nothing, unless partial results are asked for.
    #[graphql(guard = "WritesFacts")]
    async fn grade_submissions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to write, up to 1,000 at once, in this order.")] inputs: Vec<
            GradeSubmissionInput,
        >,
        #[graphql(
            default,
            desc = "Whether to write what can be written, with a result or an error for each input."
        )]
        partial: bool,
    ) -> Result<BulkPayload<AssignmentSubmission>> {
        write_many(ctx, inputs, partial).await
    }

    /// Takes the grade of a submission back: it is awaiting grading again.
    #[graphql(guard = "WritesFacts")]
    async fn ungrade_submission(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to write.")] input: UngradeSubmissionInput,
        #[graphql(
            desc = "For how many milliseconds, 0 to 10,000, to wait until the student's aggregates count this fact. \
             They come back as `profile`."
        )]
        await_recalculation: Option<i32>,
    ) -> Result<CountedPayload<AssignmentSubmission>> {
        write_counted(ctx, input, await_recalculation).await
    }

    /// Takes the grades of submissions back. All or nothing, unless partial results are asked for.
    #[graphql(guard = "WritesFacts")]
    async fn ungrade_submissions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to write, up to 1,000 at once, in this order.")] inputs: Vec<
            UngradeSubmissionInput,
        >,
        #[graphql(
            default,
            desc = "Whether to write what can be written, with a result or an error for each input."
        )]
        partial: bool,
    ) -> Result<BulkPayload<AssignmentSubmission>> {
        write_many(ctx, inputs, partial).await
    }

    /// Excuses, voids, restores or deletes a submission.
    #[graphql(guard = "WritesFacts")]
    async fn change_submission_standing(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to write.")] input: ChangeSubmissionStandingInput,
        #[graphql(
            desc = "For how many milliseconds, 0 to 10,000, to wait until the student's aggregates count this fact. \
             They come back as `profile`."
        )]
        await_recalculation: Option<i32>,
    ) -> Result<CountedPayload<AssignmentSubmission>> {
        write_counted(ctx, input, await_recalculation).await
    }

    /// Excuses, voids, restores or deletes submissions. All or nothing, unless partial results are asked for.
    #[graphql(guard = "WritesFacts")]
    async fn change_submission_standings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to write, up to 1,000 at once, in this order.")] inputs: Vec<
            ChangeSubmissionStandingInput,
        >,
        #[graphql(
            default,
            desc = "Whether to write what can be written, with a result or an error for each input."
        )]
        partial: bool,
    ) -> Result<BulkPayload<AssignmentSubmission>> {
        write_many(ctx, inputs, partial).await
    }
}
