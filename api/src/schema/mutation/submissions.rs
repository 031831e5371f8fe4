//! Mutations of assignment submissions.

use async_graphql::{Context, Object, Result};

use super::payload::{BulkPayload, Payload, write_many, write_one};
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
        input: RecordSubmissionInput,
    ) -> Result<Payload<AssignmentSubmission>> {
        write_one(ctx, input).await
    }

    /// Records submissions, or changes what is known of them. All or nothing, unless partial results are asked for.
    #[graphql(guard = "WritesFacts")]
    async fn record_submissions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Up to 1,000.")] inputs: Vec<RecordSubmissionInput>,
        #[graphql(default, desc = "Do what can be done, with a result for each.")] partial: bool,
    ) -> Result<BulkPayload<AssignmentSubmission>> {
        write_many(ctx, inputs, partial).await
    }

    /// Grades a submission, or changes its grade.
    #[graphql(guard = "WritesFacts")]
    async fn grade_submission(
        &self,
        ctx: &Context<'_>,
        input: GradeSubmissionInput,
    ) -> Result<Payload<AssignmentSubmission>> {
        write_one(ctx, input).await
    }

    /// Grades submissions, or changes their grades. All or nothing, unless partial results are asked for.
    #[graphql(guard = "WritesFacts")]
    async fn grade_submissions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Up to 1,000.")] inputs: Vec<GradeSubmissionInput>,
        #[graphql(default, desc = "Do what can be done, with a result for each.")] partial: bool,
    ) -> Result<BulkPayload<AssignmentSubmission>> {
        write_many(ctx, inputs, partial).await
    }

    /// Takes the grade of a submission back: it is awaiting grading again.
    #[graphql(guard = "WritesFacts")]
    async fn ungrade_submission(
        &self,
        ctx: &Context<'_>,
        input: UngradeSubmissionInput,
    ) -> Result<Payload<AssignmentSubmission>> {
        write_one(ctx, input).await
    }

    /// Takes the grades of submissions back. All or nothing, unless partial results are asked for.
    #[graphql(guard = "WritesFacts")]
    async fn ungrade_submissions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Up to 1,000.")] inputs: Vec<UngradeSubmissionInput>,
        #[graphql(default, desc = "Do what can be done, with a result for each.")] partial: bool,
    ) -> Result<BulkPayload<AssignmentSubmission>> {
        write_many(ctx, inputs, partial).await
    }

    /// Excuses, voids, restores or deletes a submission.
    #[graphql(guard = "WritesFacts")]
    async fn change_submission_standing(
        &self,
        ctx: &Context<'_>,
        input: ChangeSubmissionStandingInput,
    ) -> Result<Payload<AssignmentSubmission>> {
        write_one(ctx, input).await
    }

    /// Excuses, voids, restores or deletes submissions. All or nothing, unless partial results are asked for.
    #[graphql(guard = "WritesFacts")]
    async fn change_submission_standings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Up to 1,000.")] inputs: Vec<ChangeSubmissionStandingInput>,
        #[graphql(default, desc = "Do what can be done, with a result for each.")] partial: bool,
    ) -> Result<BulkPayload<AssignmentSubmission>> {
        write_many(ctx, inputs, partial).await
    }
}
