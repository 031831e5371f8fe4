//! The shape of `data`, as GraphQL's specification has it.
//!
//! async-graphql answers fields in the order in which they were resolved, and leaves out one that failed. The
//! specification wants them in the order of the query, null in the place of what failed, and if that must not be null,
//! null in the place of its parent. Clients that generate code rely on both.

use std::collections::HashMap;

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{
    BaseType, ExecutableDocument, Field, OperationDefinition, OperationType, Selection, SelectionSet, Type,
    TypeKind, TypeSystemDefinition,
};
use async_graphql::{Name, PathSegment, ServerError, Value};

/// The types of all fields, by the name of the object or interface and the name of the field.
#[derive(Debug, Default)]
pub(super) struct OutputTypes(HashMap<Name, HashMap<Name, Type>>);

impl OutputTypes {
    /// The types of a schema, from its text.
    pub(super) fn of(sdl: &str) -> Self {
        let document = async_graphql::parser::parse_schema(sdl)
            .inspect_err(|error| tracing::error!(%error, "the schema's own text could not be read"));
        let mut types = HashMap::new();
        for definition in document.map(|document| document.definitions).unwrap_or_default() {
            let TypeSystemDefinition::Type(definition) = definition else { continue };
            let fields = match definition.node.kind {
                TypeKind::Object(object) => object.fields,
                TypeKind::Interface(interface) => interface.fields,
                _ => continue,
            };
            let fields = fields.into_iter().map(|field| (field.node.name.node, field.node.ty.node));
            types.insert(definition.node.name.node, fields.collect());
        }
        Self(types)
    }

    fn of_field(&self, parent: &str, field: &str) -> Option<&Type> {
        self.0.get(parent)?.get(field)
    }

    /// Gives the `data` of a response the shape that `document` asks for.
    pub(super) fn shape(
        &self,
        document: &ExecutableDocument,
        operation_name: Option<&str>,
        errors: &[ServerError],
        data: Value,
    ) -> Value {
        let Some(operation) = chosen(document, operation_name) else { return data };
        if errors.is_empty() && is_in_shape(&operation.selection_set.node, &data) {
            return data;
        }
        let root = match operation.ty {
            OperationType::Query => "Query",
            OperationType::Mutation => "Mutation",
            OperationType::Subscription => "Subscription",
        };
        let fields = match data {
            Value::Object(fields) => fields,
            _ => IndexMap::new(),
        };
        let selected = [(root, &operation.selection_set.node)];
        let walk = Walk { types: self, document, errors };
        walk.object(&selected, fields, &mut Vec::new()).unwrap_or(Value::Null)
    }
}

/// Whether the answer to a selection set has its shape already. What has fragments or directives is not looked at that closely.
fn is_in_shape(set: &SelectionSet, value: &Value) -> bool {
    match value {
        Value::Object(fields) => {
            let selected = set.items.iter().zip(fields);
            fields.len() == set.items.len()
                && selected.into_iter().all(|(selection, (key, value))| {
                    plain(&selection.node).is_some_and(|field| {
                        field.response_key().node == *key && is_in_shape(&field.selection_set.node, value)
                    })
                })
        }
        Value::List(items) => items.iter().all(|item| is_in_shape(set, item)),
        // An object of which nothing is left comes as null.
        Value::Null => set.items.iter().all(|selection| plain(&selection.node).is_some()),
        _ => true,
    }
}

/// The field that is selected in any case.
fn plain(selection: &Selection) -> Option<&Field> {
    match selection {
        Selection::Field(field) if field.node.directives.is_empty() => Some(&field.node),
        _ => None,
    }
}

/// The operation of `document` that is executed.
pub(super) fn chosen<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Option<&'a OperationDefinition> {
    let mut operations = document.operations.iter();
    let chosen = match name {
        Some(name) => operations.find(|(operation, _)| operation.is_some_and(|it| it.as_str() == name)),
        None => operations.next(),
    };
    chosen.map(|(_, operation)| &operation.node)
}

#[derive(Clone, Copy)]
enum Segment<'a> {
    Field(&'a str),
    Index(usize),
}

impl Segment<'_> {
    fn is(self, other: &PathSegment) -> bool {
        match (self, other) {
            (Self::Field(name), PathSegment::Field(other)) => name == other,
            (Self::Index(index), PathSegment::Index(other)) => index == *other,
            _ => false,
        }
    }
}

/// The selections of one response key: the type that they are made on, and the fields.
type Selected<'a> = (&'a str, Vec<&'a Field>);

