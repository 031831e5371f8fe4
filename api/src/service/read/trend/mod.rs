//! Whether a student's results are getting better or worse.

mod fit;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use async_graphql::dataloader::Loader;
use chrono::{DateTime, Datelike, TimeDelta, Utc};
use entity::database::Database;
use entity::id::{CourseId, StudentId};
use entity::sea_orm::sea_query::{Expr, ExprTrait};
use entity::sea_orm::{Condition, DbErr, FromQueryResult};

pub use self::fit::Slope;
use self::fit::{Point, slope};
use super::item::{Item, ItemKey, of_students};
use super::loader::{LoadError, Unscoped};
use super::scope::Scope;

/// A direction needs so many items,
const LEAST_ITEMS: usize = 5;
/// in so many different weeks,
const LEAST_WEEKS: usize = 3;
/// and a slope of at least so many points a week, up or down,
const LEAST_SLOPE: f64 = 0.5;
/// whose interval of this confidence lies on one side of zero.
const CONFIDENCE: f64 = 0.9;
/// By how much rounding may make a slope that is just steep enough seem flatter.
const ROUNDING: f64 = 1e-9;

/// Whose trend, in what, and over which time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TrendOf {
    /// Whose.
    pub student: StudentId,
    /// Only in this course.
    pub course: Option<CourseId>,
    /// Over so many weeks
    pub weeks: u8,
    /// up to this moment.
    pub until: DateTime<Utc>,
}

/// Where results are going.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// They are getting better.
    Improving,
    /// Neither better nor worse, as far as one can tell.
    Steady,
    /// They are getting worse.
    Declining,
    /// There are too few to tell.
    InsufficientData,
}

/// A student's trend.
#[derive(Clone, Debug)]
pub struct Trend {
    /// What was asked for.
    pub of: TrendOf,
    /// Where the results are going.
    pub direction: Direction,
    /// By how many points a week; none when there are too few to tell.
    pub slope: Option<Slope>,
    /// In how many different weeks the items lie.
    pub weeks: usize,
    /// The counted items within the window, the latest first.
    pub items: Arc<[Item]>,
}

/// A student's trend, if the viewer may see the student.
///
/// # Errors
/// Whatever the database reports.
pub async fn trend(db: &Database, scope: &Scope, of: TrendOf) -> Result<Option<Trend>, DbErr> {
    if !super::profile::is_visible(db.reader(), scope, of.student).await? {
        return Ok(None);
    }
    Ok(trends(db, &[of]).await?.remove(&of))
}

impl Loader<TrendOf> for Unscoped {
    type Value = Trend;
    type Error = LoadError;

    async fn load(&self, keys: &[TrendOf]) -> Result<HashMap<TrendOf, Trend>, LoadError> {
        Ok(trends(&self.0, keys).await?)
    }
}

/// All of `keys` from one statement, over all students and the longest window.
async fn trends(db: &Database, keys: &[TrendOf]) -> Result<HashMap<TrendOf, Trend>, DbErr> {
    let students: HashSet<StudentId> = keys.iter().map(|key| key.student).collect();
    let students: Vec<StudentId> = students.into_iter().collect();
    let since = keys.iter().map(TrendOf::since).min();
    let chosen = Condition::all().add_option(since.map(|since| Expr::col("done_at").gt(since)));
    let statement = db.backend().build(&of_students(&students, chosen));
    let items = Item::find_by_statement(statement).all(db.reader()).await?;
    let mut of_student: HashMap<StudentId, Vec<Item>> = HashMap::new();
    for item in items {
        of_student.entry(item.student_id).or_default().push(item);
    }
    let trend = |key: &TrendOf| {
        let items = of_student.get(&key.student).map(Vec::as_slice).unwrap_or_default();
        (*key, Trend::of(*key, items))
    };
    Ok(keys.iter().map(trend).collect())
}

impl TrendOf {
    /// The moment after which the window begins.
    pub fn since(&self) -> DateTime<Utc> {
        self.until - TimeDelta::weeks(self.weeks.into())
    }

    /// Whether an item counts and was done within the window.
    fn includes(&self, item: &Item) -> bool {
        let in_time = item.done_at.is_some_and(|at| self.since() < at && at <= self.until);
        let in_course = self.course.is_none_or(|course| course == item.course_id);
        in_time && in_course && item.left_out().is_none()
    }

    /// An item as a point: when it was done, in weeks from the end of the window, and its score in percent.
    ///
    /// The weight halves with every half of the window: a result from its beginning weighs a quarter of one of today.
    fn point(&self, item: &Item) -> Option<Point> {
        let (at, score) = (item.done_at?, item.counted_score()?);
        let x = weeks_between(self.until, at);
        let halvings = -x / (f64::from(self.weeks) / 2.0);
        Some(Point { x, y: f64::from(score.hundredths()) / 100.0, weight: (-halvings).exp2() })
    }
}

impl Trend {
    fn of(of: TrendOf, items: &[Item]) -> Self {
        let mut items: Vec<Item> = items.iter().filter(|item| of.includes(item)).cloned().collect();
        items.sort_unstable_by_key(Item::key);
        let weeks: BTreeSet<_> =
            items.iter().filter_map(|item| item.done_at).map(|at| at.iso_week()).collect();
        let enough = items.len() >= LEAST_ITEMS && weeks.len() >= LEAST_WEEKS;
        let points: Vec<Point> = items.iter().filter_map(|item| of.point(item)).collect();
        let slope = if enough { slope(&points, CONFIDENCE) } else { None };
        let direction = slope.map_or(Direction::InsufficientData, direction);
        Self { of, direction, slope, weeks: weeks.len(), items: items.into() }
    }

    /// The first `limit` items after a place.
    pub fn page(&self, after: Option<ItemKey>, limit: usize) -> Vec<Item> {
        let follow = self.items.iter().filter(|item| after.is_none_or(|after| item.key() > after));
        follow.take(limit).cloned().collect()
    }
}

fn direction(slope: Slope) -> Direction {
    if slope.estimate.abs() < LEAST_SLOPE - ROUNDING {
        Direction::Steady
    } else if slope.low > 0.0 {
        Direction::Improving
    } else if slope.high < 0.0 {
        Direction::Declining
    } else {
        Direction::Steady
    }
}

/// How many weeks `to` is after `from`.
fn weeks_between(from: DateTime<Utc>, to: DateTime<Utc>) -> f64 {
    const SECONDS: f64 = 7.0 * 24.0 * 60.0 * 60.0;
    (to - from).as_seconds_f64() / SECONDS
}
