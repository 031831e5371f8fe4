//! What is counted in a document that was parsed, before the schema checks it: that takes as long as the document is
//! with all its fragments in their places, and a short one can be very long so.

use std::collections::{HashMap, HashSet};

use async_graphql::parser::types::{
    Directive, ExecutableDocument, Field, FragmentDefinition, Selection, SelectionSet,
};
use async_graphql::{ErrorExtensionValues, Positioned, ServerError};

use crate::error::ErrorCode;

/// How large a document may be.
#[derive(Clone, Debug)]
pub struct DocumentLimits {
    /// How many names, numbers, texts and signs it may have.
    pub tokens: usize,
    /// How deep brackets of any kind may be within each other.
    pub nesting: usize,
    /// How many operations it may have.
    pub operations: usize,
    /// How many of its fields may have names of the client's own.
    pub aliases: usize,
    /// How many directives it may have.
    pub directives: usize,
    /// How deep fields may be within each other.
    pub depth: usize,
}

impl Default for DocumentLimits {
    fn default() -> Self {
        Self { tokens: 15_000, nesting: 64, operations: 10, aliases: 100, directives: 100, depth: 15 }
    }
}

/// How deep the lists of the schema's own fields may be within each other: each multiplies the answer by the number of
/// types or fields that there are. Tools need two.
const MAX_INTROSPECTED_LISTS: usize = 2;

/// A limit that a request exceeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) struct Exceeded {
    pub(super) limit: &'static str,
    pub(super) allowed: usize,
}

impl Exceeded {
    /// The limit that the schema itself counts: with its lists as often as they may be long.
    pub(in crate::http) const fn complexity(allowed: usize) -> Self {
        Self { limit: "complexity", allowed }
    }

    /// Refuses more than `allowed`.
    pub(super) const fn check(limit: &'static str, found: usize, allowed: usize) -> Result<(), Self> {
        if found > allowed { Err(Self { limit, allowed }) } else { Ok(()) }
    }

    /// The error that says so.
    pub(in crate::http) fn error(self) -> ServerError {
        let Self { limit, allowed } = self;
        let message = format!("the request exceeds a limit: {limit} may be at most {allowed}");
        let mut error = ServerError::new(message, None);
        let extensions = error.extensions.get_or_insert_with(ErrorExtensionValues::default);
        extensions.set("code", ErrorCode::LimitExceeded.as_str());
        extensions.set("limit", limit);
        extensions.set("allowed", allowed);
        error
    }
}

/// What was counted in a document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Measure {
    operations: usize,
    aliases: usize,
    directives: usize,
    extent: Extent,
    /// Whether it asks for the schema.
    pub(super) introspects: bool,
}

impl Measure {
    pub(super) fn within(&self, limits: &DocumentLimits, complexity: usize) -> Result<(), Exceeded> {
        Exceeded::check("operations", self.operations, limits.operations)?;
        Exceeded::check("aliases", self.aliases, limits.aliases)?;
        Exceeded::check("directives", self.directives, limits.directives)?;
        Exceeded::check("depth", self.extent.depth, limits.depth)?;
        Exceeded::check("introspection depth", self.extent.lists, MAX_INTROSPECTED_LISTS)?;
        // The schema counts fields with their lists, and takes as long as there are selections.
        Exceeded::check("complexity", self.extent.selections, complexity)
    }
}

/// How far a selection reaches, with all fragments in their places.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Extent {
    /// Fields, and uses of fragments: also of those that are not there the schema visits each.
    selections: usize,
    depth: usize,
    lists: usize,
}

impl Extent {
    fn beside(self, other: Self) -> Self {
        Self {
            selections: self.selections.saturating_add(other.selections),
            depth: self.depth.max(other.depth),
            lists: self.lists.max(other.lists),
        }
    }

    fn used(self) -> Self {
        Self { selections: self.selections.saturating_add(1), ..self }
    }

    fn below(self, field: &str) -> Self {
        let is_list = matches!(field, "fields" | "inputFields" | "interfaces" | "possibleTypes");
        Self {
            selections: self.selections.saturating_add(1),
            depth: self.depth + 1,
            lists: self.lists + usize::from(is_list),
        }
    }
}

