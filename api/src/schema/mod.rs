//! The GraphQL schema.
//!
//! A resolver reads its arguments, makes one call of a service, and wraps the answer. It begins no transaction and holds
//! no SQL.

mod backfill_query;
mod context;
mod enums;
mod guards;
mod inputs;
mod mutation;
mod paging;
mod query;
mod scalars;
mod types;

use async_graphql::{EmptySubscription, MergedObject};

pub use context::{Loaders, Services};
pub use mutation::Mutation;

use backfill_query::BackfillQuery;
use query::CoreQuery;

/// What can be read.
#[derive(Debug, Default, MergedObject)]
pub struct Query(CoreQuery, BackfillQuery);

/// The schema.
pub type Schema = async_graphql::Schema<Query, Mutation, EmptySubscription>;

/// How deeply selections may be nested.
const MAX_DEPTH: usize = 15;
/// How many fields a request may select; a page of a connection counts as its items.
const MAX_COMPLEXITY: usize = 5000;

/// The schema over `services`.
pub fn build(services: Services) -> Schema {
    builder().data(services).finish()
}

/// The schema as text, in GraphQL's schema definition language.
pub fn sdl() -> String {
    builder().finish().sdl()
}

fn builder() -> async_graphql::SchemaBuilder<Query, Mutation, EmptySubscription> {
    // Our own DateTime and chrono's are the same to a client.
    Schema::build_with_ignore_name_conflicts(
        Query::default(),
        Mutation::default(),
        EmptySubscription,
        ["DateTime"],
    )
    .extension(crate::http::NoteExecution)
    .limit_depth(MAX_DEPTH)
    .limit_complexity(MAX_COMPLEXITY)
}
