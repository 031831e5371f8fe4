//! The erasure of a student.

use async_graphql::{Description, ID, Object};
use entity::student_erasure;

use crate::auth::Role as AuthRole;
use crate::schema::enums::Role;
use crate::schema::scalars::Time;

/// That a student was erased. Nothing else is kept of one.
#[derive(Clone, Debug, Description)]
pub struct Erasure(pub student_erasure::Model);

#[Object(use_type_description)]
impl Erasure {
    /// The id that Tally had given the student.
    async fn student_id(&self) -> ID {
        self.0.student_id.to_string().into()
    }

    /// When.
    async fn erased_at(&self) -> Time {
        self.0.erased_at.into()
    }

    /// The role of whoever did it.
    async fn role(&self) -> Option<Role> {
        self.0.role.parse::<AuthRole>().ok().map(Into::into)
    }

    /// The own id of whoever did it.
    async fn subject(&self) -> &str {
        &self.0.subject
    }

    /// Why.
    async fn reason(&self) -> &str {
        &self.0.reason
    }
}
