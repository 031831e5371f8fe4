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
    async fn upsert_course(&self, ctx: &Context<'_>, input: UpsertCourseInput) -> Result<Payload<Course>> {
        write_one(ctx, input).await
    }

    /// Creates courses, or changes their titles. All or nothing, unless partial results are asked for.
    #[graphql(guard = "WritesFacts")]
    async fn upsert_courses(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Up to 1,000.")] inputs: Vec<UpsertCourseInput>,
        #[graphql(default, desc = "Do what can be done, with a result for each.")] partial: bool,
    ) -> Result<BulkPayload<Course>> {
        write_many(ctx, inputs, partial).await
    }

    /// Creates a quiz, renames it, or moves it to another course.
    #[graphql(guard = "WritesFacts")]
    async fn upsert_quiz(&self, ctx: &Context<'_>, input: UpsertQuizInput) -> Result<Payload<Quiz>> {
        write_one(ctx, input).await
    }

    /// Creates quizzes, renames them, or moves them to other courses. All or nothing, unless partial results are asked for.
    #[graphql(guard = "WritesFacts")]
    async fn upsert_quizzes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Up to 1,000.")] inputs: Vec<UpsertQuizInput>,
        #[graphql(default, desc = "Do what can be done, with a result for each.")] partial: bool,
    ) -> Result<BulkPayload<Quiz>> {
        write_many(ctx, inputs, partial).await
    }

    /// Creates an assignment, renames it, or moves it to another course.
    #[graphql(guard = "WritesFacts")]
    async fn upsert_assignment(
        &self,
        ctx: &Context<'_>,
        input: UpsertAssignmentInput,
    ) -> Result<Payload<Assignment>> {
        write_one(ctx, input).await
    }

    /// Creates assignments, renames them, or moves them to other courses. All or nothing, unless partial results are asked for.
    #[graphql(guard = "WritesFacts")]
    async fn upsert_assignments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Up to 1,000.")] inputs: Vec<UpsertAssignmentInput>,
        #[graphql(default, desc = "Do what can be done, with a result for each.")] partial: bool,
    ) -> Result<BulkPayload<Assignment>> {
        write_many(ctx, inputs, partial).await
    }
}
