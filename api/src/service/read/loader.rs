//! Rows by their ids, many at a time: what async-graphql's data loader asks for.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::dataloader::Loader;
use entity::database::Database;
use entity::id::{AssignmentId, CourseId, GuardianId, QuizId, StudentId};
use entity::sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};
use entity::{assignment, course, enrollment, guardian, quiz, student, student_profile};

/// Loads rows without asking who may see them: for rows that belong to one which the viewer has seen already.
#[derive(Debug)]
pub struct Unscoped(pub Database);

/// An error that several waiting loads share.
pub type LoadError = Arc<DbErr>;

/// The enrolments of a student, in the order in which they were made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EnrollmentsOf(pub StudentId);

/// The aggregates of a student.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ProfileOf(pub StudentId);

macro_rules! load_by_id {
    ($entity:ident, $id:ty) => {
        impl Loader<$id> for Unscoped {
            type Value = $entity::Model;
            type Error = LoadError;

            async fn load(&self, ids: &[$id]) -> Result<HashMap<$id, $entity::Model>, LoadError> {
                let rows = $entity::Entity::find()
                    .filter($entity::Column::Id.is_in(ids.iter().copied()))
                    .all(self.0.reader())
                    .await?;
                Ok(rows.into_iter().map(|row| (row.id, row)).collect())
            }
        }
    };
}

load_by_id!(student, StudentId);
load_by_id!(guardian, GuardianId);
load_by_id!(course, CourseId);
load_by_id!(quiz, QuizId);
load_by_id!(assignment, AssignmentId);

impl Loader<ProfileOf> for Unscoped {
    type Value = student_profile::Model;
    type Error = LoadError;

    async fn load(
        &self,
        keys: &[ProfileOf],
    ) -> Result<HashMap<ProfileOf, student_profile::Model>, LoadError> {
        let rows = student_profile::Entity::find()
            .filter(student_profile::Column::StudentId.is_in(keys.iter().map(|key| key.0)))
            .all(self.0.reader())
            .await?;
        Ok(rows.into_iter().map(|row| (ProfileOf(row.student_id), row)).collect())
    }
}

impl Loader<EnrollmentsOf> for Unscoped {
    type Value = Vec<enrollment::Model>;
    type Error = LoadError;

    async fn load(
        &self,
        keys: &[EnrollmentsOf],
    ) -> Result<HashMap<EnrollmentsOf, Vec<enrollment::Model>>, LoadError> {
        let rows = enrollment::Entity::find()
            .filter(enrollment::Column::StudentId.is_in(keys.iter().map(|key| key.0)))
            .filter(enrollment::Column::DeletedAt.is_null())
            .order_by_asc(enrollment::Column::Id)
            .all(self.0.reader())
            .await?;
        let mut loaded: HashMap<EnrollmentsOf, Vec<enrollment::Model>> =
            keys.iter().map(|key| (*key, Vec::new())).collect();
        for row in rows {
            loaded.entry(EnrollmentsOf(row.student_id)).or_default().push(row);
        }
        Ok(loaded)
    }
}
