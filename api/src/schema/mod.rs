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

use crate::http::{Introspection, Limits};
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

/// The schema over `services`, with `live` for its subscriptions and `cache` for its profiles, within `limits`.
pub fn build(services: Services, live: LiveProfiles, cache: ProfileCache, limits: &Limits) -> Schema {
    // Of requests that bring none of their own: what subscriptions need at one moment is loaded together.
    let loaders = Loaders::detached(services.db.clone());
    let groups = Groups::new(&services.db, &services.clock);
    let builder = builder().data(services).data(groups).data(live).data(cache).data(loaders);
    let builder = builder.limit_complexity(limits.complexity);
    match limits.introspection {
        Introspection::Everybody => builder.finish(),
        // What is guessed from a wrong name tells of the schema, too.
        Introspection::Admins => builder.disable_suggestions().finish(),
    }
}

/// The schema as text, in GraphQL's schema definition language.
pub fn sdl() -> String {
    builder().finish().sdl()
}

fn builder() -> async_graphql::SchemaBuilder<Query, Mutation, Subscription> {
    // Our own DateTime and chrono's are the same to a client.
    let (mutation, subscription) = (Mutation::default(), Subscription::default());
    Schema::build_with_ignore_name_conflicts(Query::default(), mutation, subscription, ["DateTime"])
}
