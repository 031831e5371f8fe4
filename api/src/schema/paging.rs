//! Pages of a connection: so many rows after a cursor.

use std::str::FromStr;

use async_graphql::OutputType;
use async_graphql::connection::{Connection, Edge};

use crate::error::UserError;

const DEFAULT: u64 = 20;
const MOST: u64 = 100;

/// How many a list that has no pages is taken to hold, for the complexity of a request: the enrolments of a student, the
/// children of a guardian.
pub(super) const SHORT_LIST: usize = 5;

/// What a field costs that has statements of its own executed, however little it answers, for the complexity of a request.
pub(super) const STATEMENTS: usize = 20;

/// How many rows a page may have at most, for the complexity of a request.
pub(super) fn page_size(first: Option<i32>) -> usize {
    first
        .map_or(DEFAULT, |first| u64::try_from(first).unwrap_or(0))
        .clamp(1, MOST)
        .try_into()
        .unwrap_or(usize::MAX)
}

/// Reads how many rows a page has: the argument `field`.
pub(super) fn read_limit(field: &str, rows: Option<i32>) -> Result<u64, UserError> {
    rows.map_or(Ok(DEFAULT), |rows| {
        u64::try_from(rows)
            .ok()
            .filter(|rows| (1..=MOST).contains(rows))
            .ok_or_else(|| UserError::input(field, format!("must be from 1 to {MOST}")))
    })
}

/// A page that was asked for. `C` is the key that the cursor stands for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Page<C> {
    /// The key of the last row of the page before.
    pub(super) after: Option<C>,
    /// How many rows.
    pub(super) limit: u64,
}

impl<C: FromStr> Page<C> {
    /// Reads the arguments of a connection.
    pub(super) fn read(first: Option<i32>, after: Option<&str>) -> Result<Self, UserError> {
        let limit = read_limit("first", first)?;
        let cursor =
            |text: &str| text.parse().map_err(|_| UserError::input("after", "is not a cursor of this list"));
        Ok(Self { after: after.map(cursor).transpose()?, limit })
    }

    /// How many rows to read: one more than the limit, to see whether there are more.
    pub(super) fn rows(&self) -> usize {
        usize::try_from(self.limit + 1).unwrap_or(usize::MAX)
    }

    /// The connection of `rows`, of which one more than the limit was asked for to see whether there are more.
    pub(super) fn connection<R, N: OutputType>(
        &self,
        mut rows: Vec<R>,
        node: impl Fn(R) -> (String, N),
    ) -> Connection<String, N> {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let has_next_page = rows.len() > limit;
        rows.truncate(limit);
        let mut connection = Connection::new(self.after.is_some(), has_next_page);
        connection.edges.extend(rows.into_iter().map(node).map(|(cursor, node)| Edge::new(cursor, node)));
        connection
    }
}
