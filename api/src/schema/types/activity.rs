//! Quiz attempts and submissions in one list.

use async_graphql::connection::Connection;
use async_graphql::{Context, Description, Enum, ID, Object, Result};
use entity::id::{CourseId, StudentId};

use super::{Course, LeftOutReason, related};
use crate::error::{UserError, database_error};
use crate::schema::context::Resolving;
use crate::schema::paging::Page;
use crate::schema::scalars::{Decimal, Time};
use crate::service::read::{ActivityOf, ActivityPage, Item, ItemKey};

/// What an item is.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "entity::counting::ItemKind")]
pub enum ItemKind {
    /// An attempt at a quiz.
    QuizAttempt,
    /// A submission to an assignment.
    Submission,
}

/// What has become of an item. Whether it counts is another question, which depends on the enrolment too.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "crate::service::read::ItemState")]
pub enum ActivityState {
    /// It is done and has its score.
    Scored,
    /// It is graded, and the grade is no number.
    GradedWithoutScore,
    /// The student has done everything, and the school has not yet: it is not missing.
    AwaitingGrading,
    /// The student is at it.
    InProgress,
    /// It has been given out, and nothing was handed in.
    NotHandedIn,
    /// The student need not do it.
    Excused,
    /// Declared invalid.
    Voided,
}

/// A quiz attempt or a submission in a list of both.
#[derive(Clone, Debug, Description)]
pub struct ActivityItem(pub Item);

#[Object(use_type_description)]
impl ActivityItem {
    /// The id of the attempt or submission, such as `attempt:0193…` or `submission:0193…`.
    pub async fn id(&self) -> ID {
        self.0.typed_id().into()
    }

    /// What it is.
    async fn kind(&self) -> ItemKind {
        self.0.kind.into()
    }

    /// The title of the quiz or assignment.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// The course of the quiz or assignment.
    async fn course(&self, ctx: &Context<'_>) -> Result<Course> {
        related(ctx, "course", self.0.course_id).await.map(Course)
    }

    /// When something last happened to it: the time by which it is listed, `doneAt` or else `begunAt`.
    async fn at(&self) -> Option<Time> {
        self.0.at().map(Into::into)
    }

    /// When the attempt was started, or the submission handed in, if known.
    async fn begun_at(&self) -> Option<Time> {
        self.0.begun_at.map(Into::into)
    }

    /// When the attempt was completed, or the submission graded; null until then.
    async fn done_at(&self) -> Option<Time> {
        self.0.done_at.map(Into::into)
    }

    /// The score in percent, if there is one; provisional until the item is done.
    async fn score(&self) -> Option<Decimal> {
        self.0.score.map(Into::into)
    }

    /// What has become of it.
    async fn state(&self) -> ActivityState {
        self.0.state().into()
    }

    /// Why it does not count; null if it does.
    async fn left_out(&self) -> Option<LeftOutReason> {
        self.0.left_out().map(Into::into)
    }
}

impl ActivityItem {
    /// An item with its cursor.
    pub(in crate::schema) fn edge(item: Item) -> (String, Self) {
        (item.key().to_string(), Self(item))
    }
}

/// Reads the arguments of a list of activity.
pub(in crate::schema) fn activity_page(
    student: StudentId,
    course: Option<CourseId>,
    first: Option<i32>,
    after: Option<&str>,
) -> Result<(Page<ItemKey>, ActivityOf), UserError> {
    let page = Page::read(first, after)?;
    let wanted = ActivityPage { after: page.after, limit: page.limit + 1 };
    Ok((page, ActivityOf { student, course, page: wanted }))
}

/// The activity of a student whom the viewer sees.
pub(super) async fn activity_of_seen(
    ctx: &Context<'_>,
    student: StudentId,
    course: Option<CourseId>,
    first: Option<i32>,
    after: Option<&str>,
) -> Result<Connection<String, ActivityItem>> {
    let (page, of) = activity_page(student, course, first, after)?;
    let items = ctx.loaders()?.load_one(of).await.map_err(|error| database_error(&error))?;
    Ok(page.connection(items.unwrap_or_default(), ActivityItem::edge))
}
