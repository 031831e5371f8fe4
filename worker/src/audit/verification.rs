//! All students at once, in parallel. Reads only.

use entity::database::Database;
use entity::student_profile;
use futures::{Stream, TryStreamExt, stream};
use sea_orm::{DbErr, EntityTrait, PaginatorTrait};

use super::{Checked, check, students_after};

/// Students who are judged in one snapshot.
const PAGE: u64 = 500;

/// How many students there are to check.
///
/// # Errors
/// Whatever the database reports.
pub async fn count(db: &Database) -> Result<u64, DbErr> {
    student_profile::Entity::find().count(db.reader()).await
}

/// Checks all students, page by page and `at_once` pages at a time; the pages come as they are done.
///
/// # Errors
/// The stream ends with whatever the database reports.
pub fn verify(db: &Database, at_once: usize) -> impl Stream<Item = Result<Checked, DbErr>> {
    let pages = stream::try_unfold(None, move |after| async move {
        let page = students_after(db.reader(), after, PAGE).await?;
        Ok(page.last().copied().map(|last| (page, Some(last))))
    });
    pages.map_ok(move |page| async move { check(db, &page).await }).try_buffer_unordered(at_once)
}
