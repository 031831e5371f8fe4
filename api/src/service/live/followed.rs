//! One profile, followed on behalf of one viewer.

use std::time::Duration;

use entity::id::StudentId;
use entity::student_profile;

use super::LiveProfiles;
use crate::live::{Topic, Watch};
use crate::service::read::{LoadError, Scope, SeenBy};

/// How long a database that does not answer is left alone, once the viewer has had the first value.
pub(super) const RETRY: Duration = Duration::from_millis(500);

pub(super) struct Followed {
    profiles: LiveProfiles,
    scope: Scope,
    student: StudentId,
    /// Made before the first read, so that no change can fall between them.
    watch: Watch,
    /// The version that the viewer has.
    version: Option<i64>,
}

impl Followed {
    pub(super) fn new(profiles: &LiveProfiles, scope: Scope, student: StudentId) -> Self {
        let watch = profiles.live.watch(Topic::Profile(student));
        Self { profiles: profiles.clone(), scope, student, watch, version: None }
    }

    pub(super) const fn student(&self) -> StudentId {
        self.student
    }

    /// The profile when it is newer than what the viewer has; none when the viewer may not see it any more.
    pub(super) async fn next(&mut self) -> Result<Option<student_profile::Model>, LoadError> {
        loop {
            if self.version.is_some() {
                self.changed().await;
            }
            match self.newer().await? {
                Newer::Profile(row) => return Ok(Some(row)),
                Newer::Hidden => return Ok(None),
                Newer::Nothing => {}
            }
        }
    }

    /// Returns when the profile may have changed.
    pub(super) async fn changed(&mut self) {
        self.watch.changed().await;
    }

    /// The profile now, unless the viewer has it already.
    pub(super) async fn newer(&mut self) -> Result<Newer, LoadError> {
        let Some(row) = self.read().await? else { return Ok(Newer::Hidden) };
        if self.version.is_some_and(|version| row.version <= version) {
            return Ok(Newer::Nothing);
        }
        self.version = Some(row.version);
        self.watch.saw(row.version);
        self.scope.seen(std::slice::from_ref(&row));
        Ok(Newer::Profile(row))
    }

    /// What the viewer sees now. A database that is away ends nothing that has begun.
    async fn read(&self) -> Result<Option<student_profile::Model>, LoadError> {
        loop {
            let seen_by = SeenBy { viewer: self.scope.viewer().clone(), student: self.student };
            match self.profiles.seen.load_one(seen_by).await {
                Ok(row) => return Ok(row),
                Err(error) if self.version.is_none() => return Err(error),
                Err(error) => {
                    tracing::warn!(%error, "a followed profile could not be read, and will be read again");
                    tokio::time::sleep(RETRY).await;
                }
            }
        }
    }
}

/// What there is for the viewer.
pub(super) enum Newer {
    /// A profile that the viewer does not have yet.
    Profile(student_profile::Model),
    /// Nothing that the viewer may see.
    Hidden,
    /// Nothing that the viewer does not have.
    Nothing,
}
