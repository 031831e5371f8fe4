//! The statements that read a stretch of an order. Each is written so that an index gives it its order.

use entity::sea_orm::Condition;
use entity::sea_orm::sea_query::{
    Alias, Expr, ExprTrait, Func, Order as Sort, Query, SelectStatement, SimpleExpr,
};
use entity::{student, student_profile};

use super::filter::{Resolved, Table};
use super::order::{Direction, Field, Key, Order, Position};

/// A run of students in an order: those who have a value, or those who have none.
struct Stretch {
    condition: Condition,
    keys: Keys,
    /// That there is a value, where that does not go without saying.
    present: Option<SimpleExpr>,
}

/// What a stretch is ordered by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keys {
    /// The field alone, which no two students share.
    Unique,
    /// The field, and then the id.
    Shared,
    /// The id, because there is no value.
    Missing,
}

/// The statements of the stretches from a position on, or from an end of the list; their rows have a `key` and a
/// `student`.
pub(super) fn selects(
    filter: &Resolved,
    order: Order,
    from: Option<&Position>,
    backwards: bool,
    limit: u64,
) -> Vec<SelectStatement> {
    let field = order.field;
    let upwards = (order.direction == Direction::Ascending) != backwards;
    let mut stretches = stretches(field);
    if backwards {
        stretches.reverse();
    }
    if let Some(from) = from {
        let is_there = from.key.is_some();
        let passed = stretches.iter().take_while(|stretch| (stretch.keys != Keys::Missing) != is_there);
        stretches.drain(..passed.count());
    }
    let mut from = from;
    let select = stretches.into_iter().map(|stretch| {
        let mut select = Query::select();
        let table = table(field);
        // Where it counts as missing it is, so that a position never leads back into a stretch that was passed.
        let key = if stretch.keys == Keys::Missing { Expr::cust("NULL") } else { value(field) };
        select.expr_as(key, Alias::new("key")).expr_as(table.student(), Alias::new("student"));
        select.from(table.name()).cond_where(filter.condition(table)).cond_where(stretch.condition);
        let from = from.take();
        if let Some(from) = from {
            select.and_where(beyond(field, stretch.keys, from, upwards));
        }
        // What is above a position is there. Said twice, it would make PostgreSQL expect too few rows, and sort them.
        let is_said = from.is_some() && (upwards || field == Field::StaleSince);
        select.and_where_option(stretch.present.filter(|_| !is_said));
        sort(&mut select, field, stretch.keys, upwards);
        select.limit(limit).take()
    });
    select.collect()
}

/// How many students there are.
pub(super) fn count(filter: &Resolved) -> SelectStatement {
    let mut select = Query::select();
    select.expr_as(Func::count(Table::Profile.student()), Alias::new("count"));
    select.from(Table::Profile.name()).cond_where(filter.condition(Table::Profile)).take()
}

/// The stretches of an order from its first student to its last.
fn stretches(field: Field) -> Vec<Stretch> {
    let Some(lowest) = Key::lowest(field.kind()) else {
        let keys = if field == Field::SourcedId { Keys::Unique } else { Keys::Shared };
        return vec![Stretch { condition: Condition::all(), keys, present: None }];
    };
    let is_missing = value(field).is_null();
    let (condition, missing) = if field == Field::StaleSince {
        // The condition of the index, and what it leaves out.
        let fresh = Expr::cust("facts_revision = aggregated_revision");
        (student_profile::Entity::stale(), Condition::any().add(fresh).add(is_missing))
    } else {
        (Condition::all(), Condition::all().add(is_missing))
    };
    let present = Some(value(field).gte(SimpleExpr::from(lowest)));
    vec![
        Stretch { condition, keys: Keys::Shared, present },
        Stretch { condition: missing, keys: Keys::Missing, present: None },
    ]
}

const fn table(field: Field) -> Table {
    match field {
        Field::Name | Field::SourcedId => Table::Student,
        _ => Table::Profile,
    }
}

fn value(field: Field) -> SimpleExpr {
    use student_profile::Column as Profile;
    let profile = |column| Expr::col((student_profile::Entity, column));
    match field {
        Field::Name => Expr::col((student::Entity, student::Column::DisplayName)),
        Field::SourcedId => Expr::col((student::Entity, student::Column::SourcedId)),
        Field::TotalQuizzesCompleted => profile(Profile::TotalQuizzesCompleted),
        Field::TotalAssignmentsCompleted => profile(Profile::TotalAssignmentsCompleted),
        Field::OverallQuizAverageScore => profile(Profile::OverallQuizAverageScore),
        Field::OverallAssignmentAverageScore => profile(Profile::OverallAssignmentAverageScore),
        Field::OverallAverageScore => profile(Profile::OverallAverageScore),
        Field::LastPerformanceUpdate => profile(Profile::LastPerformanceUpdate),
        Field::StaleSince => profile(Profile::StaleSince),
    }
}

/// The condition that a student stands beyond a position.
fn beyond(field: Field, keys: Keys, from: &Position, upwards: bool) -> SimpleExpr {
    let id = || SimpleExpr::from(from.student);
    let (left, right) = match (&from.key, keys) {
        (Some(key), Keys::Unique) => (value(field), key.clone().into()),
        (Some(key), Keys::Shared) => {
            (Expr::tuple([value(field), table(field).student()]), Expr::tuple([key.clone().into(), id()]))
        }
        (None, _) | (_, Keys::Missing) => (table(field).student(), id()),
    };
    if upwards { left.gt(right) } else { left.lt(right) }
}

fn sort(select: &mut SelectStatement, field: Field, keys: Keys, upwards: bool) {
    let direction = if upwards { Sort::Asc } else { Sort::Desc };
    // Where the value is missing it is still named, because PostgreSQL would not know its index otherwise; but the
    // students who are not stale have the order of their own key.
    if keys != Keys::Missing || field != Field::StaleSince {
        select.order_by_expr(value(field), direction.clone());
    }
    if keys != Keys::Unique {
        select.order_by_expr(table(field).student(), direction);
    }
}
