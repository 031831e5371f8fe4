//! Facts that are written by somebody who wants to see them counted.

use std::time::Duration;

use entity::id::StudentId;
use entity::student_profile;
use tokio::time::{Instant, timeout_at};

use super::LiveProfiles;
use crate::error::{ApiError, UserError};
use crate::live::Topic;
use crate::service::facts::{self, Command, Groups, Row as _, Written};
use crate::service::read::{LoadError, Scope, SeenBy};

/// A profile, and whether it counts a fact.
#[derive(Clone, Debug)]
pub struct Counted {
    /// The profile.
    pub profile: student_profile::Model,
    /// Whether it counts the fact.
    pub fact: bool,
}

impl LiveProfiles {
    /// Does one command, and then waits, if `patience` is given, until the profile of the student whom it is about counts
    /// what was written, or the time is up.
    ///
    /// # Errors
    /// As [`facts::write_one`]. What goes wrong after that takes nothing back: then there is no profile.
    pub async fn write_one<C: Command>(
        &self,
        scope: &Scope,
        groups: &Groups,
        command: Result<C, UserError>,
        patience: Option<Duration>,
    ) -> Result<(Written<C::Row>, Option<Counted>), ApiError> {
        let written = facts::write_one(&self.db, &*self.clock, groups, command).await?;
        let (Some(patience), Some(student)) = (patience, written.row.owner()) else {
            return Ok((written, None));
        };
        let counted = self.counted(scope, student, written.facts_revision, patience).await;
        let counted = counted.inspect_err(|error| tracing::warn!(%error, "a profile that was awaited"));
        Ok((written, counted.ok().flatten()))
    }

    /// The profile as soon as it counts the facts of `revision`: those of now, unless one is given.
    async fn counted(
        &self,
        scope: &Scope,
        student: StudentId,
        mut revision: Option<i64>,
        patience: Duration,
    ) -> Result<Option<Counted>, LoadError> {
        let deadline = Instant::now() + patience;
        let mut watch = self.live.watch(Topic::Profile(student));
        let seen_by = SeenBy { viewer: scope.viewer().clone(), student };
        let mut is_late = false;
        loop {
            let Some(profile) = self.seen.load_one(seen_by.clone()).await? else { return Ok(None) };
            // A fact that was there already may be waiting to be counted with the others.
            let wanted = *revision.get_or_insert(profile.facts_revision);
            let fact = profile.aggregated_revision >= wanted;
            if fact || is_late {
                scope.seen(std::slice::from_ref(&profile));
                return Ok(Some(Counted { profile, fact }));
            }
            watch.saw(profile.version);
            is_late = timeout_at(deadline, watch.changed()).await.is_err();
        }
    }
}
