//! Mutations: each is one call of a service.

mod attempts;
mod backfill;
mod courses;
mod enrollments;
mod payload;
mod people;
mod privacy;
mod queue;
mod sessions;
mod submissions;
mod tokens;

use async_graphql::MergedObject;

use attempts::AttemptsMutation;
use backfill::BackfillMutation;
use courses::CoursesMutation;
use enrollments::EnrollmentsMutation;
use people::PeopleMutation;
use privacy::PrivacyMutation;
use queue::QueueMutation;
use sessions::SessionsMutation;
use submissions::SubmissionsMutation;
use tokens::TokensMutation;

/// What can be written, by admins and by the learning system.
#[derive(Debug, Default, MergedObject)]
pub struct Mutation(
    PeopleMutation,
    CoursesMutation,
    EnrollmentsMutation,
    AttemptsMutation,
    SubmissionsMutation,
    QueueMutation,
    BackfillMutation,
    SessionsMutation,
    PrivacyMutation,
    TokensMutation,
);
