//! Where a student's averages come from.

use std::sync::Arc;

use async_graphql::connection::Connection;
use async_graphql::{Context, Description, Enum, Object, Result, SimpleObject};
use entity::aggregate::Aggregates;

use super::{ActivityItem, ExplainedAverage, Student, related};
use crate::schema::paging::{Page, page_size};
use crate::service::read;

/// Why an item does not count. When several reasons hold, the first one in this order is given: what the item itself
/// lacks stays true whatever becomes of the enrolment.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "entity::counting::LeftOut")]
pub enum LeftOutReason {
    /// It was deleted. Such items are not listed.
    Deleted,
    /// It was declared invalid.
    Voided,
    /// The student need not do it.
    Excused,
    /// The attempt is under way.
    NotCompleted,
    /// The submission has not been graded.
    NotGraded,
    /// It is done, and has no score.
    NotScored,
    /// The student is not enrolled in the course.
    NotEnrolled,
    /// The enrolment was dropped.
    EnrollmentDropped,
    /// The enrolment is paused.
    EnrollmentPaused,
    /// The enrolment has not begun.
    EnrollmentPending,
    /// The enrolment is suspended.
    EnrollmentSuspended,
}

/// How many items are left out for a reason.
#[derive(SimpleObject, Clone, Copy, Debug)]
pub struct LeftOutCount {
    /// The reason.
    pub reason: LeftOutReason,
    /// How many items.
    pub count: u64,
}

/// Where a student's averages come from: computed from the attempts, submissions and enrolments themselves, all as they
/// were at one moment.
#[derive(Clone, Debug, Description)]
pub struct Explanation(Arc<read::Explanation>);

#[Object(use_type_description)]
impl Explanation {
    /// The student.
    async fn student(&self, ctx: &Context<'_>) -> Result<Student> {
        related(ctx, "student", self.0.profile.student_id).await.map(Student)
    }

    /// The version of the student's profile at that moment.
    async fn version(&self) -> i64 {
        self.0.profile.version
    }

    /// Whether the profile was stale at that moment. If not, its numbers are exactly those explained here; if so, these
    /// are what it is about to become.
    async fn is_stale(&self) -> bool {
        self.0.profile.is_stale()
    }

    /// The average of the quizzes.
    async fn quizzes(&self) -> ExplainedAverage {
        ExplainedAverage(self.0.average(|counted| counted.quizzes))
    }

    /// The average of the assignments.
    async fn assignments(&self) -> ExplainedAverage {
        ExplainedAverage(self.0.average(|counted| counted.assignments))
    }

    /// The average of both together.
    async fn overall(&self) -> ExplainedAverage {
        ExplainedAverage(self.0.average(Aggregates::overall))
    }

    /// How many items do not count, for each reason for which there are any.
    async fn left_out_counts(&self) -> Vec<LeftOutCount> {
        let count = |(reason, count): (entity::counting::LeftOut, usize)| LeftOutCount {
            reason: reason.into(),
            count: u64::try_from(count).unwrap_or(u64::MAX),
        };
        self.0.counts().into_iter().map(count).collect()
    }

    /// The items that do not count, each with its reason, the latest first.
    #[graphql(complexity = "page_size(first) * child_complexity")]
    async fn left_out(
        &self,
        #[graphql(desc = "Only those with this reason.")] reason: Option<LeftOutReason>,
        #[graphql(desc = "How many, 1 to 100; 20 unless told otherwise.")] first: Option<i32>,
        #[graphql(desc = "Only those after this cursor.")] after: Option<String>,
    ) -> Result<Connection<String, ActivityItem>> {
        let page = Page::read(first, after.as_deref())?;
        let items = self.0.left_out(reason.map(Into::into), page.after, page.rows());
        Ok(page.connection(items, ActivityItem::edge))
    }
}

impl From<read::Explanation> for Explanation {
    fn from(explanation: read::Explanation) -> Self {
        Self(Arc::new(explanation))
    }
}
