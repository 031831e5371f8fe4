//! The statements that read items.
//!
//! Each begins with the students: the keys of both tables lead with them, so that a statement reads no more than these
//! students' own items, of which there are some hundreds each.

use entity::id::StudentId;
use entity::sea_orm::sea_query::{
    Expr, ExprTrait, Func, NullOrdering, Order, OverStatement, Query, SelectStatement, UnionType,
    WindowStatement,
};
use entity::sea_orm::{
    ColumnTrait, Condition, EntityTrait, JoinType, QueryFilter, QuerySelect, QueryTrait, RelationTrait,
};
use entity::standing::Standing;
use entity::{assignment, assignment_submission, enrollment, quiz, quiz_attempt};

use super::ItemKey;

/// The columns by which items are chosen and ordered.
const STUDENT: &str = "student_id";
const COURSE: &str = "course_id";
const AT: &str = "at";
const ID: &str = "id";

/// The items of one table, in the columns of [`super::Item`] and the one of their time.
macro_rules! items {
    ($students:expr, $kind:literal, $item:ident, $relation:ident, $task:ident, $begun:ident, $done:ident) => {{
        use $item::{Column, Entity, Relation};
        let mut items = Entity::find()
            .select_only()
            .expr_as(Expr::cust(concat!("'", $kind, "'")), "kind")
            .column(Column::StudentId)
            .column(Column::Id)
            .column($task::Column::Title)
            .column($task::Column::CourseId)
            .column_as(Column::$begun, "begun_at")
            .column_as(Column::$done, "done_at")
            .column(Column::Score)
            .column(Column::Standing)
            .column_as(enrollment::Column::Status, "enrollment")
            .expr_as(Func::coalesce([Column::$done.into_expr(), Column::$begun.into_expr()]), AT)
            .join(JoinType::InnerJoin, Relation::$relation.def())
            .filter(Column::StudentId.is_in($students.iter().copied()))
            .filter(Column::Standing.ne(Standing::Deleted))
            .into_query();
        let enrolled = Condition::all()
            .add(enrollment::Column::StudentId.into_expr().eq(Column::StudentId.into_expr()))
            .add(enrollment::Column::CourseId.into_expr().eq($task::Column::CourseId.into_expr()))
            .add(enrollment::Column::DeletedAt.is_null());
        items.left_join(enrollment::Entity, enrolled);
        items
    }};
}

/// The items of `students`, in no order.
fn both_tables(students: &[StudentId]) -> SelectStatement {
    let mut attempts = items!(students, "quiz_attempt", quiz_attempt, Quiz, quiz, StartedAt, CompletedAt);
    let submissions =
        items!(students, "submission", assignment_submission, Assignment, assignment, SubmittedAt, GradedAt);
    attempts.union(UnionType::All, submissions).take()
}

/// The items of `students` for which `chosen` holds, in no order. Its columns are those of [`super::Item`].
pub(in crate::service::read) fn of_students(students: &[StudentId], chosen: Condition) -> SelectStatement {
    Query::select()
        .expr(Expr::cust("*"))
        .from_subquery(both_tables(students), "item")
        .cond_where(chosen)
        .take()
}

/// The first `limit` items after the place `after` of each of `students`, or of each of them in each course; in no order.
pub(in crate::service::read) fn latest_of_each(
    students: &[StudentId],
    chosen: Condition,
    by_course: bool,
    after: Option<ItemKey>,
    limit: u64,
) -> SelectStatement {
    let mut each = WindowStatement::partition_by(STUDENT);
    if by_course {
        each.add_partition_by(Expr::col(COURSE));
    }
    each.order_by_with_nulls(AT, Order::Desc, NullOrdering::Last).order_by(ID, Order::Desc);
    let numbered = Query::select()
        .expr(Expr::cust("*"))
        .expr_window_as(Func::cust("ROW_NUMBER"), each, "place")
        .from_subquery(both_tables(students), "item")
        .cond_where(chosen)
        .cond_where(after.map_or_else(Condition::all, follows))
        .take();
    Query::select()
        .expr(Expr::cust("*"))
        .from_subquery(numbered, "numbered")
        .and_where(Expr::col("place").lte(limit))
        .take()
}

/// Whether an item comes after `key`, as [`ItemKey`]s are ordered.
fn follows(key: ItemKey) -> Condition {
    let (at, smaller_id) = (Expr::col(AT), Expr::col(ID).lt(key.id()));
    match key.at() {
        Some(time) => Condition::any()
            .add(at.clone().lt(time))
            .add(at.clone().is_null())
            .add(at.eq(time).and(smaller_id)),
        None => Condition::all().add(at.is_null()).add(smaller_id),
    }
}
