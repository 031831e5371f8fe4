//! Revoking bearer tokens.

use async_graphql::{Context, Object, Result, SimpleObject};

use crate::error::database_error;
use crate::schema::context::Resolving;
use crate::schema::guards::IsAdmin;
use crate::schema::inputs::RevokeTokensInput;
use crate::schema::scalars::Time;

/// That tokens were revoked.
#[derive(Debug, SimpleObject)]
pub struct RevokedTokens {
    /// When.
    revoked_at: Time,
}

/// Mutations of bearer tokens.
#[derive(Debug, Default)]
pub struct TokensMutation;

#[Object]
impl TokensMutation {
    /// Revokes bearer tokens before they expire: at once in the process that answers, within seconds in others. With the
    /// tokens of a subject, its sessions in browsers end; which token began a session is not known. It cannot be taken
    /// back; a new token is needed. For admins.
    #[graphql(guard = "IsAdmin")]
    async fn revoke_tokens(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which tokens.")] tokens: RevokeTokensInput,
    ) -> Result<RevokedTokens> {
        let services = ctx.services()?;
        let revoked = services.revocations.revoke(&*services.clock, ctx.viewer()?, tokens.read()?).await;
        Ok(RevokedTokens { revoked_at: revoked.map_err(|error| database_error(&error))?.into() })
    }
}
