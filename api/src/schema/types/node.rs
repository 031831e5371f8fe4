//! Anything that has an id.

use std::str::FromStr;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, ID, Interface, Result};
use entity::id::{
    AssignmentId, AssignmentSubmissionId, BackfillRunId, CourseId, EnrollmentId, GuardianId, QuizAttemptId,
    QuizId, StudentId,
};
use uuid::Uuid;

use super::profile::PROFILE_PREFIX;
use super::{
    Assignment, AssignmentSubmission, BackfillRun, Course, Enrollment, Guardian, Quiz, QuizAttempt, Student,
    StudentProfile,
};
use crate::error::{UserError, database_error};
use crate::schema::context::Resolving;
use crate::service::backfill;
use crate::service::facts::Reference;
use crate::service::read::{self, LoadError, Unscoped};

/// Anything that has an id.
#[derive(Clone, Debug, Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "The id that Tally gave it."))]
pub enum Node {
    /// A student.
    Student(Student),
    /// A student's aggregates.
    StudentProfile(StudentProfile),
    /// A guardian.
    Guardian(Guardian),
    /// A course.
    Course(Course),
    /// An enrolment.
    Enrollment(Enrollment),
    /// A quiz.
    Quiz(Quiz),
    /// A quiz attempt.
    QuizAttempt(QuizAttempt),
    /// An assignment.
    Assignment(Assignment),
    /// A submission.
    AssignmentSubmission(AssignmentSubmission),
    /// A run of the backfill.
    BackfillRun(BackfillRun),
}

impl Node {
    /// The node with this id, if there is one and the viewer may see it.
    pub(in crate::schema) async fn find(ctx: &Context<'_>, id: &str) -> Result<Option<Self>> {
        let unknown = || UserError::input("id", "must be an id that Tally gave, such as \"student:<uuid>\"");
        let (prefix, uuid) = id.split_once(':').ok_or_else(unknown)?;
        let uuid = Uuid::from_str(uuid).map_err(|_| unknown())?;
        let (db, scope) = (ctx.reader()?, ctx.scope()?);
        let node = match prefix {
            StudentId::PREFIX => read::student(db, &scope, &Reference::Id(uuid))
                .await
                .map(|row| row.map(|row| Student(row).into())),
            PROFILE_PREFIX => read::profile(db, &scope, &Reference::Id(uuid))
                .await
                .map(|row| row.map(|row| StudentProfile(row).into())),
            EnrollmentId::PREFIX => read::enrollment(db, &scope, EnrollmentId(uuid))
                .await
                .map(|row| row.map(|row| Enrollment::from(row).into())),
            QuizAttemptId::PREFIX => read::quiz_attempt(db, &scope, QuizAttemptId(uuid))
                .await
                .map(|row| row.map(|row| QuizAttempt(row).into())),
            AssignmentSubmissionId::PREFIX => read::submission(db, &scope, AssignmentSubmissionId(uuid))
                .await
                .map(|row| row.map(|row| AssignmentSubmission(row).into())),
            GuardianId::PREFIX => read::guardian(db, &scope, GuardianId(uuid))
                .await
                .map(|row| row.map(|row| Guardian(row).into())),
            BackfillRunId::PREFIX if ctx.viewer()?.is_admin() => {
                backfill::run(&ctx.services()?.db, BackfillRunId(uuid))
                    .await
                    .map(|run| run.map(|run| BackfillRun(run).into()))
            }
            BackfillRunId::PREFIX => Ok(None),
            CourseId::PREFIX => return shared(ctx, CourseId(uuid), |row| Course(row).into()).await,
            QuizId::PREFIX => return shared(ctx, QuizId(uuid), |row| Quiz(row).into()).await,
            AssignmentId::PREFIX => {
                return shared(ctx, AssignmentId(uuid), |row| Assignment(row).into()).await;
            }
            _ => return Err(unknown().into()),
        };
        node.map_err(|error| database_error(&error))
    }
}

/// What belongs to no student can be seen by everybody who is signed in.
async fn shared<K>(
    ctx: &Context<'_>,
    id: K,
    node: fn(<Unscoped as Loader<K>>::Value) -> Node,
) -> Result<Option<Node>>
where
    K: Send + Sync + std::hash::Hash + Eq + Clone + 'static,
    Unscoped: Loader<K, Error = LoadError>,
{
    let row = ctx.loaders()?.load_one(id).await.map_err(|error| database_error(&error))?;
    Ok(row.map(node))
}
