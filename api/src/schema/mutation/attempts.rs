//! Mutations of quiz attempts.

use async_graphql::{Context, Object, Result};

use super::payload::{BulkPayload, Payload, write_many, write_one};
use crate::schema::guards::WritesFacts;
use crate::schema::inputs::{ChangeQuizAttemptStandingInput, RecordQuizAttemptInput};
use crate::schema::types::QuizAttempt;

/// Mutations of quiz attempts.
#[derive(Debug, Default)]
pub struct AttemptsMutation;

#[Object]
impl AttemptsMutation {
    /// Records a quiz attempt, or changes what is known of one.
    #[graphql(guard = "WritesFacts")]
    async fn record_quiz_attempt(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to write.")] input: RecordQuizAttemptInput,
    ) -> Result<Payload<QuizAttempt>> {
        write_one(ctx, input).await
    }

    /// Records quiz attempts, or changes what is known of them. All or nothing, unless partial results are asked for.
    #[graphql(guard = "WritesFacts")]
    async fn record_quiz_attempts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to write, up to 1,000 at once, in this order.")] inputs: Vec<
            RecordQuizAttemptInput,
        >,
        #[graphql(
            default,
            desc = "Whether to write what can be written, with a result or an error for each input."
        )]
        partial: bool,
    ) -> Result<BulkPayload<QuizAttempt>> {
        write_many(ctx, inputs, partial).await
    }

    /// Excuses, voids, restores or deletes a quiz attempt.
    #[graphql(guard = "WritesFacts")]
    async fn change_quiz_attempt_standing(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to write.")] input: ChangeQuizAttemptStandingInput,
    ) -> Result<Payload<QuizAttempt>> {
        write_one(ctx, input).await
    }

    /// Excuses, voids, restores or deletes quiz attempts. All or nothing, unless partial results are asked for.
    #[graphql(guard = "WritesFacts")]
    async fn change_quiz_attempt_standings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to write, up to 1,000 at once, in this order.")] inputs: Vec<
            ChangeQuizAttemptStandingInput,
        >,
        #[graphql(
            default,
            desc = "Whether to write what can be written, with a result or an error for each input."
        )]
        partial: bool,
    ) -> Result<BulkPayload<QuizAttempt>> {
        write_many(ctx, inputs, partial).await
    }
}
