//! Mutations of the sessions of browsers, for admins.

use async_graphql::{Context, Description, Object, Result, SimpleObject};

use crate::error::database_error;
use crate::schema::context::Resolving;
use crate::schema::enums::Role;
use crate::schema::guards::IsAdmin;
use crate::schema::inputs::text;
use crate::service::session;

/// Mutations of the sessions of browsers, for admins.
#[derive(Debug, Default, Description)]
pub struct SessionsMutation;

/// What became of somebody's sessions.
#[derive(Debug, SimpleObject)]
pub struct RevokeSessionsPayload {
    /// How many sessions were open, and are no more.
    revoked: u64,
}

#[Object(use_type_description)]
impl SessionsMutation {
    /// Signs somebody out of every browser, at once. Tokens stay valid: see `revokeTokens`. For admins.
    #[graphql(guard = "IsAdmin")]
    async fn revoke_sessions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who: the subject of the token or link by which the sessions began.")]
        subject: String,
        #[graphql(desc = "Only the sessions of this role; of every role unless told otherwise.")]
        role: Option<Role>,
    ) -> Result<RevokeSessionsPayload> {
        let services = ctx.services()?;
        let subject = text("subject", subject)?;
        session::end_all(&services.db, &subject, role.map(Into::into), services.clock.now())
            .await
            .map(|revoked| RevokeSessionsPayload { revoked })
            .map_err(|error| database_error(&error))
    }
}
