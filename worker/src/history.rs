//! Thins the history out as it grows old: first to the last snapshot of each day, then to the last of each week and month.

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use entity::calendar::{TimeZone, Week};
use entity::database::{Database, UnitOfWork, WriteTransaction};
use entity::id::StudentId;
use entity::key_list::is_one_of;
use entity::performance_snapshot::{Column, Entity, KeptAs};
use entity::school;
use sea_orm::sea_query::{Expr, SimpleExpr};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, Statement};

/// Snapshots per transaction, so that none is held for long.
const PAGE: u32 = 1000;

/// For how long how much of the history is kept. The last snapshots of weeks and months are kept for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// For how many days every change is kept.
    pub events: u16,
    /// For how many days the last change of each day is kept; more than a month.
    pub days: u16,
}

impl Default for Retention {
    fn default() -> Self {
        Self { events: 90, days: 400 }
    }
}

/// Deletes the snapshots that `retention` does not keep any more at `now`. Returns how many there were.
///
/// A snapshot is the last one of a period when the next one lies in another. That stays true whatever else is deleted, so
/// the pages need no order, and several workers may do this at once.
///
/// # Errors
/// Whatever the database reports.
pub async fn thin(db: &Database, now: DateTime<Utc>, retention: Retention) -> Result<u64, DbErr> {
    let zone = school::Model::read(db.reader()).await?.zone()?;
    let steps = [
        Step { from: KeptAs::Event, to: KeptAs::Day, ends: ends_day, days: retention.events },
        Step { from: KeptAs::Day, to: KeptAs::Lasting, ends: ends_week_or_month, days: retention.days },
    ];
    let mut deleted = 0;
    for step in steps {
        let before = now - TimeDelta::days(step.days.into());
        loop {
            let page = step.page(db, before).await?;
            if page.is_empty() {
                break;
            }
            deleted += db.write(&Thin { step: &step, zone, page }).await?;
        }
    }
    Ok(deleted)
}

/// From one way of being kept to the next.
struct Step {
    from: KeptAs,
    to: KeptAs,
    /// Whether the one day is the last of a period that the other is no longer in.
    ends: fn(NaiveDate, NaiveDate) -> bool,
    /// After how many days.
    days: u16,
}

fn ends_day(day: NaiveDate, next: NaiveDate) -> bool {
    day != next
}

fn ends_week_or_month(day: NaiveDate, next: NaiveDate) -> bool {
    let month = |day: NaiveDate| (day.year(), day.month());
    Week::of(day) != Week::of(next) || month(day) != month(next)
}

/// A snapshot whose time has come, and the one after it.
#[derive(FromQueryResult)]
struct Row {
    student_id: StudentId,
    version: i64,
    taken_at: DateTime<Utc>,
    next_at: Option<DateTime<Utc>>,
}

impl Step {
    /// The next ones of the snapshots that were taken `before` this time. Finds out from the index when there are none.
    async fn page(&self, db: &Database, before: DateTime<Utc>) -> Result<Vec<Row>, DbErr> {
        // Written out, as the index is for these values alone.
        let kept_as = match self.from {
            KeptAs::Event => "event",
            KeptAs::Day => "day",
            KeptAs::Lasting => return Ok(Vec::new()),
        };
        let sql = format!(
            "SELECT student_id, version, taken_at, ( \
               SELECT next.taken_at FROM performance_snapshot AS next \
               WHERE next.student_id = old.student_id AND next.version > old.version \
               ORDER BY next.version LIMIT 1) AS next_at \
             FROM performance_snapshot AS old \
             WHERE kept_as = '{kept_as}' AND kept_as <> 'lasting' AND taken_at < $1 \
             ORDER BY taken_at LIMIT {PAGE}"
        );
        let statement = Statement::from_sql_and_values(db.backend(), sql, [before.into()]);
        Row::find_by_statement(statement).all(db.reader()).await
    }

    /// Whether nothing later lies in the same period.
    fn keeps(&self, row: &Row, zone: TimeZone) -> bool {
        row.next_at.is_none_or(|next| (self.ends)(zone.day(row.taken_at), zone.day(next)))
    }
}

struct Thin<'a> {
    step: &'a Step,
    zone: TimeZone,
    page: Vec<Row>,
}

impl UnitOfWork for Thin<'_> {
    type Output = u64;
    type Error = DbErr;

    async fn run(&self, txn: &WriteTransaction) -> Result<u64, DbErr> {
        let (kept, gone): (Vec<&Row>, Vec<&Row>) =
            self.page.iter().partition(|row| self.step.keeps(row, self.zone));
        let deleted = if gone.is_empty() {
            0
        } else {
            Entity::delete_many().filter(is_one(&gone)).exec(&**txn).await?.rows_affected
        };
        if !kept.is_empty() {
            Entity::update_many()
                .col_expr(Column::KeptAs, Expr::value(self.step.to))
                .filter(is_one(&kept))
                .filter(Column::KeptAs.eq(self.step.from))
                .exec(&**txn)
                .await?;
        }
        Ok(deleted)
    }
}

fn is_one(rows: &[&Row]) -> SimpleExpr {
    is_one_of([Column::StudentId, Column::Version], rows.iter().map(|row| (row.student_id, row.version)))
}
