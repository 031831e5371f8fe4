//! One request executed, whatever brought it: what is checked before, and what is made of each response after.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextExecute};
use async_graphql::parser::types::{ExecutableDocument, OperationType};
use async_graphql::{ErrorExtensionValues, Request, Response, ServerError};
use serde::Serialize;
use tower_http::request_id::RequestId;
use tracing::Instrument as _;

use super::misfit;
use super::shape::{OutputTypes, chosen};
use crate::error::ErrorCode;

/// How many errors a request that is not executed is told of. A short document can have thousands.
const MOST_ERRORS: usize = 20;

/// An execution: what all its responses have in common.
pub(super) struct Execution {
    types: Arc<OutputTypes>,
    document: Option<ExecutableDocument>,
    operation_name: Option<String>,
    executed: Executed,
    request_id: RequestId,
}

impl Execution {
    /// Makes `request` ready to be executed.
    ///
    /// # Errors
    /// The answer, when its variables do not fit its document, or it follows several fields: async-graphql would begin, and
    /// fail in the middle.
    pub(super) fn begin(
        mut request: Request,
        types: Arc<OutputTypes>,
        request_id: RequestId,
    ) -> Result<(Request, Self), Finished> {
        let executed = Executed::default();
        let document = request.parsed_query().ok().cloned();
        let operation_name = request.operation_name.clone();
        let execution = Self { types, document, operation_name, executed: executed.clone(), request_id };
        let misfit = execution.document.as_ref().and_then(|document| {
            misfit::variable(document, &request).or_else(|| misfit::subscription(document, &request))
        });
        match misfit {
            Some(error) => Err(execution.finish(Response::from_errors(vec![error]))),
            None => Ok((request.data(executed), execution)),
        }
    }

    /// What kind of operation it is, as far as that can be told.
    pub(super) fn operation(&self) -> Option<OperationType> {
        let operation = chosen(self.document.as_ref()?, self.operation_name.as_deref())?;
        Some(operation.ty)
    }

    /// Gives a response the form that the specification and our own promises ask for.
    pub(super) fn finish(&self, mut response: Response) -> Finished {
        let executed = self.executed.0.load(Ordering::Relaxed);
        if !executed {
            response.errors.truncate(MOST_ERRORS);
        }
        for error in &mut response.errors {
            complete(error, &self.request_id);
        }
        if !executed {
            return Finished::Refused(Errors { errors: response.errors });
        }
        if let Some(document) = &self.document {
            let data = std::mem::take(&mut response.data);
            response.data =
                self.types.shape(document, self.operation_name.as_deref(), &response.errors, data);
        }
        Finished::Executed(response.into())
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

/// Whether a request got as far as being executed: only then does its response have `data`.
#[derive(Clone, Debug, Default)]
struct Executed(Arc<AtomicBool>);

/// Notes that execution was reached.
#[derive(Debug, Default)]
pub(crate) struct NoteExecution;

impl ExtensionFactory for NoteExecution {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_graphql::async_trait::async_trait]
impl Extension for NoteExecution {
    async fn execute(
        &self,
        ctx: &ExtensionContext<'_>,
        operation_name: Option<&str>,
        next: NextExecute<'_>,
    ) -> Response {
        if let Some(executed) = ctx.data_opt::<Executed>() {
            executed.0.store(true, Ordering::Relaxed);
        }
        next.run(ctx, operation_name).await
    }
}

/// Gives an error what every error has: a code, the field at fault if it is one, and if the fault is ours, the id by
/// which it is found in the log.
fn complete(error: &mut ServerError, request_id: &RequestId) {
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
            extensions.set("requestId", request_id.header_value().to_str().unwrap_or_default());
        }
        Some(_) => {}
    }
}
