//! All weeks as CSV.

use std::collections::HashMap;
use std::io::Write;

use entity::id::{CourseId, StudentId};
use entity::score::Score;
use entity::sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use entity::{course, student, weekly_performance};

use super::export::ExportError;

/// Students per page.
const PAGE: u64 = 500;

const HEADER: [&str; 9] = [
    "sourced_id",
    "course_sourced_id",
    "week",
    "monday",
    "quizzes_completed",
    "average_quiz_score",
    "assignments_completed",
    "average_assignment_score",
    "average_score",
];

/// Writes the weeks of all students' courses in which anything counts as CSV with a header, in the order of the first
/// three columns. Averages have two decimals; what there is not is empty. Returns how many there are.
///
/// # Errors
/// [`ExportError`].
pub async fn export_weeks_unscoped(db: &DatabaseConnection, to: impl Write) -> Result<u64, ExportError> {
    let courses = course::Entity::find().all(db).await?;
    let courses: HashMap<CourseId, String> =
        courses.into_iter().map(|course| (course.id, course.sourced_id)).collect();
    let mut csv = csv::Writer::from_writer(to);
    csv.write_record(HEADER)?;
    let mut after = String::new();
    let mut written = 0;
    loop {
        let students = student::Entity::find()
            .filter(student::Column::SourcedId.gt(after.as_str()))
            .order_by_asc(student::Column::SourcedId)
            .limit(PAGE)
            .all(db)
            .await?;
        let Some(last) = students.last() else { break };
        after.clone_from(&last.sourced_id);
        for record in records(db, students, &courses).await? {
            csv.write_record(record)?;
            written += 1;
        }
    }
    csv.flush().map_err(csv::Error::from)?;
    Ok(written)
}

async fn records(
    db: &DatabaseConnection,
    students: Vec<student::Model>,
    courses: &HashMap<CourseId, String>,
) -> Result<Vec<[String; 9]>, ExportError> {
    use weekly_performance::{Column, Entity};
    let students: HashMap<StudentId, String> =
        students.into_iter().map(|student| (student.id, student.sourced_id)).collect();
    let rows = Entity::find().filter(Column::StudentId.is_in(students.keys().copied())).all(db).await?;
    let text = |score: Option<Score>| score.map(|score| score.to_string()).unwrap_or_default();
    let record = |row: weekly_performance::Model| {
        let counted = row.aggregates();
        [
            students.get(&row.student_id).cloned().unwrap_or_default(),
            courses.get(&row.course_id).cloned().unwrap_or_default(),
            row.week.to_string(),
            row.week.monday().to_string(),
            counted.quizzes.count.to_string(),
            text(counted.quizzes.average()),
            counted.assignments.count.to_string(),
            text(counted.assignments.average()),
            text(counted.overall().average()),
        ]
    };
    let mut records: Vec<_> = rows.into_iter().map(record).collect();
    records.sort_unstable();
    Ok(records)
}