struct Walk<'a> {
    types: &'a OutputTypes,
    document: &'a ExecutableDocument,
    errors: &'a [ServerError],
}

/// Every step answers `None` when null must take the place of the parent.
impl<'a> Walk<'a> {
    fn object(
        &self,
        selected: &[(&'a str, &'a SelectionSet)],
        mut fields: IndexMap<Name, Value>,
        path: &mut Vec<Segment<'a>>,
    ) -> Option<Value> {
        let mut keys = IndexMap::new();
        for (parent, set) in selected {
            self.collect(parent, set, &mut keys);
        }
        let mut shaped = IndexMap::with_capacity(fields.len());
        for (key, (parent, selections)) in &keys {
            path.push(Segment::Field(key.as_str()));
            let value = match fields.swap_remove(*key) {
                // What neither came nor failed was skipped, or belongs to another type.
                None if !self.failed(path, false) => Some(None),
                value => {
                    let ty = self.types.of_field(parent, &selections[0].name.node);
                    self.value(ty, selections, value.unwrap_or_default(), path).map(Some)
                }
            };
            path.pop();
            if let Some(value) = value? {
                shaped.insert((*key).clone(), value);
            }
        }
        shaped.extend(fields);
        Some(Value::Object(shaped))
    }

    fn value(
        &self,
        ty: Option<&'a Type>,
        selections: &[&'a Field],
        value: Value,
        path: &mut Vec<Segment<'a>>,
    ) -> Option<Value> {
        let nullable = ty.is_none_or(|ty| ty.nullable);
        let shaped = match (value, ty.map(|ty| &ty.base)) {
            (Value::List(items), base) => {
                let item =
                    base.and_then(|base| if let BaseType::List(item) = base { Some(&**item) } else { None });
                let items = items.into_iter().enumerate().map(|(index, value)| {
                    path.push(Segment::Index(index));
                    let value = self.value(item, selections, value, path);
                    path.pop();
                    value
                });
                items.collect::<Option<Vec<_>>>().map(Value::List)
            }
            (Value::Object(fields), base) => self.sub_object(base, selections, fields, path),
            // An object of which nothing is left comes as null.
            (Value::Null, Some(base @ BaseType::Named(_)))
                if has_fields(selections)
                    && (self.failed(path, true) || !nullable && !self.failed(path, false)) =>
            {
                self.sub_object(Some(base), selections, IndexMap::new(), path)
            }
            (value, _) => Some(value),
        };
        match shaped {
            None | Some(Value::Null) => nullable.then_some(Value::Null),
            shaped => shaped,
        }
    }

    fn sub_object(
        &self,
        base: Option<&'a BaseType>,
        selections: &[&'a Field],
        fields: IndexMap<Name, Value>,
        path: &mut Vec<Segment<'a>>,
    ) -> Option<Value> {
        let name = base.map_or("", |base| if let BaseType::Named(name) = base { name.as_str() } else { "" });
        let selected: Vec<_> = selections.iter().map(|field| (name, &field.selection_set.node)).collect();
        self.object(&selected, fields, path)
    }

    /// Adds the fields of a selection set, fragments included, in their order.
    fn collect(&self, parent: &'a str, set: &'a SelectionSet, into: &mut IndexMap<&'a Name, Selected<'a>>) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => {
                    let key = &field.node.response_key().node;
                    into.entry(key).or_insert_with(|| (parent, Vec::new())).1.push(&field.node);
                }
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self.document.fragments.get(&spread.node.fragment_name.node) {
                        let on = &fragment.node.type_condition.node.on.node;
                        self.collect(on, &fragment.node.selection_set.node, into);
                    }
                }
                Selection::InlineFragment(fragment) => {
                    let on = fragment.node.type_condition.as_ref();
                    let on = on.map_or(parent, |condition| condition.node.on.node.as_str());
                    self.collect(on, &fragment.node.selection_set.node, into);
                }
            }
        }
    }

    /// Whether something failed at `path` or below it; with `below`, only below it.
    fn failed(&self, path: &[Segment<'a>], below: bool) -> bool {
        self.errors.iter().any(|error| {
            let long_enough = error.path.len() >= path.len() + usize::from(below);
            long_enough && path.iter().zip(&error.path).all(|(segment, other)| segment.is(other))
        })
    }
}

fn has_fields(selections: &[&Field]) -> bool {
    selections.iter().any(|field| !field.selection_set.node.items.is_empty())
}