/// Counts what is in a document. What is in fragments is written once, and reaches as far as if it were written
/// everywhere.
pub(super) fn measure(document: &ExecutableDocument) -> Measure {
    let mut walk =
        Walk { document, known: HashMap::new(), entered: HashSet::new(), found: Measure::default() };
    let mut extent = Extent::default();
    for (_, operation) in document.operations.iter() {
        let operation = &operation.node;
        walk.found.operations += 1;
        walk.directives(&operation.directives);
        for variable in &operation.variable_definitions {
            walk.directives(&variable.node.directives);
        }
        extent = extent.beside(walk.set(&operation.selection_set.node));
    }
    for (name, fragment) in &document.fragments {
        // One that no operation uses is checked all the same.
        if !walk.entered.contains(name.as_str()) {
            extent = extent.beside(walk.fragment(name, &fragment.node));
        }
    }
    Measure { extent, ..walk.found }
}

struct Walk<'a> {
    document: &'a ExecutableDocument,
    known: HashMap<&'a str, Extent>,
    entered: HashSet<&'a str>,
    found: Measure,
}

impl<'a> Walk<'a> {
    fn set(&mut self, set: &'a SelectionSet) -> Extent {
        let extents = set.items.iter().map(|selection| self.selection(&selection.node));
        extents.fold(Extent::default(), Extent::beside)
    }

    fn selection(&mut self, selection: &'a Selection) -> Extent {
        match selection {
            Selection::Field(field) => self.field(&field.node),
            Selection::InlineFragment(fragment) => {
                self.directives(&fragment.node.directives);
                self.set(&fragment.node.selection_set.node).used()
            }
            Selection::FragmentSpread(spread) => {
                self.directives(&spread.node.directives);
                let name = spread.node.fragment_name.node.as_str();
                let extent = match (self.known.get(name), self.document.fragments.get(name)) {
                    (Some(extent), _) => *extent,
                    // One that contains itself, or is not there, is left to the schema to refuse.
                    (None, Some(fragment)) if !self.entered.contains(name) => {
                        self.fragment(name, &fragment.node)
                    }
                    (None, _) => Extent::default(),
                };
                extent.used()
            }
        }
    }

    fn fragment(&mut self, name: &'a str, fragment: &'a FragmentDefinition) -> Extent {
        self.entered.insert(name);
        self.directives(&fragment.directives);
        let extent = self.set(&fragment.selection_set.node);
        self.known.insert(name, extent);
        extent
    }

    fn field(&mut self, field: &'a Field) -> Extent {
        self.directives(&field.directives);
        self.found.aliases += usize::from(field.alias.is_some());
        let name = field.name.node.as_str();
        self.found.introspects |= matches!(name, "__schema" | "__type");
        self.set(&field.selection_set.node).below(name)
    }

    fn directives(&mut self, directives: &[Positioned<Directive>]) {
        self.found.directives += directives.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(document: &str) -> Measure {
        measure(&async_graphql::parser::parse_query(document).unwrap())
    }

    #[test]
    fn what_is_written_is_counted_once_and_what_it_reaches_everywhere() {
        let found = of("query A @d { a: x @d { ...F @d } ...F } query B($v: Int @d) { x ... @d { x } } \
             fragment F on Query @d { b: x { y } }");
        assert_eq!((found.operations, found.aliases, found.directives), (2, 2, 6));
        assert_eq!(found.extent, Extent { selections: 1 + 3 + 2 + 2 + 2, depth: 3, lists: 0 });
        assert!(!found.introspects);
    }

    #[test]
    fn fragments_that_double_each_other_are_counted_without_being_walked() {
        let double = |nth: u32| format!("fragment F{nth} on Query {{ ...F{0} ...F{0} }}", nth + 1);
        let doubles: String = (0..63).map(double).collect();
        for end in ["me { role }", "...Nothing"] {
            let document = format!("{{ ...F0 }} {doubles} fragment F63 on Query {{ {end} }}");
            let found = of(&document).within(&DocumentLimits::default(), 10_000);
            assert_eq!(found, Err(Exceeded { limit: "complexity", allowed: 10_000 }), "{end}");
        }
    }

    #[test]
    fn fragments_that_contain_themselves_end() {
        assert_eq!(
            of("{ ...F } fragment F on Query { x ...G } fragment G on Query { ...F y }").extent.selections,
            5
        );
        assert_eq!(of("{ x } fragment F on Query { ...F }").extent.selections, 2);
        assert_eq!(of("{ ...Nothing }").extent.selections, 1);
    }

    #[test]
    fn lists_of_the_schema_are_not_multiplied_with_each_other() {
        let limits = DocumentLimits::default();
        let usual = "{ __schema { types { fields { type { possibleTypes { name } } } } } }";
        assert!(of(usual).introspects && of(usual).within(&limits, 100).is_ok());
        let deep = "{ __type(name: \"Query\") { fields { type { fields { type { fields { name } } } } } } }";
        assert_eq!(of(deep).within(&limits, 100).unwrap_err().limit, "introspection depth");
    }
}
