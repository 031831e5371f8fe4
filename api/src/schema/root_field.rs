//! Through which field of the schema a request came to where it is.

use async_graphql::parser::types::{Field, Selection, SelectionSet};
use async_graphql::{Context, Positioned, QueryPathSegment};

/// What stands for a root field that cannot be told. There is always one while a resolver runs.
const UNKNOWN: &str = "unknown";

/// The name of the root field (of the query, mutation or subscription) that is being resolved: ours, and not the alias
/// that the client gave it.
pub(super) fn root_field<'a>(ctx: &'a Context<'_>) -> &'a str {
    let Some(node) = &ctx.path_node else { return UNKNOWN };
    let root = node.parents().last().map_or(node.segment, |root| root.segment);
    let QueryPathSegment::Name(key) = root else { return UNKNOWN };
    let selections = &ctx.query_env.operation.node.selection_set.node;
    find(ctx, selections, key).map_or(UNKNOWN, |field| field.name.node.as_str())
}

/// The field that answers under `key`. Fields of one key have one name: the schema has checked it.
fn find<'a>(ctx: &'a Context<'_>, selections: &'a SelectionSet, key: &str) -> Option<&'a Field> {
    selections.items.iter().find_map(|selection| match &selection.node {
        Selection::Field(Positioned { node: field, .. }) => {
            (field.response_key().node == key).then_some(field)
        }
        Selection::InlineFragment(fragment) => find(ctx, &fragment.node.selection_set.node, key),
        Selection::FragmentSpread(spread) => {
            let fragment = ctx.query_env.fragments.get(&spread.node.fragment_name.node)?;
            find(ctx, &fragment.node.selection_set.node, key)
        }
    })
}
