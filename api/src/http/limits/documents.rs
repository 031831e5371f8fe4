//! Documents that were let through a short while ago: a dashboard sends the same one again and again, and to count and parse
//! it costs more than to answer it.

use std::collections::HashSet;
use std::sync::Arc;

use async_graphql::parser::types::ExecutableDocument;
use async_graphql::{Name, Request};
use moka::sync::Cache;

use super::document::{DocumentLimits, Exceeded, measure};
use super::text;

/// How many bytes of text the documents have that are kept; those least in use go first. A document takes up some thirty
/// times as much as its text.
const CAPACITY: u64 = 256 * 1024;
/// Longer documents are not kept.
const LONGEST: usize = 16 * 1024;

/// A document within the limits.
#[derive(Debug)]
pub(in crate::http) struct Document {
    /// The document.
    pub(in crate::http) parsed: ExecutableDocument,
    /// Whether it asks for the schema.
    pub(super) introspects: bool,
    /// The variables that its operations declare.
    pub(super) variables: HashSet<Name>,
}

fn variables(parsed: &ExecutableDocument) -> HashSet<Name> {
    let operations = parsed.operations.iter();
    let declared = operations.flat_map(|(_, operation)| &operation.node.variable_definitions);
    declared.map(|definition| definition.node.name.node.clone()).collect()
}

/// The limits, and the documents that are known to be within them, by their texts.
#[derive(Debug)]
pub(super) struct Documents {
    limits: DocumentLimits,
    complexity: usize,
    known: Cache<String, Arc<Document>>,
}

impl Documents {
    pub(super) fn new(limits: DocumentLimits, complexity: usize) -> Self {
        let weigh = |text: &String, _: &Arc<Document>| u32::try_from(text.len()).unwrap_or(u32::MAX);
        Self { limits, complexity, known: Cache::builder().max_capacity(CAPACITY).weigher(weigh).build() }
    }

    /// Gives `request` its document, if it can be parsed: what is wrong with it otherwise is said when it is executed.
    pub(super) fn prepare(&self, request: &mut Request) -> Result<Option<Arc<Document>>, Exceeded> {
        if let Some(document) = self.known.get(request.query.as_str()) {
            request.set_parsed_query(document.parsed.clone());
            return Ok(Some(document));
        }
        // Before it is parsed: that takes up more than the text does.
        text::check(&request.query, &self.limits)?;
        let Ok(parsed) = request.parsed_query() else { return Ok(None) };
        let found = measure(parsed);
        found.within(&self.limits, self.complexity)?;
        let document = Arc::new(Document {
            parsed: parsed.clone(),
            introspects: found.introspects,
            variables: variables(parsed),
        });
        if request.query.len() <= LONGEST {
            self.known.insert(request.query.clone(), document.clone());
        }
        Ok(Some(document))
    }
}
