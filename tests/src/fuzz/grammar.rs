//! Valid operations, built from the schema.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    BaseType, FieldDefinition, InputValueDefinition, Type, TypeKind, TypeSystemDefinition,
};
use rand::Rng;
use rand::seq::IndexedRandom as _;

use super::values;

/// How deep selections and inputs are built.
const DEPTH: usize = 4;

/// What operations can be built of.
pub(super) struct Grammar {
    objects: HashMap<String, Vec<FieldDefinition>>,
    inputs: HashMap<String, Vec<InputValueDefinition>>,
    /// Of which exactly one field is given.
    one_of: HashSet<String>,
    enums: HashMap<String, Vec<String>>,
    unions: HashMap<String, Vec<String>>,
    ids: Vec<String>,
}

impl Grammar {
    /// That of the schema with this text, where things with `ids` are there.
    pub(super) fn of(sdl: &str, ids: &[String]) -> Self {
        let mut grammar = Self {
            objects: HashMap::new(),
            inputs: HashMap::new(),
            one_of: HashSet::new(),
            enums: HashMap::new(),
            unions: HashMap::new(),
            ids: ids.to_vec(),
        };
        for definition in parse_schema(sdl).expect("the schema can be read").definitions {
            let TypeSystemDefinition::Type(definition) = definition else { continue };
            let is_one_of = definition.node.directives.iter().any(|it| it.node.name.node == "oneOf");
            let name = definition.node.name.node.to_string();
            if is_one_of {
                grammar.one_of.insert(name.clone());
            }
            grammar.add(name, definition.node.kind);
        }
        grammar
    }

    fn add(&mut self, name: String, kind: TypeKind) {
        match kind {
            TypeKind::Object(it) => {
                self.objects.insert(name, it.fields.into_iter().map(|field| field.node).collect());
            }
            TypeKind::Interface(it) => {
                self.objects.insert(name, it.fields.into_iter().map(|field| field.node).collect());
            }
            TypeKind::InputObject(it) => {
                self.inputs.insert(name, it.fields.into_iter().map(|field| field.node).collect());
            }
            TypeKind::Enum(it) => {
                let values = it.values.into_iter().map(|value| value.node.value.node.to_string());
                self.enums.insert(name, values.collect());
            }
            TypeKind::Union(it) => {
                self.unions
                    .insert(name, it.members.into_iter().map(|member| member.node.to_string()).collect());
            }
            TypeKind::Scalar => {}
        }
    }

    /// An operation: `query`, `mutation` or `subscription`.
    pub(super) fn operation(&self, random: &mut impl Rng, kind: &str) -> String {
        let mut root = kind.to_owned();
        root[..1].make_ascii_uppercase();
        let mut document = format!("{kind} {{ ");
        let fields = if kind == "subscription" { 1 } else { random.random_range(1..4) };
        for nth in 0..fields {
            let Some(field) = self.objects.get(&root).and_then(|fields| fields.choose(random)) else {
                continue;
            };
            let _ = write!(document, "f{nth}: ");
            self.field(random, field, DEPTH, &mut document);
        }
        document.push('}');
        document
    }

    fn field(&self, random: &mut impl Rng, field: &FieldDefinition, depth: usize, to: &mut String) {
        to.push_str(&field.name.node);
        let given: Vec<String> =
            field.arguments.iter().filter_map(|argument| self.given(random, &argument.node)).collect();
        if !given.is_empty() {
            let _ = write!(to, "({})", given.join(", "));
        }
        to.push(' ');
        self.selection(random, name_of(&field.ty.node), depth, to);
    }

    fn selection(&self, random: &mut impl Rng, ty: &str, depth: usize, to: &mut String) {
        if let Some(member) = self.unions.get(ty).and_then(|members| members.choose(random)) {
            let _ = write!(to, "{{ __typename ... on {member} ");
            self.selection(random, member, depth, to);
            to.push_str("} ");
        }
        let Some(fields) = self.objects.get(ty) else { return };
        to.push_str("{ __typename ");
        for _ in 0..random.random_range(1..4) {
            let Some(field) = fields.choose(random) else { break };
            let is_leaf = !self.objects.contains_key(name_of(&field.ty.node))
                && !self.unions.contains_key(name_of(&field.ty.node));
            if depth > 0 || is_leaf {
                let _ = write!(to, "f{}: ", random.random_range(0..1000));
                self.field(random, field, depth.saturating_sub(1), to);
            }
        }
        to.push_str("} ");
    }

    /// An argument, or none where none need be.
    fn given(&self, random: &mut impl Rng, input: &InputValueDefinition) -> Option<String> {
        let (name, ty) = (&input.name.node, &input.ty.node);
        if ty.nullable && random.random_bool(0.5) {
            return None;
        }
        // Nobody computes meanwhile: to wait for it would be all that was tried.
        let value = match name.as_str() {
            "awaitRecalculation" => random.random_range(-1..3).to_string(),
            _ => self.value(random, ty, DEPTH),
        };
        Some(format!("{name}: {value}"))
    }

    fn value(&self, random: &mut impl Rng, ty: &Type, depth: usize) -> String {
        if ty.nullable && random.random_bool(0.1) {
            return "null".to_owned();
        }
        match &ty.base {
            BaseType::List(item) => {
                let items: Vec<String> =
                    (0..random.random_range(0..4)).map(|_| self.value(random, item, depth)).collect();
                format!("[{}]", items.join(", "))
            }
            BaseType::Named(name) => self.named(random, name, depth),
        }
    }

    fn named(&self, random: &mut impl Rng, name: &str, depth: usize) -> String {
        if let Some(value) = self.enums.get(name).and_then(|values| values.choose(random)) {
            return value.clone();
        }
        if self.one_of.contains(name)
            && let Some(field) = self.inputs.get(name).and_then(|fields| fields.choose(random))
        {
            let ty = Type { nullable: false, ..field.ty.node.clone() };
            return format!("{{{}: {}}}", field.name.node, self.value(random, &ty, depth.saturating_sub(1)));
        }
        if let Some(fields) = self.inputs.get(name) {
            let given: Vec<String> =
                fields.iter().filter_map(|field| self.part(random, field, depth)).collect();
            return format!("{{{}}}", given.join(", "));
        }
        match name {
            "Boolean" => random.random_bool(0.5).to_string(),
            "Int" | "Float" => values::number(random).to_owned(),
            _ if random.random_bool(0.05) => values::number(random).to_owned(),
            _ => serde_json::to_string(&values::text(random, &self.ids)).expect("a text can be written"),
        }
    }
}

impl Grammar {
    /// A field of an input, or none where none need be.
    fn part(&self, random: &mut impl Rng, field: &InputValueDefinition, depth: usize) -> Option<String> {
        let ty = &field.ty.node;
        if ty.nullable && (depth == 0 || random.random_bool(0.6)) {
            return None;
        }
        Some(format!("{}: {}", field.name.node, self.value(random, ty, depth.saturating_sub(1))))
    }
}

fn name_of(ty: &Type) -> &str {
    match &ty.base {
        BaseType::Named(name) => name,
        BaseType::List(item) => name_of(item),
    }
}
