//! The admins' list of students: filtered, in one of many orders, page by page.
//!
//! A page begins where the one before ended, at a position and not at a number of rows: so students who are added or
//! removed meanwhile neither repeat nor hide others. `order` says what a position is and how each order is read from
//! an index; `filter` says who is listed.

mod filter;
mod order;
mod statement;

use std::collections::HashMap;

use entity::database::Database;
use entity::id::StudentId;
use entity::sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, Statement};
use entity::student;

pub use filter::{Bounds, Filter};
pub use order::{Cursor, Direction, Field, Order, Position};

use crate::error::ApiError;
use filter::Resolved;

/// Which students are listed, and in which order.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// Who.
    pub filter: Filter,
    /// In which order.
    pub order: Order,
}

/// Which part of the list.
#[derive(Clone, Debug)]
pub struct Slice {
    /// The position next to which it begins; at an end of the list when there is none.
    pub from: Option<Position>,
    /// Whether it reaches backwards from there, or from the end of the list.
    pub backwards: bool,
    /// How many students at most.
    pub limit: u64,
}

/// A part of the list, in its order.
#[derive(Debug)]
pub struct Page {
    /// The students and their positions.
    pub students: Vec<(Position, student::Model)>,
    /// Whether there are more in the direction in which it was read.
    pub more: bool,
}

/// The students of a slice of the list, as it is at one moment. For those who see everybody.
///
/// # Errors
/// When the filter names a course that does not exist; whatever the database reports.
pub async fn list_unscoped(db: &Database, listing: &Listing, slice: &Slice) -> Result<Page, ApiError> {
    let moment = db.begin_snapshot().await?;
    let filter = filter::resolve(&moment, &listing.filter).await?;
    let mut positions = Vec::new();
    let wanted = usize::try_from(slice.limit).unwrap_or(usize::MAX);
    for statement in statements(db, &filter, listing.order, slice) {
        let rows = moment.query_all_raw(statement).await?;
        let read = rows.iter().map(|row| Position::read(listing.order, row));
        positions.extend(read.collect::<Result<Vec<_>, _>>()?);
        if positions.len() > wanted {
            break;
        }
    }
    let more = positions.len() > wanted;
    positions.truncate(wanted);
    if slice.backwards {
        positions.reverse();
    }
    let students = at(&moment, positions).await?;
    moment.commit().await?;
    Ok(Page { students, more })
}

/// How many students the filter lets through.
///
/// # Errors
/// As [`list_unscoped`].
pub async fn count_unscoped(db: &Database, filter: &Filter) -> Result<u64, ApiError> {
    let moment = db.begin_snapshot().await?;
    let filter = filter::resolve(&moment, filter).await?;
    let row = moment.query_one_raw(db.backend().build(&statement::count(&filter))).await?;
    moment.commit().await?;
    let row = row.ok_or_else(|| DbErr::RecordNotFound("a count".to_owned()))?;
    Ok(row.try_get::<i64>("", "count")?.unsigned_abs())
}

/// The statements by which the whole list is read from a slice on: for looking at their plans.
pub fn plain_statements(db: &Database, order: Order, slice: &Slice) -> Vec<Statement> {
    statements(db, &Resolved::default(), order, slice)
}

/// One statement for each stretch of the order. The next is needed only when those before do not fill the slice. Each
/// asks for one row more than the slice has, to see whether there are more.
fn statements(db: &Database, filter: &Resolved, order: Order, slice: &Slice) -> Vec<Statement> {
    let selects = statement::selects(filter, order, slice.from.as_ref(), slice.backwards, slice.limit + 1);
    selects.iter().map(|select| db.backend().build(select)).collect()
}

/// The students at `positions`, in the same order.
async fn at(
    db: &impl ConnectionTrait,
    positions: Vec<Position>,
) -> Result<Vec<(Position, student::Model)>, DbErr> {
    let ids = positions.iter().map(|position| position.student);
    let rows = student::Entity::find().filter(student::Column::Id.is_in(ids)).all(db).await?;
    let mut by_id: HashMap<StudentId, student::Model> = rows.into_iter().map(|row| (row.id, row)).collect();
    // All are there: they were read at the same moment.
    let found = positions
        .into_iter()
        .filter_map(|position| by_id.remove(&position.student).map(|student| (position, student)));
    Ok(found.collect())
}
