//! The GraphQL schema.
//!
//! A resolver reads its arguments, makes one call of a service, and wraps the answer. It begins no transaction and holds
//! no SQL.

mod batches;
mod context;
mod date;
mod enums;
mod guards;
mod inputs;
mod mutation;
mod paging;
mod query;
mod root_field;
mod scalars;
mod subscription;
mod types;

use crate::service::facts::Groups;
use crate::service::live::LiveProfiles;
use crate::service::read::ProfileCache;

pub use batches::{Batches, Loaders};
pub use context::Services;
pub use mutation::Mutation;
pub use query::Query;
pub use subscription::Subscription;

/// The schema.
pub type Schema = async_graphql::Schema<Query, Mutation, Subscription>;

/// How deeply selections may be nested.
const MAX_DEPTH: usize = 15;
/// How many fields a request may select; a page of a connection counts as its items.
const MAX_COMPLEXITY: usize = 5000;

/// The schema over `services`, with `live` for its subscriptions and `cache` for its profiles.
pub fn build(services: Services, live: LiveProfiles, cache: ProfileCache) -> Schema {
    // Of requests that bring none of their own: what subscriptions need at one moment is loaded together.
    let loaders = Loaders::detached(services.db.clone());
    let groups = Groups::new(&services.db, &services.clock);
    builder().data(services).data(groups).data(live).data(cache).data(loaders).finish()
}

/// The schema as text, in GraphQL's schema definition language.
pub fn sdl() -> String {
    builder().finish().sdl()
}

fn builder() -> async_graphql::SchemaBuilder<Query, Mutation, Subscription> {
    // Our own DateTime and chrono's are the same to a client.
    let (mutation, subscription) = (Mutation::default(), Subscription::default());
    Schema::build_with_ignore_name_conflicts(Query::default(), mutation, subscription, ["DateTime"])
        .extension(crate::http::NoteExecution)
        .limit_depth(MAX_DEPTH)
        .limit_complexity(MAX_COMPLEXITY)
}
