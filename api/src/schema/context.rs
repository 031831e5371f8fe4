//! What resolvers work with.

use async_graphql::{Context, Result};
use entity::clock::SharedClock;
use entity::database::Database;
use entity::sea_orm::DatabaseConnection;

use super::batches::Loaders;
use crate::service::read::Scope;
use crate::viewer::Viewer;

/// What is shared by all requests.
#[derive(Clone, Debug)]
pub struct Services {
    /// The database.
    pub db: Database,
    /// The clock.
    pub clock: SharedClock,
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
        Ok(Scope::of(self.viewer()?.clone(), self.services()?.clock.now()))
    }
}
