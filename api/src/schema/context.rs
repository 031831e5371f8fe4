//! What resolvers work with.

use async_graphql::{Context, Result};
use entity::access_log::Kind;
use entity::clock::SharedClock;
use entity::database::Database;
use entity::id::StudentId;
use entity::sea_orm::DatabaseConnection;

use super::batches::Loaders;
use super::root_field::root_field;
use crate::service::access::{AccessLog, Witness};
use crate::service::read::Scope;
use crate::service::revocation::RevocationList;
use crate::service::revocation_journal::RevocationJournal;
use crate::viewer::Viewer;

/// What is shared by all requests.
#[derive(Clone, Debug)]
pub struct Services {
    /// The database.
    pub db: Database,
    /// The clock.
    pub clock: SharedClock,
    /// Who read or changed whose record.
    pub access_log: AccessLog,
    /// Tokens that are refused.
    pub revocations: RevocationList,
    /// Revocations, kept outside the database.
    pub journal: RevocationJournal,
}

impl Services {
    /// The services over `db`.
    pub fn new(db: Database, clock: SharedClock) -> Self {
        let access_log = AccessLog::new(db.clone(), clock.clone());
        let (revocations, journal) = (RevocationList::new(db.clone()), RevocationJournal::off());
        Self { db, clock, access_log, revocations, journal }
    }

    /// The same services, which write what they revoke to `journal` too.
    #[must_use]
    pub fn journaled(self, journal: RevocationJournal) -> Self {
        let revocations = self.revocations.journaled(journal.clone());
        Self { revocations, journal, ..self }
    }
}

/// Short ways to what a resolver needs.
pub(super) trait Resolving<'a> {
    /// What is shared by all requests.
    fn services(&self) -> Result<&'a Services>;
    /// Where to read.
    fn reader(&self) -> Result<&'a DatabaseConnection>;
    /// Where to load rows.
    fn loaders(&self) -> Result<&'a Loaders>;
    /// Who asks.
    fn viewer(&self) -> Result<&'a Viewer>;
    /// What the viewer may see now.
    fn scope(&self) -> Result<Scope>;
    /// Notes for the access log that the viewer reads or changes the records of `students`.
    fn note(&self, kind: Kind, students: impl IntoIterator<Item = StudentId>) -> Result<()>;
}

impl<'a> Resolving<'a> for Context<'a> {
    fn services(&self) -> Result<&'a Services> {
        self.data::<Services>()
    }

    fn reader(&self) -> Result<&'a DatabaseConnection> {
        Ok(self.services()?.db.reader())
    }

    fn loaders(&self) -> Result<&'a Loaders> {
        self.data::<Loaders>()
    }

    fn viewer(&self) -> Result<&'a Viewer> {
        self.data::<Viewer>()
    }

    fn scope(&self) -> Result<Scope> {
        let witness = self.data::<Witness>()?.clone();
        Ok(Scope::of(self.viewer()?.clone(), self.services()?.clock.now(), witness, root_field(self)))
    }

    fn note(&self, kind: Kind, students: impl IntoIterator<Item = StudentId>) -> Result<()> {
        self.data::<Witness>()?.note(root_field(self), kind, students);
        Ok(())
    }
}
