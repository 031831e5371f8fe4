//! What a student's numbers were before.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use entity::calendar::{TimeZone, Week};
use entity::id::StudentId;
use entity::performance_snapshot::{Column, Entity, Model};
use entity::school;
use entity::sea_orm::{
    ColumnTrait, DatabaseConnection, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::profile::profile;
use super::scope::Scope;
use crate::service::facts::Reference;

/// Rows per statement when several make one of what is answered.
const CHUNK: u64 = 1000;

/// How finely a history is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Every {
    /// Every change.
    Event,
    /// The last change of each day.
    Day,
    /// The last change of each week.
    Week,
    /// The last change of each month.
    Month,
}

impl Every {
    /// The first day of the period of `day`.
    fn period(self, day: NaiveDate) -> NaiveDate {
        match self {
            Self::Event | Self::Day => day,
            Self::Week => Week::of(day).monday(),
            Self::Month => day.with_day(1).unwrap_or(day),
        }
    }
}

/// Which part of a history is asked for.
#[derive(Clone, Copy, Debug)]
pub struct HistoryFilter {
    /// Changes at this time and later.
    pub from: Option<DateTime<Utc>>,
    /// Changes before this time.
    pub to: Option<DateTime<Utc>>,
    /// How finely it is told.
    pub every: Every,
    /// Only what follows after the snapshot with this version.
    pub after: Option<i64>,
    /// How many at most.
    pub limit: u64,
}

/// A snapshot, and the first day of the period whose last one it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastNumbers {
    /// The first day of the period; the day itself when every change is told.
    pub period: NaiveDate,
    /// The snapshot.
    pub snapshot: Model,
}

/// The history of a student's numbers, in its order; none when the viewer may not see the student.
///
/// # Errors
/// Whatever the database reports.
pub async fn history(
    db: &DatabaseConnection,
    scope: &Scope,
    student: StudentId,
    filter: HistoryFilter,
) -> Result<Option<Vec<PastNumbers>>, DbErr> {
    if profile(db, scope, &Reference::Id(student.0)).await?.is_none() {
        return Ok(None);
    }
    history_unscoped(db, student, filter).await.map(Some)
}

/// The history of the numbers of a student whom the viewer has seen already.
///
/// # Errors
/// Whatever the database reports.
pub async fn history_unscoped(
    db: &DatabaseConnection,
    student: StudentId,
    filter: HistoryFilter,
) -> Result<Vec<PastNumbers>, DbErr> {
    let limit = usize::try_from(filter.limit).unwrap_or(usize::MAX);
    let mut periods =
        Periods { zone: school::Model::read(db).await?.zone()?, every: filter.every, ended: Vec::new() };
    let chunk = if filter.every == Every::Event { filter.limit } else { CHUNK };
    let mut after = filter.after;
    loop {
        let rows = rows(db, student, filter, after, chunk).await?;
        let is_last = (rows.len() as u64) < chunk;
        after = rows.last().map(|row| row.version);
        for row in rows {
            periods.add(row);
        }
        // The last one may go on in the next chunk.
        if is_last || filter.every == Every::Event || periods.ended.len() > limit {
            periods.ended.truncate(limit);
            return Ok(periods.ended);
        }
    }
}

async fn rows(
    db: &DatabaseConnection,
    student: StudentId,
    filter: HistoryFilter,
    after: Option<i64>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let mut rows =
        Entity::find().filter(Column::StudentId.eq(student)).order_by_asc(Column::Version).limit(limit);
    if let Some(from) = filter.from {
        rows = rows.filter(Column::TakenAt.gte(from));
    }
    if let Some(to) = filter.to {
        rows = rows.filter(Column::TakenAt.lt(to));
    }
    if let Some(after) = after {
        rows = rows.filter(Column::Version.gt(after));
    }
    rows.all(db).await
}

/// Leaves of each period the last snapshot.
struct Periods {
    zone: TimeZone,
    every: Every,
    ended: Vec<PastNumbers>,
}

impl Periods {
    fn add(&mut self, snapshot: Model) {
        let period = self.every.period(self.zone.day(snapshot.taken_at));
        match self.ended.last_mut() {
            // The clocks of two workers may differ, so that a period seems to come back: the order of the versions holds.
            Some(last) if self.every != Every::Event && period <= last.period => last.snapshot = snapshot,
            _ => self.ended.push(PastNumbers { period, snapshot }),
        }
    }
}
