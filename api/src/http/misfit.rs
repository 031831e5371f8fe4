//! Documents and variables that do not fit the schema: what async-graphql says of them, in the form of all our errors,
//! and what it lets pass.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use async_graphql::parser::types::{ExecutableDocument, OperationType, Selection, SelectionSet};
use async_graphql::{Request, ServerError, Value};

use super::shape::chosen;

/// The error for a variable that must be given and is not. async-graphql would begin to execute the request, and fail
/// in the middle.
pub(super) fn variable(document: &ExecutableDocument, request: &Request) -> Option<ServerError> {
    let operation = chosen(document, request.operation_name.as_deref())?;
    let missing = operation.variable_definitions.iter().find(|definition| {
        let definition = &definition.node;
        let given = request.variables.get(&definition.name.node).is_some_and(|value| *value != Value::Null);
        !given && !definition.var_type.node.nullable && definition.default_value.is_none()
    })?;
    let (name, ty) = (&missing.node.name.node, &missing.node.var_type.node);
    Some(ServerError::new(format!("the variable ${name} of the type {ty} must be given"), Some(missing.pos)))
}

/// The error for a subscription to more than one field. async-graphql would follow them all, and answer each without the
/// others.
pub(super) fn subscription(document: &ExecutableDocument, request: &Request) -> Option<ServerError> {
    let operation = chosen(document, request.operation_name.as_deref())?;
    let mut keys = BTreeSet::new();
    collect(document, &operation.selection_set.node, &mut BTreeSet::new(), &mut keys);
    let is_misfit = operation.ty == OperationType::Subscription && keys.len() != 1;
    let message = "a subscription must select exactly one field";
    is_misfit.then(|| ServerError::new(message, Some(operation.selection_set.pos)))
}

/// Adds the response keys of a selection set. A fragment is looked at once: it may contain itself.
fn collect<'a>(
    document: &'a ExecutableDocument,
    set: &'a SelectionSet,
    seen: &mut BTreeSet<&'a str>,
    keys: &mut BTreeSet<&'a str>,
) {
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) => {
                keys.insert(field.node.response_key().node.as_str());
            }
            Selection::InlineFragment(fragment) => {
                collect(document, &fragment.node.selection_set.node, seen, keys);
            }
            Selection::FragmentSpread(spread) => {
                let name = &spread.node.fragment_name.node;
                if let Some(fragment) = document.fragments.get(name)
                    && seen.insert(name.as_str())
                {
                    collect(document, &fragment.node.selection_set.node, seen, keys);
                }
            }
        }
    }
}

/// The path of the input at fault, such as `inputs[3].score`, if the message names one.
pub(super) fn field(message: &str) -> Option<String> {
    let (path, reason) = message.strip_prefix("Invalid value for argument \"")?.split_once('"')?;
    let mut field = String::new();
    for segment in path.split('.') {
        match segment.parse::<usize>() {
            Ok(index) => {
                let _ = write!(field, "[{index}]");
            }
            Err(_) => push(&mut field, segment),
        }
    }
    // "…, field "possible" of type "Decimal!" is required but not provided"
    if let Some(missing) = reason.strip_prefix(", field \"").and_then(|rest| rest.split('"').next()) {
        push(&mut field, missing);
    }
    Some(field)
}

fn push(field: &mut String, segment: &str) {
    if !field.is_empty() {
        field.push('.');
    }
    field.push_str(segment);
}

/// The message for a document that cannot be read, without the picture of the place, which repeats the whole line.
pub(super) fn syntax(message: &str) -> Option<String> {
    let (picture, reason) = message.rsplit_once("\n  = ")?;
    picture.starts_with(" --> ").then(|| format!("the query cannot be read: {}", reason.replace('_', " ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_field_is_written_as_in_our_own_errors() {
        let of = |path: &str, rest: &str| field(&format!("Invalid value for argument \"{path}\"{rest}"));
        assert_eq!(of("input.title", ", expected type \"String\"").as_deref(), Some("input.title"));
        assert_eq!(
            of(
                "inputs.3.score.points",
                ", field \"possible\" of type \"Decimal!\" is required but not provided"
            )
            .as_deref(),
            Some("inputs[3].score.points.possible")
        );
        assert_eq!(field("Unknown field \"a\" on type \"Query\"."), None);
    }

    #[test]
    fn a_syntax_error_does_not_repeat_the_query() {
        let picture = " --> 1:7\n  |\n1 | {me{role}\n  |       ^---\n  |\n  = expected selection_set";
        assert_eq!(syntax(picture).as_deref(), Some("the query cannot be read: expected selection set"));
        assert_eq!(syntax("Unknown fragment"), None);
    }
}
