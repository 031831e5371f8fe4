//! Mutations of courses, quizzes and assignments.

use async_graphql::{Context, Object, Result};

use super::payload::{BulkPayload, Payload, write_many, write_one};
use crate::schema::guards::WritesFacts;
use crate::schema::inputs::{UpsertAssignmentInput, UpsertCourseInput, UpsertQuizInput};
use crate::schema::types::{Assignment, Course, Quiz};

/// Mutations of courses, quizzes and assignments.
#[derive(Debug, Default)]
pub struct CoursesMutation;

#[Object]
impl CoursesMutation {
    /// Creates a course, or changes the title of one.
    #[graphql(guard = "WritesFacts")]
    async fn upsert_course(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to write.")] input: UpsertCourseInput,
    ) -> Result<Payload<Course>> {
        write_one(ctx, input).await
    }

    /// Creates courses, or changes their titles. All or nothing, unless partial results are asked for.
    #[graphql(guard = "WritesFacts")]
    async fn upsert_courses(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to write, up to 1,000 at once, in this order.")] inputs: Vec<
            UpsertCourseInput,
        >,
        #[graphql(
            default,
            desc = "Whether to write what can be written, with a result or an error for each input."
        )]
        partial: bool,
    ) -> Result<BulkPayload<Course>> {
        write_many(ctx, inputs, partial).await
    }

    /// Creates a quiz, renames it, or moves it to another course.
    #[graphql(guard = "WritesFacts")]
    async fn upsert_quiz(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to write.")] input: UpsertQuizInput,
    ) -> Result<Payload<Quiz>> {
        write_one(ctx, input).await
    }

    /// Creates quizzes, renames them, or moves them to other courses. All or nothing, unless partial results are asked for.
    #[graphql(guard = "WritesFacts")]
    async fn upsert_quizzes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to write, up to 1,000 at once, in this order.")] inputs: Vec<UpsertQuizInput>,
        #[graphql(
            default,
            desc = "Whether to write what can be written, with a result or an error for each input."
        )]
        partial: bool,
    ) -> Result<BulkPayload<Quiz>> {
        write_many(ctx, inputs, partial).await
    }

    /// Creates an assignment, renames it, or moves it to another course.
    #[graphql(guard = "WritesFacts")]
    async fn upsert_assignment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to write.")] input: UpsertAssignmentInput,
    ) -> Result<Payload<Assignment>> {
        write_one(ctx, input).await
    }

    /// Creates assignments, renames them, or moves them to other courses. All or nothing, unless partial results are asked for.
    #[graphql(guard = "WritesFacts")]
    async fn upsert_assignments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to write, up to 1,000 at once, in this order.")] inputs: Vec<
            UpsertAssignmentInput,
        >,
        #[graphql(
            default,
            desc = "Whether to write what can be written, with a result or an error for each input."
        )]
        partial: bool,
    ) -> Result<BulkPayload<Assignment>> {
        write_many(ctx, inputs, partial).await
    }
}
