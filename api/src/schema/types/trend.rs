//! Whether results are getting better or worse.

use async_graphql::connection::Connection;
use async_graphql::{Context, Description, Enum, Object, Result, SimpleObject};
use entity::id::{CourseId, StudentId};

use super::ActivityItem;
use crate::error::{UserError, database_error};
use crate::schema::context::Resolving;
use crate::schema::paging::{Page, page_size};
use crate::schema::scalars::Time;
use crate::service::read::{self, TrendOf};

/// Where results are going.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "read::Direction")]
pub enum TrendDirection {
    /// They are getting better.
    Improving,
    /// Neither better nor worse, as far as one can tell.
    Steady,
    /// They are getting worse.
    Declining,
    /// There are too few to tell.
    InsufficientData,
}

/// By how much results change, in points a week.
#[derive(SimpleObject, Clone, Copy, Debug)]
pub struct TrendSlope {
    /// The most likely number of points a week.
    pub points_per_week: f64,
    /// The lower end of its 90 % confidence interval.
    pub low: f64,
    /// The upper end of its 90 % confidence interval.
    pub high: f64,
}

/// Whether a student's results are getting better or worse: the straight line through the scores of the counted items
/// by the time when each was completed or graded, fitted by weighted least squares. An item's weight halves with each
/// half of the window that it is older, so that one from its beginning weighs a quarter of one of today.
///
/// There is a direction when the 90 % confidence interval of the slope excludes zero and the slope is at least half a
/// point a week. At least five items in at least three ISO weeks (in UTC) are needed to say anything.
#[derive(Clone, Debug, Description)]
pub struct Trend(pub read::Trend);

#[Object(use_type_description)]
impl Trend {
    /// Where the results are going.
    async fn direction(&self) -> TrendDirection {
        self.0.direction.into()
    }

    /// By how much they change; null when there are too few to tell.
    async fn slope(&self) -> Option<TrendSlope> {
        let slope = |slope: read::Slope| TrendSlope {
            points_per_week: slope.estimate,
            low: slope.low,
            high: slope.high,
        };
        self.0.slope.map(slope)
    }

    /// The beginning of the window; what was done at this very moment is no longer in it.
    async fn since(&self) -> Time {
        self.0.of.since().into()
    }

    /// The end of the window: now.
    async fn until(&self) -> Time {
        self.0.of.until.into()
    }

    /// How many items it rests on: those that count and were completed or graded within the window.
    async fn item_count(&self) -> u64 {
        u64::try_from(self.0.items.len()).unwrap_or(u64::MAX)
    }

    /// In how many ISO weeks (in UTC) these items lie.
    async fn week_count(&self) -> u64 {
        u64::try_from(self.0.weeks).unwrap_or(u64::MAX)
    }

    /// When the first of these items was completed or graded; null when there is none.
    async fn first_at(&self) -> Option<Time> {
        self.0.items.last().and_then(|item| item.done_at).map(Into::into)
    }

    /// When the last of these items was completed or graded; null when there is none.
    async fn last_at(&self) -> Option<Time> {
        self.0.items.first().and_then(|item| item.done_at).map(Into::into)
    }

    /// These items, the latest first.
    #[graphql(complexity = "page_size(first) * child_complexity")]
    async fn items(
        &self,
        #[graphql(desc = "How many, 1 to 100; 20 unless told otherwise.")] first: Option<i32>,
        #[graphql(desc = "Only those after this cursor.")] after: Option<String>,
    ) -> Result<Connection<String, ActivityItem>> {
        let page = Page::read(first, after.as_deref())?;
        Ok(page.connection(self.0.page(page.after, page.rows()), ActivityItem::edge))
    }
}

/// How many weeks a window may have.
const WEEKS: std::ops::RangeInclusive<u8> = 1..=52;

/// Reads the arguments of a trend that ends now.
pub(in crate::schema) fn trend_of(
    ctx: &Context<'_>,
    student: StudentId,
    course: Option<CourseId>,
    window: i32,
) -> Result<TrendOf> {
    let weeks = u8::try_from(window).ok().filter(|weeks| WEEKS.contains(weeks));
    let (least, most) = WEEKS.into_inner();
    let weeks =
        weeks.ok_or_else(|| UserError::input("window", format!("must be from {least} to {most} weeks")))?;
    Ok(TrendOf { student, course, weeks, until: ctx.services()?.clock.now() })
}

/// The trend of a student whom the viewer sees.
pub(super) async fn trend_of_seen(
    ctx: &Context<'_>,
    student: StudentId,
    course: Option<CourseId>,
    window: i32,
) -> Result<Trend> {
    let of = trend_of(ctx, student, course, window)?;
    let trend = ctx.loaders()?.load_one(of).await.map_err(|error| database_error(&error))?;
    Ok(trend.map(Trend).ok_or_else(|| UserError::not_found("trend"))?)
}
