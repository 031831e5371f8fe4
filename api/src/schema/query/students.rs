//! The query for the admins' list of students.

use async_graphql::connection::{Connection, CursorType, Edge, OpaqueCursor};
use async_graphql::{Context, Description, Object, Result};
use entity::access_log::Kind;

use crate::error::UserError;
use crate::schema::context::Resolving;
use crate::schema::guards::IsAdmin;
use crate::schema::inputs::{StudentFilter, StudentOrder};
use crate::schema::paging::{page_size, read_limit};
use crate::schema::types::Student;
use crate::service::students::{self, Cursor, Filter, Listing, Order, Position, Slice};

/// What can be read of all students.
#[derive(Debug, Default, Description)]
pub struct StudentsQuery;

#[Object(use_type_description)]
impl StudentsQuery {
    /// All students, or those whom the filter lets through, by their names unless told otherwise. A cursor stays good
    /// while students come and go, and is one of the order in which it was given. For admins.
    #[graphql(guard = "IsAdmin", complexity = "page_size(first.or(last)) * child_complexity")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection, a filter and an order")]
    async fn students(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those who meet all these conditions.")] filter: Option<StudentFilter>,
        #[graphql(desc = "In this order.")] order_by: Option<StudentOrder>,
        #[graphql(desc = "How many from the start, 1 to 100; 20 unless told otherwise.")] first: Option<i32>,
        #[graphql(desc = "Only those after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100, instead of from the start.")] last: Option<i32>,
        #[graphql(desc = "Only those before this cursor; goes with `last`.")] before: Option<String>,
    ) -> Result<Connection<OpaqueCursor<Cursor>, Student, StudentTotals>> {
        let order = order_by.map(Order::from).unwrap_or_default();
        let slice = slice(order, first, after.as_deref(), last, before.as_deref())?;
        let listing = Listing { filter: filter.unwrap_or_default().read()?, order };
        let page = students::list_unscoped(&ctx.services()?.db, &listing, &slice).await?;
        ctx.note(Kind::Read, page.students.iter().map(|(_, row)| row.id))?;
        let (before, after) = if slice.backwards {
            (page.more, slice.from.is_some())
        } else {
            (slice.from.is_some(), page.more)
        };
        let totals = StudentTotals(listing.filter);
        let mut connection = Connection::with_additional_fields(before, after, totals);
        connection.edges.extend(
            page.students
                .into_iter()
                .map(|(position, row)| Edge::new(OpaqueCursor(position.into()), Student(row))),
        );
        Ok(connection)
    }
}

/// What is told of the whole list, beside its page.
#[derive(Debug, Description)]
pub struct StudentTotals(Filter);

#[Object(use_type_description)]
impl StudentTotals {
    /// How many there are on all pages together. They are counted only when this is asked for.
    async fn total_count(&self, ctx: &Context<'_>) -> Result<u64> {
        Ok(students::count_unscoped(&ctx.services()?.db, &self.0).await?)
    }
}

fn slice(
    order: Order,
    first: Option<i32>,
    after: Option<&str>,
    last: Option<i32>,
    before: Option<&str>,
) -> Result<Slice, UserError> {
    let backwards = last.is_some();
    if backwards && first.is_some() {
        return Err(UserError::input("last", "and first must not be given together"));
    }
    if backwards && after.is_some() {
        return Err(UserError::input("after", "goes with first, and not with last"));
    }
    if !backwards && before.is_some() {
        return Err(UserError::input("before", "goes with last, which must be given"));
    }
    let (size_field, size, cursor_field, cursor) =
        if backwards { ("last", last, "before", before) } else { ("first", first, "after", after) };
    let from = cursor.map(|cursor| position(cursor_field, cursor, order)).transpose()?;
    Ok(Slice { from, backwards, limit: read_limit(size_field, size)? })
}

fn position(field: &str, cursor: &str, order: Order) -> Result<Position, UserError> {
    let cursor = OpaqueCursor::<Cursor>::decode_cursor(cursor)
        .map_err(|_| UserError::input(field, "is not a cursor of this list"))?;
    Position::of(cursor.0, order).ok_or_else(|| UserError::input(field, "is a cursor of another order"))
}
