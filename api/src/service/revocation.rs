//! Revoking bearer tokens. The list is in the database; every process checks tokens against a copy in memory.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use entity::clock::Clock;
use entity::database::Database;
use entity::sea_orm::sea_query::{Expr, OnConflict};
use entity::sea_orm::{ActiveModelTrait, DbErr, EntityTrait, IntoActiveModel};
use entity::{revoked_subject, revoked_token, token_cutoff};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use crate::auth::{Identity, Revocations, Revoked};
use crate::service::revocation_journal::{self, RevocationJournal};
use crate::service::session;
use crate::viewer::Viewer;

/// How often the copy is renewed: for so long, other processes accept a token that was revoked by one.
pub const REFRESH_EVERY: Duration = Duration::from_secs(5);

/// Which tokens to revoke.
#[derive(Clone, Debug)]
pub enum Revocation {
    /// The one with this `jti`.
    Token(String),
    /// Those of an identity that were issued before a time; before now, unless told otherwise.
    Subject(Identity, Option<DateTime<Utc>>),
}

/// The list of revoked tokens. Cheap to clone.
#[derive(Clone, Debug)]
pub struct RevocationList {
    db: Database,
    journal: RevocationJournal,
    copy: Revocations,
    /// Held from reading the list to replacing the copy, so that no older list replaces a newer one.
    refreshing: Arc<Mutex<()>>,
}

impl RevocationList {
    /// The list in `db`, of which nothing is known until [`Self::refresh`].
    pub fn new(db: Database) -> Self {
        Self {
            db,
            journal: RevocationJournal::off(),
            copy: Revocations::default(),
            refreshing: Arc::default(),
        }
    }

    /// The same list, whose revocations are written to `journal` too.
    #[must_use]
    pub fn journaled(self, journal: RevocationJournal) -> Self {
        Self { journal, ..self }
    }

    /// The copy, for a verifier of tokens.
    pub fn copy(&self) -> Revocations {
        self.copy.clone()
    }

    /// Reads the list anew.
    ///
    /// # Errors
    /// Whatever the database reports; the copy stays as it was.
    pub async fn refresh(&self) -> Result<(), DbErr> {
        let _refreshing = self.refreshing.lock().await;
        let tokens = revoked_token::Entity::find().all(self.db.reader()).await?;
        let subjects = revoked_subject::Entity::find().all(self.db.reader()).await?;
        let cutoff = token_cutoff::Entity::find_by_id(token_cutoff::ONLY).one(self.db.reader()).await?;
        self.copy.replace(Revoked {
            tokens: tokens.into_iter().map(|row| row.jti).collect(),
            subjects: subjects.into_iter().filter_map(revoked_identity).collect::<HashMap<_, _>>(),
            issued_before: cutoff.and_then(|row| row.issued_before),
        });
        Ok(())
    }

    /// Reads the list regularly until `stop`. While the database is away, what was known last goes on to hold.
    pub async fn keep(self, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(REFRESH_EVERY) => {}
            }
            if let Err(error) = self.refresh().await {
                tracing::warn!(%error, "the list of revoked tokens could not be read anew");
            }
        }
    }

    /// Revokes tokens: in this process at once, in others within [`REFRESH_EVERY`]. What was revoked stays so: of two
    /// times for one identity, the later one holds. The identity's sessions end with its tokens. Returns the time of the
    /// revocation.
    ///
    /// # Errors
    /// Whatever the database reports.
    pub async fn revoke(
        &self,
        clock: &dyn Clock,
        by: &Viewer,
        revocation: Revocation,
    ) -> Result<DateTime<Utc>, DbErr> {
        let now = clock.now();
        match revocation {
            Revocation::Token(jti) => self.revoke_token(jti, now, by).await?,
            Revocation::Subject(identity, before) => {
                self.revoke_subject(&identity, before.unwrap_or(now), now, by).await?;
            }
        }
        self.refresh().await?;
        Ok(now)
    }

    async fn revoke_token(&self, jti: String, now: DateTime<Utc>, by: &Viewer) -> Result<(), DbErr> {
        let row = revoked_token::Model { jti, revoked_at: now, revoked_by: by.subject().to_owned() };
        revoked_token::Entity::insert(row.clone().into_active_model().reset_all())
            .on_conflict_do_nothing_on([revoked_token::Column::Jti])
            .exec_without_returning(self.db.writer())
            .await?;
        self.journal.append([revocation_journal::of_token(row)]).await;
        Ok(())
    }

    async fn revoke_subject(
        &self,
        identity: &Identity,
        issued_before: DateTime<Utc>,
        now: DateTime<Utc>,
        by: &Viewer,
    ) -> Result<(), DbErr> {
        use revoked_subject::{Column, Entity, Model};
        let row = Model {
            role: identity.role().as_str().to_owned(),
            subject: identity.subject().to_owned(),
            issued_before,
            revoked_at: now,
            revoked_by: by.subject().to_owned(),
        };
        let if_later = OnConflict::columns([Column::Role, Column::Subject])
            .update_columns([Column::IssuedBefore, Column::RevokedAt, Column::RevokedBy])
            .action_and_where(Expr::cust("excluded.issued_before > revoked_subject.issued_before"))
            .to_owned();
        Entity::insert(row.clone().into_active_model().reset_all())
            .on_conflict(if_later)
            .exec_without_returning(self.db.writer())
            .await?;
        self.journal.append([revocation_journal::of_subject(row)]).await;
        // Each session began with a token.
        session::end_all(&self.db, identity.subject(), Some(identity.role()), now).await?;
        Ok(())
    }
}

fn revoked_identity(row: revoked_subject::Model) -> Option<(Identity, DateTime<Utc>)> {
    let identity = Identity::new(row.role.parse().ok()?, row.subject).ok()?;
    Some((identity, row.issued_before))
}
