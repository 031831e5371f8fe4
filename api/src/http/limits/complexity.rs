//! What the schema counts in a document.

use std::sync::Arc;

use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextValidation};
use async_graphql::{ServerError, ValidationResult};

use super::document::Exceeded;

/// How much the fields of a request may cost. It is among the schema's data.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MaxComplexity(pub(crate) usize);

/// Refuses requests that cost more than [`MaxComplexity`], and says how much is allowed, which the library's own limit
/// does not.
#[derive(Debug, Default)]
pub(crate) struct CountComplexity;

impl ExtensionFactory for CountComplexity {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_graphql::async_trait::async_trait]
impl Extension for CountComplexity {
    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let valid = next.run(ctx).await?;
        if let Some(MaxComplexity(allowed)) = ctx.data_opt::<MaxComplexity>() {
            Exceeded::check("complexity", valid.complexity, *allowed).map_err(|it| vec![it.error()])?;
        }
        Ok(valid)
    }
}
