//! The query for the admins' list of guardianships.

use std::fmt;
use std::str::FromStr;

use async_graphql::connection::Connection;
use async_graphql::{Context, Description, Object, Result};
use entity::access_log::Kind;
use entity::id::{GuardianId, ParseIdError, StudentId};

use crate::error::database_error;
use crate::schema::context::Resolving;
use crate::schema::guards::IsAdmin;
use crate::schema::inputs::Ref;
use crate::schema::paging::{Page, page_size};
use crate::schema::types::Guardianship;
use crate::service::guardianships::{self, GuardianshipFilter};

/// What can be read of guardianships.
#[derive(Debug, Default, Description)]
pub struct GuardianshipsQuery;

#[Object(use_type_description)]
impl GuardianshipsQuery {
    /// All guardianships, or those of a student or a guardian; also those that are over, have not begun, or were
    /// revoked. For admins.
    #[graphql(guard = "IsAdmin", complexity = "page_size(first) * child_complexity")]
    async fn guardianships(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those of this student.")] student: Option<Ref>,
        #[graphql(desc = "Only those of this guardian.")] guardian: Option<Ref>,
        #[graphql(desc = "How many, 1 to 100; 20 unless told otherwise.")] first: Option<i32>,
        #[graphql(desc = "Only those after this cursor.")] after: Option<String>,
    ) -> Result<Connection<String, Guardianship>> {
        let filter = GuardianshipFilter {
            student: student.map(|it| it.read::<StudentId>("student")).transpose()?,
            guardian: guardian.map(|it| it.read::<GuardianId>("guardian")).transpose()?,
        };
        let page = Page::<Key>::read(first, after.as_deref())?;
        let after = page.after.map(|Key(student, guardian)| (student, guardian));
        let rows = guardianships::list_unscoped(&ctx.services()?.db, &filter, after, page.limit + 1).await;
        let rows = rows.map_err(|error| database_error(&error))?;
        let key = |row: &entity::guardianship::Model| Key(row.student_id, row.guardian_id).to_string();
        let page = page.connection(rows, |row| (key(&row), Guardianship(row)));
        ctx.note(Kind::Read, page.edges.iter().map(|edge| edge.node.0.student_id))?;
        Ok(page)
    }
}

/// What a guardianship is known by.
#[derive(Clone, Copy, Debug)]
struct Key(StudentId, GuardianId);

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{}", self.0, self.1)
    }
}

impl FromStr for Key {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let (student, guardian) = text.split_once(',').unwrap_or((text, ""));
        Ok(Self(student.parse()?, guardian.parse()?))
    }
}
