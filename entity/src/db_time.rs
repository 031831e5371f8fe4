//! The database's clock, as expressions for queries.
//!
//! Leases and due times are judged by it, so that workers whose own clocks disagree still agree on them.

use std::time::Duration;

use sea_orm::DbBackend;
use sea_orm::sea_query::{Expr, SimpleExpr};

/// How SQLite writes the time, so that it sorts together with the times that were bound as parameters.
const SQLITE_FORMAT: &str = "%Y-%m-%dT%H:%M:%f+00:00";

/// The time now: at the start of the transaction on PostgreSQL, in whole milliseconds on SQLite.
pub fn now(backend: DbBackend) -> SimpleExpr {
    Expr::cust(now_sql(backend))
}

/// [`now`] as SQL text, for statements that are written out.
pub fn now_sql(backend: DbBackend) -> String {
    match backend {
        DbBackend::Sqlite => format!("strftime('{SQLITE_FORMAT}', 'now')"),
        _ => "now()".to_owned(),
    }
}

/// The time `delay` from now.
pub fn after(backend: DbBackend, delay: Duration) -> SimpleExpr {
    Expr::cust(after_sql(backend, delay))
}

/// [`after`] as SQL text, for statements that are written out.
pub fn after_sql(backend: DbBackend, delay: Duration) -> String {
    shifted_sql(backend, '+', delay)
}

/// The time `age` ago, as SQL text.
pub fn before_sql(backend: DbBackend, age: Duration) -> String {
    shifted_sql(backend, '-', age)
}

fn shifted_sql(backend: DbBackend, sign: char, by: Duration) -> String {
    let millis = by.as_millis();
    let (seconds, millis) = (millis / 1000, millis % 1000);
    match backend {
        DbBackend::Sqlite => {
            format!("strftime('{SQLITE_FORMAT}', 'now', '{sign}{seconds}.{millis:03} seconds')")
        }
        _ => format!("(now() {sign} interval '{seconds}.{millis:03} seconds')"),
    }
}

/// Condition, as SQL text: the instant in `column` lies ahead although it was the present when it was written. The clock was
/// set back since. It is false when the column is null.
///
/// A few seconds do not count: the transactions of PostgreSQL have different times for the present.
pub fn ahead_sql(backend: DbBackend, column: &str) -> String {
    // Written as CASE, because `NULL > …` would make a whole condition null.
    format!("(CASE WHEN {column} > {} THEN 1 ELSE 0 END = 1)", after_sql(backend, SAME_PRESENT))
}

/// Tolerance between instants that were the present at the same time.
const SAME_PRESENT: Duration = Duration::from_secs(5);

/// The whole seconds from 1970 to the time in `column`, rounded down, as SQL text.
pub fn seconds_sql(backend: DbBackend, column: &str) -> String {
    match backend {
        // Of the text as it is stored, without the fraction, which SQLite would round to milliseconds.
        DbBackend::Sqlite => format!("unixepoch(substr({column}, 1, 19))"),
        _ => format!("CAST(floor(date_part('epoch', {column})) AS bigint)"),
    }
}
