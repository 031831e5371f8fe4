//! Who read or changed students' records.

use async_graphql::{Context, Description, ID, Object, Result};
use entity::access_log::{self, ERASED};

use super::{Student, student};
use crate::auth::Role as AuthRole;
use crate::schema::enums::{AccessKind, Role};
use crate::schema::scalars::Time;
use crate::service::access::FamilyEntry;

/// An entry of the access log, for admins: what one viewer did to one student's record through one operation, once or
/// several times within an hour.
#[derive(Clone, Debug, Description)]
pub struct AccessEntry(pub access_log::Model);

#[Object(use_type_description)]
impl AccessEntry {
    /// The id of the entry, such as `access:0193…`.
    async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// The id of the student; null when the student was erased.
    async fn student_id(&self) -> Option<ID> {
        (self.0.student_id != ERASED).then(|| self.0.student_id.to_string().into())
    }

    /// The student; null when the student is no more.
    async fn student(&self, ctx: &Context<'_>) -> Result<Option<Student>> {
        student(ctx, self.0.student_id).await
    }

    /// The viewer's role.
    async fn role(&self) -> Option<Role> {
        role(&self.0)
    }

    /// The viewer's own id among those of the role.
    async fn subject(&self) -> &str {
        &self.0.subject
    }

    /// What was done.
    async fn kind(&self) -> AccessKind {
        self.0.kind.into()
    }

    /// The root field of this schema through which it was done, such as `studentProfile`; `changesCsv` for the changes of a
    /// backfill as CSV.
    async fn operation(&self) -> &str {
        &self.0.operation
    }

    /// In how many requests.
    async fn count(&self) -> i64 {
        self.0.count
    }

    /// When first.
    async fn first_at(&self) -> Time {
        self.0.first_at.into()
    }

    /// When last.
    async fn last_at(&self) -> Time {
        self.0.last_at.into()
    }
}

/// What somebody other than the student did to a record, as the family sees it.
#[derive(Clone, Debug, Description)]
pub struct RecordAccess(pub FamilyEntry);

#[Object(use_type_description)]
impl RecordAccess {
    /// The role of whoever it was.
    async fn role(&self) -> Option<Role> {
        role(&self.0.entry)
    }

    /// Who it was: the name of a guardian of the same student, or the id of a learning system. Null for the school's
    /// staff: the school knows, and can be asked.
    async fn who(&self) -> Option<&str> {
        self.0.who.as_deref()
    }

    /// What was done.
    async fn kind(&self) -> AccessKind {
        self.0.entry.kind.into()
    }

    /// The root field of this schema through which it was done, such as `studentProfile`; `changesCsv` for the changes of a
    /// backfill as CSV.
    async fn operation(&self) -> &str {
        &self.0.entry.operation
    }

    /// In how many requests.
    async fn count(&self) -> i64 {
        self.0.entry.count
    }

    /// When first.
    async fn first_at(&self) -> Time {
        self.0.entry.first_at.into()
    }

    /// When last.
    async fn last_at(&self) -> Time {
        self.0.entry.last_at.into()
    }
}

/// The role of an entry; none of a role that this version does not know.
fn role(entry: &access_log::Model) -> Option<Role> {
    entry.role.parse::<AuthRole>().ok().map(Into::into)
}
