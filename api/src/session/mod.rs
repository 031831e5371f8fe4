//! Browsers that have signed in: from a request's headers to its viewer by way of a cookie.
//!
//! - `key`: the random keys of sessions and links, and their hashes.
//! - `site`: where browsers find this server; which requests come from its own pages; what the cookie is called there.
//! - `links`: the one-time links that a server prints when it starts.
//!
//! The rows are `service::session`'s. What must never be here: pages, and what a viewer may see or do.

mod key;
mod links;
mod site;

use std::sync::Arc;

use axum::http::HeaderMap;
use chrono::{DateTime, Utc};
use entity::sea_orm::DbErr;

pub use key::Key;
pub use links::LINK_LIFETIME;
pub use site::{PublicUrl, PublicUrlError};

use crate::auth::{Identity, TokenError, TokenVerifier};
use crate::schema::Services;
use crate::service::session;
use crate::viewer::Viewer;
use links::{Links, Offer};
use site::Site;

/// What becomes of a request that comes with the cookie of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recognition {
    /// It comes from the browser of this viewer, and from a page of this server.
    Viewer {
        /// Who has signed in.
        viewer: Viewer,
        /// The first moment at which that is over.
        until: DateTime<Utc>,
    },
    /// The session has ended, or never was.
    Ended,
    /// It was not sent by a page of this server: somebody else's page may be behind it.
    Foreign,
}

/// The sessions of browsers. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Sessions {
    services: Services,
    verifier: Arc<TokenVerifier>,
    site: Arc<Site>,
    links: Arc<Links>,
}

impl Sessions {
    /// Sessions that are kept by `services`, for whomever `verifier` lets in.
    pub(crate) fn new(services: Services, verifier: Arc<TokenVerifier>) -> Self {
        Self { services, verifier, site: Arc::default(), links: Arc::default() }
    }

    /// The same, for browsers that reach the server by `url`.
    pub(crate) fn reached_by(self, url: PublicUrl) -> Self {
        Self { site: Arc::new(Site::at(url)), ..self }
    }

    /// The path of a link that signs in whoever opens it first as `identity`.
    pub(crate) fn one_time_link(&self, identity: Identity) -> String {
        let code = self.links.offer(identity, self.services.clock.now());
        format!("/sign-in?code={}", code.expose())
    }

    /// Who is behind a request that comes with a cookie; none if it comes without.
    ///
    /// For requests that read or change data, and for the upgrade to a WebSocket: only pages of this server may make
    /// them, because a browser sends the cookie whoever asks it to.
    ///
    /// # Errors
    /// Whatever the database reports.
    pub async fn recognise(&self, headers: &HeaderMap) -> Result<Option<Recognition>, DbErr> {
        let Some(key) = self.site.session_key(headers) else { return Ok(None) };
        if !self.site.is_own_page(headers) {
            return Ok(Some(Recognition::Foreign));
        }
        let found = self.find(&key).await?;
        Ok(Some(found.map_or(Recognition::Ended, |(viewer, until)| Recognition::Viewer { viewer, until })))
    }

    /// Who is signed in, for a page that is opened: it may be opened from anywhere, and tells nothing to whoever
    /// opened it.
    ///
    /// # Errors
    /// Whatever the database reports.
    pub(crate) async fn reader_of_page(&self, headers: &HeaderMap) -> Result<Option<Viewer>, DbErr> {
        let Some(key) = self.site.session_key(headers) else { return Ok(None) };
        Ok(self.find(&key).await?.map(|(viewer, _)| viewer))
    }

    async fn find(&self, key: &Key) -> Result<Option<(Viewer, DateTime<Utc>)>, DbErr> {
        let found = session::find(&self.services.db, key, self.services.clock.now()).await?;
        Ok(found.map(|(identity, until)| (Viewer::new(identity), until)))
    }

    /// Whether a form was sent by a page of this server.
    pub(crate) fn is_own_page(&self, headers: &HeaderMap) -> bool {
        self.site.is_own_page(headers)
    }

    /// Who the link with this code was made for, if it is the first time that it is used.
    pub(crate) fn redeem(&self, code: &str) -> Option<Offer> {
        self.links.redeem(&Key::from(code), self.services.clock.now())
    }

    /// Takes the use of a link back, because no session came of it.
    pub(crate) fn restore(&self, code: &str, offer: Offer) {
        self.links.restore(&Key::from(code), offer);
    }

    /// Who a token names, and until when.
    pub(crate) async fn verify(&self, token: &str) -> Result<(Identity, DateTime<Utc>), TokenError> {
        let ticket = self.verifier.admit(token).await?;
        // A session lasts: another process may have revoked the token a moment ago.
        self.services.revocations.refresh().await.map_err(|error| {
            tracing::error!(%error, "the list of revoked tokens could not be read");
            TokenError::KeysUnavailable
        })?;
        self.verifier.recheck(&ticket)?;
        Ok((ticket.identity, ticket.expires_at))
    }

    /// Begins a session of `identity`, which lasts no longer than `until`. Returns its key.
    ///
    /// # Errors
    /// Whatever the database reports.
    pub(crate) async fn begin(
        &self,
        identity: &Identity,
        until: Option<DateTime<Utc>>,
    ) -> Result<Key, DbErr> {
        session::begin(&self.services.db, identity, until, self.services.clock.now()).await
    }

    /// The cookie by which a browser keeps the key of its session.
    pub(crate) fn cookie(&self, headers: &HeaderMap, key: &Key) -> String {
        self.site.cookie(headers, key)
    }

    /// Ends the session of the key.
    ///
    /// # Errors
    /// Whatever the database reports.
    pub(crate) async fn discard(&self, key: &Key) -> Result<(), DbErr> {
        session::end(&self.services.db, key, self.services.clock.now()).await
    }

    /// Ends the session that a request comes with, if it does. Returns the cookie that makes the browser forget it.
    ///
    /// # Errors
    /// Whatever the database reports.
    pub(crate) async fn end(&self, headers: &HeaderMap) -> Result<String, DbErr> {
        if let Some(key) = self.site.session_key(headers) {
            self.discard(&key).await?;
        }
        Ok(self.site.no_cookie(headers))
    }
}
