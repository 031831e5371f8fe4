//! The children of a guardian, whoever they are at the time.

use entity::sea_orm::DbErr;
use entity::student_profile;
use futures::FutureExt as _;
use futures::future::select_all;

use super::LiveProfiles;
use super::followed::{Followed, Newer, RETRY};
use crate::live::{Topic, Watch};
use crate::service::read::{self, LoadError, Scope};

/// The profiles of a guardian's children, in the order of their names when there are several to give at once.
pub(super) struct Children {
    profiles: LiveProfiles,
    scope: Scope,
    /// Says when the guardian may have other children.
    family: Watch,
    followed: Vec<Child>,
}

struct Child {
    profile: Followed,
    /// Whether the profile is to be read.
    due: bool,
}

impl Children {
    /// The guardian's children of this moment.
    pub(super) async fn of(profiles: LiveProfiles, scope: Scope) -> Result<Self, DbErr> {
        let guardian = read::guardian_of(profiles.db.reader(), scope.viewer()).await?;
        // Watched before the children are read, so that none can join in between.
        let family = profiles.live.watch(Topic::Children(guardian));
        let mut children = Self { profiles, scope, family, followed: Vec::new() };
        children.look().await?;
        Ok(children)
    }

    /// The next profile that is newer than what the viewer has.
    pub(super) async fn next(&mut self) -> Result<student_profile::Model, LoadError> {
        loop {
            while let Some(at) = self.followed.iter().position(|child| child.due) {
                self.followed[at].due = false;
                match self.followed[at].profile.newer().await? {
                    Newer::Profile(row) => return Ok(row),
                    Newer::Hidden => drop(self.followed.remove(at)),
                    Newer::Nothing => {}
                }
            }
            if self.wait().await {
                self.look_until_seen().await;
            }
        }
    }

    /// Waits for changes, and notes whose. Returns whether there may be other children.
    async fn wait(&mut self) -> bool {
        let children = self.followed.iter_mut().map(|child| child.profile.changed().boxed());
        let family = self.family.changed().map(|()| true).boxed();
        let changes = children.map(|changed| changed.map(|()| false).boxed()).chain([family]);
        let (family, first, _) = select_all(changes).await;
        if !family {
            self.followed[first].due = true;
        }
        family
    }

    /// Looks who the children are, again and again if the database is away.
    async fn look_until_seen(&mut self) {
        while let Err(error) = self.look().await {
            tracing::warn!(%error, "the children of a guardian could not be read, and will be read again");
            tokio::time::sleep(RETRY).await;
        }
    }

    /// Follows those who are children now, and no others.
    async fn look(&mut self) -> Result<(), DbErr> {
        let scope = self.scope.at(self.profiles.clock.now());
        let rows = read::children(self.profiles.db.reader(), &scope).await?;
        let mut before = std::mem::take(&mut self.followed);
        for row in rows {
            let known = before.iter().position(|child| child.profile.student() == row.student_id);
            let child = if let Some(at) = known {
                before.swap_remove(at)
            } else {
                let profile = Followed::new(&self.profiles, self.scope.clone(), row.student_id);
                Child { profile, due: true }
            };
            self.followed.push(child);
        }
        Ok(())
    }
}
