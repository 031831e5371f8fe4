//! Mutations of quiz attempts.

use async_graphql::{Context, Object, Result};

use super::payload::{BulkPayload, CountedPayload, write_counted, write_many};
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
        #[graphql(
            desc = "For how many milliseconds, 0 to 10,000, to wait until the student's aggregates count this fact. \
             They come back as `profile`."
        )]
        await_recalculation: Option<i32>,
    ) -> Result<CountedPayload<QuizAttempt>> {
        write_counted(ctx, input, await_recalculation).await
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
        #[graphql(
            desc = "For how many milliseconds, 0 to 10,000, to wait until the student's aggregates count this fact. \
             They come back as `profile`."
        )]
        await_recalculation: Option<i32>,
    ) -> Result<CountedPayload<QuizAttempt>> {
        write_counted(ctx, input, await_recalculation).await
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
