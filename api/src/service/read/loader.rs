//! Rows by their ids, many at a time: what async-graphql's data loader asks for.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::dataloader::Loader;
use entity::database::Database;
use entity::id::{AssignmentId, CourseId, GuardianId, QuizId, StudentId};
use entity::sea_orm::{
    ColumnTrait, DbErr, EntityTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder, QuerySelect,
    RelationTrait,
};
use entity::{assignment, course, enrollment, guardian, quiz, student, student_profile};

/// Loads rows without asking who may see them: for rows that belong to one which the viewer has seen already.
#[derive(Debug)]
pub struct Unscoped(pub Database);

/// An error that several waiting loads share.
pub type LoadError = Arc<DbErr>;

/// The enrolments of a student, in the order in which they were made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EnrollmentsOf(pub StudentId);

/// The enrolments of a student, in the order in which they were made, each with its course.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EnrollmentsWithCourses(pub StudentId);

/// The enrolments of one student.
#[derive(Clone, Debug, Default)]
pub struct Enrollments {
    /// In the order in which they were made.
    pub rows: Vec<enrollment::Model>,
    /// The version of the profile that they were read with, and the revision of the facts; none when there are no rows.
    pub(super) newest: Option<(i64, i64)>,
}

#[derive(FromQueryResult)]
struct EnrollmentRow {
    #[sea_orm(nested)]
    enrollment: enrollment::Model,
    version: i64,
    facts_revision: i64,
}

/// The aggregates of a student.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ProfileOf(pub StudentId);

/// A key by which one row leads to others.
pub trait RelatedKey {
    /// The student whom the rows are about, if they are about one: who follows the key reads that student's record.
    fn student(&self) -> Option<StudentId>;
}

impl RelatedKey for ProfileOf {
    fn student(&self) -> Option<StudentId> {
        Some(self.0)
    }
}

impl RelatedKey for EnrollmentsOf {
    fn student(&self) -> Option<StudentId> {
        Some(self.0)
    }
}

impl RelatedKey for EnrollmentsWithCourses {
    fn student(&self) -> Option<StudentId> {
        Some(self.0)
    }
}

impl RelatedKey for StudentId {
    fn student(&self) -> Option<StudentId> {
        Some(*self)
    }
}

macro_rules! of_no_student {
    ($($key:ty),+) => {
        $(impl RelatedKey for $key {
            fn student(&self) -> Option<StudentId> {
                None
            }
        })+
    };
}

of_no_student!(GuardianId, CourseId, QuizId, AssignmentId);

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
    type Value = Enrollments;
    type Error = LoadError;

    async fn load(&self, keys: &[EnrollmentsOf]) -> Result<HashMap<EnrollmentsOf, Enrollments>, LoadError> {
        let rows = enrollment::Entity::find()
            .join(JoinType::InnerJoin, enrollment::Relation::Profile.def())
            .column(student_profile::Column::Version)
            .column(student_profile::Column::FactsRevision)
            .filter(enrollment::Column::StudentId.is_in(keys.iter().map(|key| key.0)))
            .filter(enrollment::Column::DeletedAt.is_null())
            .order_by_asc(enrollment::Column::Id)
            .into_model::<EnrollmentRow>()
            .all(self.0.reader())
            .await?;
        let mut loaded: HashMap<EnrollmentsOf, Enrollments> =
            keys.iter().map(|key| (*key, Enrollments::default())).collect();
        for EnrollmentRow { enrollment, version, facts_revision } in rows {
            let enrollments = loaded.entry(EnrollmentsOf(enrollment.student_id)).or_default();
            enrollments.newest = Some((version, facts_revision));
            enrollments.rows.push(enrollment);
        }
        Ok(loaded)
    }
}

impl Loader<EnrollmentsWithCourses> for Unscoped {
    type Value = Vec<(enrollment::Model, Option<course::Model>)>;
    type Error = LoadError;

    async fn load(
        &self,
        keys: &[EnrollmentsWithCourses],
    ) -> Result<HashMap<EnrollmentsWithCourses, Self::Value>, LoadError> {
        let rows = enrollment::Entity::find()
            .join(JoinType::InnerJoin, enrollment::Relation::Course.def())
            .select_also(course::Entity)
            .filter(enrollment::Column::StudentId.is_in(keys.iter().map(|key| key.0)))
            .filter(enrollment::Column::DeletedAt.is_null())
            .order_by_asc(enrollment::Column::Id)
            .all(self.0.reader())
            .await?;
        let mut loaded: HashMap<_, Self::Value> = keys.iter().map(|key| (*key, Vec::new())).collect();
        for row in rows {
            loaded.entry(EnrollmentsWithCourses(row.0.student_id)).or_default().push(row);
        }
        Ok(loaded)
    }
}
