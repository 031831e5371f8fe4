//! Column definitions that several migrations share.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

/// A UUID that must be there.
pub(crate) fn id(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).uuid().not_null().take()
}

/// A text that must be there. Compared and ordered by its bytes, so that both databases agree whatever their locale.
pub(crate) fn text(name: &'static str, backend: DbBackend) -> ColumnDef {
    let mut text = ColumnDef::new(name).text().not_null().take();
    if backend == DbBackend::Postgres {
        text.extra("COLLATE \"C\"");
    }
    text
}

/// A text that may be missing.
pub(crate) fn optional_text(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).text().take()
}

/// A text that must be one of `values`.
pub(crate) fn one_of(name: &'static str, values: &[&'static str]) -> ColumnDef {
    ColumnDef::new(name).text().not_null().check(Expr::col(name).is_in(values.iter().copied())).take()
}

/// A point in time that must be there.
pub(crate) fn time(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).timestamp_with_time_zone().not_null().take()
}

/// A point in time that may be missing.
pub(crate) fn optional_time(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).timestamp_with_time_zone().take()
}

/// A point in time that is the database's own time of the insert, unless told otherwise.
pub(crate) fn time_of_insert(name: &'static str, backend: DbBackend) -> ColumnDef {
    let now = match backend {
        DbBackend::Sqlite => "(strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now'))",
        _ => "now()",
    };
    time(name).default(Expr::cust(now)).take()
}

/// A score or an average: hundredths of a percent, 0 to 99,999, or missing.
pub(crate) fn score(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).integer().check(Expr::col(name).between(0, 99_999)).take()
}

/// A count or an exact sum: zero or more.
pub(crate) fn count(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().not_null().default(0).check(Expr::col(name).gte(0)).take()
}
