//! Profiles as several viewers see them, read together.

use std::collections::{HashMap, HashSet};

use async_graphql::dataloader::Loader;
use chrono::{DateTime, Utc};
use entity::clock::SharedClock;
use entity::database::Database;
use entity::id::StudentId;
use entity::sea_orm::{
    ColumnTrait, DatabaseConnection, DbErr, EntityTrait, JoinType, QueryFilter, QuerySelect, RelationTrait,
};
use entity::{guardian, guardianship, student, student_profile};

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
/// statements for all of them.
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
struct Rights {
    guardians: HashSet<(String, StudentId)>,
    own: HashSet<(String, StudentId)>,
}

impl Rights {
    async fn read(
        db: &DatabaseConnection,
        keys: &[SeenBy],
        students: &[StudentId],
        now: DateTime<Utc>,
    ) -> Result<Self, DbErr> {
        let has = |role| keys.iter().any(|key| key.viewer.role() == role);
        let mut rights = Self::default();
        if has(Role::Guardian) {
            rights.guardians = guardians(db, students, now).await?;
        }
        if has(Role::Student) {
            rights.own = own(db, students).await?;
        }
        Ok(rights)
    }

    fn allow(&self, key: &SeenBy) -> bool {
        let pair = || (key.viewer.subject().to_owned(), key.student);
        match key.viewer.role() {
            Role::Admin | Role::Service => true,
            Role::Guardian => self.guardians.contains(&pair()),
            Role::Student => self.own.contains(&pair()),
        }
    }
}

async fn guardians(
    db: &DatabaseConnection,
    students: &[StudentId],
    now: DateTime<Utc>,
) -> Result<HashSet<(String, StudentId)>, DbErr> {
    let pairs: Vec<(String, StudentId)> = guardianship::Entity::find()
        .join(JoinType::InnerJoin, guardianship::Relation::Guardian.def())
        .filter(guardianship::Column::StudentId.is_in(students.iter().copied()))
        .filter(guardianship::Entity::holds_at(now))
        .select_only()
        .column(guardian::Column::SourcedId)
        .column(guardianship::Column::StudentId)
        .into_tuple()
        .all(db)
        .await?;
    Ok(pairs.into_iter().collect())
}

async fn own(db: &DatabaseConnection, students: &[StudentId]) -> Result<HashSet<(String, StudentId)>, DbErr> {
    let pairs: Vec<(String, StudentId)> = student::Entity::find()
        .filter(student::Column::Id.is_in(students.iter().copied()))
        .select_only()
        .column(student::Column::SourcedId)
        .column(student::Column::Id)
        .into_tuple()
        .all(db)
        .await?;
    Ok(pairs.into_iter().collect())
}
