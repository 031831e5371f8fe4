//! Students, guardians, and who may see whom.

use async_graphql::{Context, Description, ID, Object, Result};
use entity::{guardian, guardianship, student};

use super::{StudentProfile, related};
use crate::schema::context::Resolving;
use crate::schema::enums::Role;
use crate::schema::paging::SHORT_LIST;
use crate::schema::scalars::Time;
use crate::service::read::ProfileOf;
use crate::viewer::Viewer;

/// A student.
#[derive(Clone, Debug, Description)]
pub struct Student(pub student::Model);

#[Object(use_type_description)]
impl Student {
    /// The id that Tally gave it, such as `student:0193…`.
    pub async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// The writing system's own id.
    async fn sourced_id(&self) -> &str {
        &self.0.sourced_id
    }

    /// The name that people read.
    async fn display_name(&self) -> &str {
        &self.0.display_name
    }

    /// The student's aggregates.
    async fn profile(&self, ctx: &Context<'_>) -> Result<StudentProfile> {
        related(ctx, "profile", ProfileOf(self.0.id)).await.map(StudentProfile)
    }
}

impl From<student::Model> for Student {
    fn from(row: student::Model) -> Self {
        Self(row)
    }
}

/// A guardian: a parent, or whoever stands in for one.
#[derive(Clone, Debug, Description)]
pub struct Guardian(pub guardian::Model);

#[Object(use_type_description)]
impl Guardian {
    /// The id that Tally gave it, such as `guardian:0193…`.
    pub async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// The writing system's own id; the subject of the guardian's tokens.
    async fn sourced_id(&self) -> &str {
        &self.0.sourced_id
    }

    /// The name that people read.
    async fn display_name(&self) -> &str {
        &self.0.display_name
    }
}

impl From<guardian::Model> for Guardian {
    fn from(row: guardian::Model) -> Self {
        Self(row)
    }
}

/// A guardian's right to see a student's record.
#[derive(Clone, Debug, Description)]
pub struct Guardianship(pub guardianship::Model);

#[Object(use_type_description)]
impl Guardianship {
    /// The student who may be seen.
    async fn student(&self, ctx: &Context<'_>) -> Result<Student> {
        related(ctx, "student", self.0.student_id).await.map(Student)
    }

    /// The guardian who may see.
    async fn guardian(&self, ctx: &Context<'_>) -> Result<Guardian> {
        related(ctx, "guardian", self.0.guardian_id).await.map(Guardian)
    }

    /// The first moment of the right.
    async fn valid_from(&self) -> Time {
        self.0.valid_from.into()
    }

    /// The first moment after the right; open when null.
    async fn valid_until(&self) -> Option<Time> {
        self.0.valid_until.map(Into::into)
    }

    /// When it was revoked, if it was.
    async fn revoked_at(&self) -> Option<Time> {
        self.0.revoked_at.map(Into::into)
    }
}

impl From<guardianship::Model> for Guardianship {
    fn from(row: guardianship::Model) -> Self {
        Self(row)
    }
}

/// Whoever is asking.
#[derive(Clone, Debug, Description)]
pub struct ViewerInfo(pub Viewer);

#[Object(name = "Viewer", use_type_description)]
impl ViewerInfo {
    /// What the viewer may do.
    async fn role(&self) -> Role {
        self.0.role().into()
    }

    /// The viewer's own id, from the token.
    async fn subject(&self) -> &str {
        self.0.subject()
    }

    /// The children whose records a guardian may see now, in the order of their names; empty for everybody else.
    #[graphql(complexity = "SHORT_LIST * child_complexity")]
    async fn children(&self, ctx: &Context<'_>) -> Result<Vec<StudentProfile>> {
        super::profile::children_of_viewer(ctx).await
    }

    /// The viewer's own aggregates, if the viewer is a student.
    async fn profile(&self, ctx: &Context<'_>) -> Result<Option<StudentProfile>> {
        if self.0.role() != crate::auth::Role::Student {
            return Ok(None);
        }
        let own = crate::service::facts::Reference::SourcedId(self.0.subject().to_owned());
        let row = crate::service::read::profile(ctx.reader()?, &ctx.scope()?, &own)
            .await
            .map_err(|error| crate::error::database_error(&error))?;
        Ok(row.map(StudentProfile))
    }
}
