//! Many rows, found by keys of several columns.

use sea_orm::ColumnTrait;
use sea_orm::sea_query::{Asterisk, Expr, ExprTrait, IntoValueTuple, Query, SimpleExpr, ValueTuple};

/// The condition that `columns`, taken together, are one of `keys`, each of which has their order and number.
///
/// The keys are rows of a list that an index is asked for one by one. Of several lists, one per column, SQLite would try
/// every combination: a million of two thousand values. Each column of each key is a parameter.
pub fn is_one_of<C: ColumnTrait>(
    columns: impl IntoIterator<Item = C>,
    keys: impl IntoIterator<Item = impl IntoValueTuple>,
) -> SimpleExpr {
    let keys: Vec<ValueTuple> = keys.into_iter().map(IntoValueTuple::into_value_tuple).collect();
    if keys.is_empty() {
        return Expr::value(false);
    }
    let keys = Query::select().column(Asterisk).from_values(keys, "keys").take();
    Expr::tuple(columns.into_iter().map(Expr::col)).in_subquery(keys)
}
