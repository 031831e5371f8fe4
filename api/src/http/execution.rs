//! One request executed, whatever brought it: what is checked before, and what is made of each response after.

use std::sync::Arc;

use async_graphql::parser::types::{ExecutableDocument, OperationType};
use async_graphql::{ErrorExtensionValues, Request, Response, ServerError};
use serde::Serialize;
use tower_http::request_id::RequestId;
use tracing::Instrument as _;

use super::limits::{Document, Exceeded};
use super::shape::{OutputTypes, chosen};
use super::{App, misfit};
use crate::error::ErrorCode;

/// How many errors a request that is not executed is told of. A short document can have thousands.
const MOST_ERRORS: usize = 20;
/// What async-graphql says of a request that costs more than the schema allows, without saying how much that is.
const TOO_COMPLEX: &str = "Query is too complex.";

/// An execution: what all its responses have in common.
pub(super) struct Execution {
    types: Arc<OutputTypes>,
    document: Option<Arc<Document>>,
    operation_name: Option<String>,
    complexity: usize,
    request_id: RequestId,
}

impl Execution {
    /// Makes `request` ready to be executed.
    ///
    /// # Errors
    /// The answer, when its variables do not fit its document, or it follows several fields: async-graphql would begin, and
    /// fail in the middle.
    pub(super) fn begin(
        request: Request,
        document: Option<Arc<Document>>,
        app: &App,
        request_id: RequestId,
    ) -> Result<(Request, Self), Finished> {
        let operation_name = request.operation_name.clone();
        let (types, complexity) = (app.types.clone(), app.bounds.limits().complexity);
        let execution = Self { types, document, operation_name, complexity, request_id };
        let misfit = execution.document().and_then(|document| {
            misfit::variable(document, &request).or_else(|| misfit::subscription(document, &request))
        });
        match misfit {
            Some(error) => Err(execution.finish(Response::from_errors(vec![error]))),
            None => Ok((request, execution)),
        }
    }

    fn document(&self) -> Option<&ExecutableDocument> {
        self.document.as_ref().map(|document| &document.parsed)
    }

    /// What kind of operation it is, as far as that can be told.
    pub(super) fn operation(&self) -> Option<OperationType> {
        let operation = chosen(self.document()?, self.operation_name.as_deref())?;
        Some(operation.ty)
    }

    /// Gives a response the form that the specification and our own promises ask for.
    pub(super) fn finish(&self, mut response: Response) -> Finished {
        // What fails in the execution fails in a field.
        let executed = response.errors.iter().all(|error| !error.path.is_empty());
        if !executed {
            response.errors.truncate(MOST_ERRORS);
        }
        for error in &mut response.errors {
            self.complete(error);
        }
        if !executed {
            return Finished::Refused(Errors { errors: response.errors });
        }
        if let Some(document) = self.document() {
            let data = std::mem::take(&mut response.data);
            response.data =
                self.types.shape(document, self.operation_name.as_deref(), &response.errors, data);
        }
        Finished::Executed(response.into())
    }

    /// Gives an error what every error has: a code, the field at fault if it is one, and if the fault is ours, the id by
    /// which it is found in the log.
    fn complete(&self, error: &mut ServerError) {
        if error.message == TOO_COMPLEX && error.extensions.is_none() {
            *error = Exceeded::complexity(self.complexity).error();
        }
        let extensions = error.extensions.get_or_insert_with(ErrorExtensionValues::default);
        match extensions.get("code") {
            // Only the library itself leaves the code out: the document or its variables do not fit the schema.
            None => {
                extensions.set("code", ErrorCode::BadUserInput.as_str());
                if let Some(field) = misfit::field(&error.message) {
                    extensions.set("field", field);
                }
                if let Some(message) = misfit::syntax(&error.message) {
                    error.message = message;
                }
            }
            Some(async_graphql::Value::String(code)) if code == ErrorCode::Internal.as_str() => {
                extensions.set("requestId", self.request_id.header_value().to_str().unwrap_or_default());
            }
            Some(_) => {}
        }
    }
}

/// Carries `work` on to its end, also if whoever waits for it goes away: what has been committed must be noted.
pub(super) async fn to_its_end<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    match tokio::spawn(work.in_current_span()).await {
        Ok(outcome) => outcome,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

/// A response as it is sent.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Finished {
    /// Execution was reached: there are data, perhaps null.
    Executed(Box<Response>),
    /// Execution was not reached.
    Refused(Errors),
}

/// Errors without data.
#[derive(Serialize)]
pub(super) struct Errors {
    pub(super) errors: Vec<ServerError>,
}

impl Errors {
    /// One error.
    pub(super) fn one(code: ErrorCode, message: &str) -> Self {
        let mut error = ServerError::new(message, None);
        error.extensions.get_or_insert_with(ErrorExtensionValues::default).set("code", code.as_str());
        Self { errors: vec![error] }
    }

    /// Whether the document or its variables are at fault, and not the resolver of a subscription's field.
    pub(super) fn came_before_execution(&self) -> bool {
        self.errors.iter().all(|error| error.path.is_empty())
    }
}
