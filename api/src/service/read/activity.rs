//! The latest attempts and submissions, across courses or in one.

use std::collections::{HashMap, HashSet};

use async_graphql::dataloader::Loader;
use entity::database::Database;
use entity::id::{CourseId, StudentId};
use entity::sea_orm::sea_query::{Expr, ExprTrait};
use entity::sea_orm::{DbErr, FromQueryResult};

use super::item::{Item, ItemKey, latest_of_each};
use super::loader::{LoadError, Unscoped};
use super::scope::Scope;

/// A page of a student's activity, the latest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ActivityOf {
    /// Whose.
    pub student: StudentId,
    /// Only in this course.
    pub course: Option<CourseId>,
    /// What the pages of several students have in common.
    pub page: ActivityPage,
}

/// Which items of each list are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ActivityPage {
    /// Only those after this place.
    pub after: Option<ItemKey>,
    /// At most so many.
    pub limit: u64,
}

/// A page of activity, if the viewer may see the student.
///
/// # Errors
/// Whatever the database reports.
pub async fn activity(db: &Database, scope: &Scope, key: ActivityOf) -> Result<Option<Vec<Item>>, DbErr> {
    if !super::profile::is_visible(db.reader(), scope, key.student).await? {
        return Ok(None);
    }
    Ok(pages(db, &[key], key.page, key.course.is_some()).await?.remove(&key))
}

impl Loader<ActivityOf> for Unscoped {
    type Value = Vec<Item>;
    type Error = LoadError;

    /// One statement for all students and courses of which the same page is wanted.
    async fn load(&self, keys: &[ActivityOf]) -> Result<HashMap<ActivityOf, Vec<Item>>, LoadError> {
        let mut groups: HashMap<(ActivityPage, bool), Vec<ActivityOf>> = HashMap::new();
        for key in keys {
            groups.entry((key.page, key.course.is_some())).or_default().push(*key);
        }
        let mut loaded = HashMap::new();
        for ((page, by_course), keys) in groups {
            loaded.extend(pages(&self.0, &keys, page, by_course).await?);
        }
        Ok(loaded)
    }
}

/// The same `page` of each of `keys`, which all name a course, or all none.
async fn pages(
    db: &Database,
    keys: &[ActivityOf],
    page: ActivityPage,
    by_course: bool,
) -> Result<HashMap<ActivityOf, Vec<Item>>, DbErr> {
    let students: HashSet<StudentId> = keys.iter().map(|key| key.student).collect();
    let courses: HashSet<CourseId> = keys.iter().filter_map(|key| key.course).collect();
    let chosen =
        if by_course { Expr::col("course_id").is_in(courses).into() } else { Expr::value(true).into() };
    let students: Vec<StudentId> = students.into_iter().collect();
    let select = latest_of_each(&students, chosen, by_course, page.after, page.limit);
    let statement = db.backend().build(&select);
    let mut pages: HashMap<ActivityOf, Vec<Item>> = keys.iter().map(|key| (*key, Vec::new())).collect();
    for item in Item::find_by_statement(statement).all(db.reader()).await? {
        let course = by_course.then_some(item.course_id);
        // Another student's course may be among the courses that were asked for.
        if let Some(page) = pages.get_mut(&ActivityOf { student: item.student_id, course, page }) {
            page.push(item);
        }
    }
    for page in pages.values_mut() {
        page.sort_unstable_by_key(Item::key);
    }
    Ok(pages)
}
