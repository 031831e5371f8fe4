//! Profiles as they change.

mod children;
mod counted;
mod followed;

use std::sync::Arc;

use async_graphql::dataloader::DataLoader;
use entity::clock::SharedClock;
use entity::database::Database;
use entity::id::StudentId;
use entity::sea_orm::DbErr;
use entity::student_profile;
use futures::{Stream, stream};

use crate::auth::Role;
use crate::live::Live;
use crate::service::read::{LoadError, ProfileCache, Scope, Seen};
use children::Children;
use followed::Followed;

pub use counted::Counted;

/// Follows profiles on behalf of viewers. Cheap to clone.
///
/// Each viewer gets the current value first, and then the newest there is whenever it has changed and the viewer can take
/// it. All that is due at a moment is read together, and within what each viewer may see at that moment.
#[derive(Clone)]
pub struct LiveProfiles {
    db: Database,
    clock: SharedClock,
    live: Live,
    seen: Arc<DataLoader<Seen>>,
}

impl LiveProfiles {
    /// Follows the profiles in `db`.
    pub fn new(db: Database, clock: SharedClock, live: Live, cache: ProfileCache) -> Self {
        let seen = DataLoader::new(Seen { db: db.clone(), cache, clock: clock.clone() }, tokio::spawn);
        Self { db, clock, live, seen: Arc::new(seen) }
    }

    /// The profile of `student`, until the viewer may not see it: then comes none, and the end.
    pub fn of_student(
        &self,
        scope: Scope,
        student: StudentId,
    ) -> impl Stream<Item = Result<Option<student_profile::Model>, LoadError>> + Send + use<> {
        let followed = Followed::new(self, scope, student);
        stream::unfold(Some(followed), async |followed| {
            let mut followed = followed?;
            let next = followed.next().await;
            let goes_on = matches!(next, Ok(Some(_)));
            Some((next, goes_on.then_some(followed)))
        })
    }

    /// The profiles of a guardian's children: those of now, and those who join them. For anybody else it ends at once.
    ///
    /// # Errors
    /// Whatever the database reports.
    pub async fn of_children(
        &self,
        scope: Scope,
    ) -> Result<impl Stream<Item = Result<student_profile::Model, LoadError>> + Send + use<>, DbErr> {
        let children = match scope.viewer().role() {
            Role::Guardian => Some(Children::of(self.clone(), scope).await?),
            _ => None,
        };
        Ok(stream::unfold(children, async |children| {
            let mut children = children?;
            let next = children.next().await;
            let goes_on = next.is_ok();
            Some((next, goes_on.then_some(children)))
        }))
    }
}
