//! The orders of the list, and positions in them.
//!
//! In every order, students without a value come last, whichever the direction. So an order has two stretches: those
//! with a value, and then those without, by their ids. Each is one run of an index, read forwards or backwards.

use chrono::{DateTime, Datelike as _, Utc};
use entity::clock::YEARS;
use entity::id::StudentId;
use entity::sea_orm::sea_query::{SimpleExpr, Value};
use entity::sea_orm::{DbErr, QueryResult};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What students are ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Field {
    /// Their names.
    #[default]
    Name,
    /// The writing system's ids.
    SourcedId,
    /// The number of counted quiz attempts.
    TotalQuizzesCompleted,
    /// The number of counted submissions.
    TotalAssignmentsCompleted,
    /// The average of the quizzes.
    OverallQuizAverageScore,
    /// The average of the assignments.
    OverallAssignmentAverageScore,
    /// The average of both.
    OverallAverageScore,
    /// When the aggregates were last written.
    LastPerformanceUpdate,
    /// Since when the aggregates have been stale.
    StaleSince,
}

/// The types of what is ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Count,
    Score,
    Time,
}

impl Field {
    pub(super) const fn kind(self) -> Kind {
        match self {
            Self::Name | Self::SourcedId => Kind::Text,
            Self::TotalQuizzesCompleted | Self::TotalAssignmentsCompleted => Kind::Count,
            Self::OverallQuizAverageScore
            | Self::OverallAssignmentAverageScore
            | Self::OverallAverageScore => Kind::Score,
            Self::LastPerformanceUpdate | Self::StaleSince => Kind::Time,
        }
    }

    /// Whether there are students without a value.
    pub(super) const fn can_be_missing(self) -> bool {
        matches!(self.kind(), Kind::Score | Kind::Time)
    }
}

/// Upwards or downwards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Direction {
    /// The smallest first.
    #[default]
    Ascending,
    /// The greatest first.
    Descending,
}

/// An order of the list. Students who are equal in it are ordered by their ids.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Order {
    /// By what.
    pub field: Field,
    /// Upwards or downwards.
    pub direction: Direction,
}

/// What a student is ordered by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Key {
    Text(String),
    Count(i64),
    Score(i32),
    Time(DateTime<Utc>),
}

impl Key {
    const fn kind(&self) -> Kind {
        match self {
            Self::Text(_) => Kind::Text,
            Self::Count(_) => Kind::Count,
            Self::Score(_) => Kind::Score,
            Self::Time(_) => Kind::Time,
        }
    }

    /// Whether a stored row may have it. A cursor may have been made up.
    fn is_possible(&self) -> bool {
        match self {
            Self::Text(text) => !text.chars().any(char::is_control),
            Self::Time(time) => YEARS.contains(&time.year()),
            Self::Count(_) | Self::Score(_) => true,
        }
    }

    /// Not above any key of a kind that can be missing: what is not below it is there. In this form, unlike `IS NOT
    /// NULL`, it is a place where both databases begin to read an index. No clock of ours shows a time before 1970.
    pub(super) const fn lowest(kind: Kind) -> Option<Self> {
        match kind {
            Kind::Score => Some(Self::Score(0)),
            Kind::Time => Some(Self::Time(DateTime::UNIX_EPOCH)),
            Kind::Text | Kind::Count => None,
        }
    }
}

impl From<Key> for SimpleExpr {
    fn from(key: Key) -> Self {
        Self::Value(match key {
            Key::Text(text) => Value::from(text),
            Key::Count(count) => count.into(),
            Key::Score(score) => score.into(),
            Key::Time(time) => time.into(),
        })
    }
}

/// Where a student stands in an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    pub(super) order: Order,
    /// None stands after all that there are.
    pub(super) key: Option<Key>,
    pub(super) student: StudentId,
}

/// A position as a cursor holds it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Cursor {
    order: Order,
    key: Option<Key>,
    student: Uuid,
}

impl Position {
    /// The position of a row that has a `key` and a `student`.
    pub(super) fn read(order: Order, row: &QueryResult) -> Result<Self, DbErr> {
        let key = match order.field.kind() {
            Kind::Text => row.try_get::<Option<String>>("", "key")?.map(Key::Text),
            Kind::Count => row.try_get::<Option<i64>>("", "key")?.map(Key::Count),
            Kind::Score => row.try_get::<Option<i32>>("", "key")?.map(Key::Score),
            Kind::Time => row.try_get::<Option<DateTime<Utc>>>("", "key")?.map(Key::Time),
        };
        Ok(Self { order, key, student: row.try_get("", "student")? })
    }

    /// The position that `cursor` holds, if it is one in `order`.
    pub fn of(cursor: Cursor, order: Order) -> Option<Self> {
        let fits = cursor.order == order
            && match &cursor.key {
                Some(key) => key.kind() == order.field.kind() && key.is_possible(),
                None => order.field.can_be_missing(),
            };
        fits.then_some(Self { order, key: cursor.key, student: StudentId(cursor.student) })
    }
}

impl From<Position> for Cursor {
    fn from(position: Position) -> Self {
        Self { order: position.order, key: position.key, student: position.student.into() }
    }
}
