//! Which roles may ask for a field at all.

use async_graphql::{Context, Guard, Result};

use super::context::Resolving;
use crate::error::UserError;

/// Admins and the learning system.
pub(super) struct WritesFacts;

impl Guard for WritesFacts {
    async fn check(&self, ctx: &Context<'_>) -> Result<()> {
        if ctx.viewer()?.writes_facts() { Ok(()) } else { Err(UserError::forbidden().into()) }
    }
}

/// Admins alone.
pub(super) struct IsAdmin;

impl Guard for IsAdmin {
    async fn check(&self, ctx: &Context<'_>) -> Result<()> {
        if ctx.viewer()?.is_admin() { Ok(()) } else { Err(UserError::forbidden().into()) }
    }
}
