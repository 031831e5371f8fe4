//! Documents that were parsed a short while ago: a dashboard sends the same one again and again, and to parse it costs more
//! than all that is checked about it.

use std::sync::Arc;

use async_graphql::Request;
use async_graphql::parser::types::ExecutableDocument;
use moka::sync::Cache;

/// How many bytes of text the documents have that are kept; those least in use go first. A document takes up some thirty
/// times as much as its text.
const CAPACITY: u64 = 256 * 1024;
/// Longer documents are not kept.
const LONGEST: usize = 16 * 1024;

/// The documents, by their texts. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Parsed(Cache<String, Arc<ExecutableDocument>>);

impl Default for Parsed {
    fn default() -> Self {
        let weigh =
            |text: &String, _: &Arc<ExecutableDocument>| u32::try_from(text.len()).unwrap_or(u32::MAX);
        Self(Cache::builder().max_capacity(CAPACITY).weigher(weigh).build())
    }
}

impl Parsed {
    /// Gives `request` its document, if it can be parsed: what is wrong with it otherwise is said when it is executed.
    pub(super) fn prepare(&self, request: &mut Request) {
        if let Some(document) = self.0.get(request.query.as_str()) {
            request.set_parsed_query(ExecutableDocument::clone(&document));
            return;
        }
        let Ok(document) = request.parsed_query().cloned() else { return };
        if request.query.len() <= LONGEST {
            self.0.insert(request.query.clone(), Arc::new(document));
        }
    }
}
