//! Profiles as several viewers see them, read together.

use std::collections::{HashMap, HashSet};

use async_graphql::dataloader::Loader;
use chrono::{DateTime, Utc};
use entity::clock::SharedClock;
use entity::database::Database;
use entity::id::StudentId;
use entity::sea_orm::{ColumnTrait, DatabaseConnection, DbErr, EntityTrait, QueryFilter};
use entity::student_profile;

use super::pairs::Pairs;
use super::{LoadError, ProfileCache};
use crate::auth::Role;
use crate::viewer::Viewer;

/// A student's profile, if `viewer` may see it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SeenBy {
    /// Who looks.
    pub viewer: Viewer,
    /// At whom.
    pub student: StudentId,
}

/// Loads profiles within what each viewer may see at that moment: the same as a read within each viewer's scope, in a few
/// statements for all of them. Whoever passes one on tells that scope.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The database.
    pub db: Database,
    /// What must not be older than what is seen here.
    pub cache: ProfileCache,
    /// The clock.
    pub clock: SharedClock,
}

impl Loader<SeenBy> for Seen {
    type Value = student_profile::Model;
    type Error = LoadError;

    async fn load(&self, keys: &[SeenBy]) -> Result<HashMap<SeenBy, student_profile::Model>, LoadError> {
        let students: HashSet<StudentId> = keys.iter().map(|key| key.student).collect();
        let students: Vec<StudentId> = students.into_iter().collect();
        let profiles = student_profile::Entity::find()
            .filter(student_profile::Column::StudentId.is_in(students.iter().copied()))
            .all(self.db.reader())
            .await?;
        self.cache.saw(profiles.iter());
        let profiles: HashMap<StudentId, _> = profiles.into_iter().map(|row| (row.student_id, row)).collect();
        // Whoever has lost the right by now gets nothing of what was read before.
        let rights = Rights::read(self.db.reader(), keys, &students, self.clock.now()).await?;
        let seen = keys.iter().filter(|key| rights.allow(key));
        Ok(seen.filter_map(|key| Some((key.clone(), profiles.get(&key.student)?.clone()))).collect())
    }
}

/// Who may see whom, of some viewers and some students.
#[derive(Default)]
struct Rights(HashMap<Role, HashSet<(String, StudentId)>>);

impl Rights {
    async fn read(
        db: &DatabaseConnection,
        keys: &[SeenBy],
        students: &[StudentId],
        now: DateTime<Utc>,
    ) -> Result<Self, DbErr> {
        let limited = keys.iter().map(|key| &key.viewer).filter(|viewer| !viewer.sees_everybody());
        let roles: HashSet<Role> = limited.map(Viewer::role).collect();
        let mut rights = Self::default();
        for role in roles {
            rights.0.insert(role, Pairs::of(role, now).among(db, students).await?);
        }
        Ok(rights)
    }

    fn allow(&self, key: &SeenBy) -> bool {
        let pair = || (key.viewer.subject().to_owned(), key.student);
        key.viewer.sees_everybody()
            || self.0.get(&key.viewer.role()).is_some_and(|pairs| pairs.contains(&pair()))
    }
}
