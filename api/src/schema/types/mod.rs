//! What comes out: one object type for each kind of row.

mod access;
mod activity;
mod backfill;
mod course;
mod drift;
mod enrollment;
mod erasure;
mod explanation;
mod history;
mod item;
mod node;
mod person;
mod profile;
mod queue;
mod share;
mod trend;
mod weekly;

pub use access::{AccessEntry, RecordAccess};
pub use activity::ActivityItem;
pub(in crate::schema) use activity::activity_page;
pub use backfill::{BackfillRun, BackfillScope};
pub use course::{Assignment, Course, Quiz};
pub use drift::AggregateDrift;
pub use enrollment::Enrollment;
pub use erasure::Erasure;
pub use explanation::{Explanation, LeftOutReason};
pub(in crate::schema) use history::{HistoryArguments, history_of_student};
pub use history::{HistoryInterval, PerformanceSnapshot};
pub use item::{AssignmentSubmission, QuizAttempt};
pub use node::Node;
pub use person::{Guardian, Guardianship, Student, ViewerInfo};
pub use profile::StudentProfile;
pub(in crate::schema) use profile::children_of_viewer;
pub use queue::{Job, JobKind, JobState, QueueStatus, Worker};
pub use share::{ExplainedAverage, Share};
pub use trend::Trend;
pub(in crate::schema) use trend::trend_of;
pub use weekly::WeeklyPerformance;
pub(in crate::schema) use weekly::{WeeksArguments, weeks_asked, weeks_of_student};

use async_graphql::dataloader::Loader;
use async_graphql::{Context, Result};
use entity::access_log::Kind;
use entity::id::StudentId;

use super::context::Resolving;
use crate::error::{UserError, database_error};
use crate::service::read::{LoadError, RelatedKey, Unscoped};

/// The row with this id, which another row refers to.
async fn related<K>(ctx: &Context<'_>, field: &str, id: K) -> Result<<Unscoped as Loader<K>>::Value>
where
    K: RelatedKey + Send + Sync + std::hash::Hash + Eq + Clone + 'static,
    Unscoped: Loader<K, Error = LoadError>,
{
    ctx.note(Kind::Read, id.student())?;
    let row = ctx.loaders()?.load_one(id).await.map_err(|error| database_error(&error))?;
    // Only a deletion between two statements of one request can bring this about.
    row.ok_or_else(|| UserError::not_found(field).into())
}

/// The student with this id; none when the student is no more.
async fn student(ctx: &Context<'_>, id: StudentId) -> Result<Option<Student>> {
    let row = ctx.loaders()?.load_one(id).await.map_err(|error| database_error(&error))?;
    ctx.note(Kind::Read, row.as_ref().map(|row| row.id))?;
    Ok(row.map(Student))
}
