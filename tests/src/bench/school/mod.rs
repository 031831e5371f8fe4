//! A seeded school of any size, written straight into the tables: as the API would have stored it, only faster.
//!
//! | modules | what lives there |
//! |---|---|
//! | [`facts`] | what is known of each student, the same for the same number |
//! | `catalogue`, `rows` | the same as rows: of the courses, and of the students |
//! | `loader` | many rows into a table at once, in each database's fastest way |

mod catalogue;
pub mod facts;
mod loader;
mod rows;

use entity::database::Database;
use entity::id::StudentId;
use entity::sea_orm::{DbErr, EntityTrait, PaginatorTrait, QueryOrder, QuerySelect};
use entity::student;

use catalogue::Catalogue;
use facts::Facts;
use loader::Loader;
use rows::StudentRows;

/// Students whose rows are in memory at a time: some sixty items each.
const PAGE: usize = 500;

/// Fills an empty database with the first `count` students, 5 enrolments and 60 items each, and fresh profiles.
///
/// # Errors
/// When the database refuses.
pub async fn fill(url: &str, count: usize) -> sqlx::Result<()> {
    let catalogue = Catalogue::new();
    let mut loader = Loader::connect(url).await?;
    loader.begin().await?;
    loader.write(catalogue.course_rows()).await?;
    loader.write(catalogue.quiz_rows()).await?;
    loader.write(catalogue.assignment_rows()).await?;
    loader.commit().await?;
    for first in (0..count).step_by(PAGE) {
        let mut rows = StudentRows::default();
        for number in first..count.min(first + PAGE) {
            rows.push(&Facts::of(number), &catalogue);
        }
        loader.begin().await?;
        loader.write(rows.students).await?;
        loader.write(rows.profiles).await?;
        loader.write(rows.enrollments).await?;
        loader.write(rows.attempts).await?;
        loader.write(rows.submissions).await?;
        loader.write(rows.weeks).await?;
        loader.commit().await?;
    }
    loader.finish().await
}

/// How many students there are.
///
/// # Errors
/// Whatever the database reports.
pub async fn size(db: &Database) -> Result<usize, DbErr> {
    let students = student::Entity::find().count(db.reader()).await?;
    Ok(usize::try_from(students).unwrap_or(usize::MAX))
}

/// The ids of all students, in order: a student's number is the place.
///
/// # Errors
/// Whatever the database reports.
pub async fn students(db: &Database) -> Result<Vec<StudentId>, DbErr> {
    student::Entity::find()
        .select_only()
        .column(student::Column::Id)
        .order_by_asc(student::Column::Id)
        .into_tuple()
        .all(db.reader())
        .await
}
