//! The students of a run, page by page in the order of their ids.

use entity::backfill_item::Outcome;
use entity::backfill_run::{Model, Scope};
use entity::database::Database;
use entity::id::StudentId;
use sea_orm::{ActiveEnum as _, DbErr, FromQueryResult, Statement, Value};
use uuid::Uuid;

#[derive(FromQueryResult)]
struct Row {
    student_id: StudentId,
}

/// Up to `limit` students of `run` after its cursor.
///
/// # Errors
/// Whatever the database reports.
pub(super) async fn page(db: &Database, run: &Model, limit: usize) -> Result<Vec<StudentId>, DbErr> {
    // Nobody's id is the least one there is.
    let after = run.cursor.map_or(Uuid::nil(), Uuid::from);
    let (students, of): (String, Option<Value>) = match run.scope {
        Scope::All => ("student_profile WHERE student_id > $1".to_owned(), None),
        Scope::Stale => (
            "student_profile WHERE facts_revision <> aggregated_revision AND student_id > $1".to_owned(),
            None,
        ),
        Scope::Course => {
            ("enrollment WHERE student_id > $1 AND course_id = $2".to_owned(), run.course_id.map(Into::into))
        }
        Scope::Students => (items(Outcome::Listed), Some(run.id.into())),
        Scope::Failures => (items(Outcome::Failed), run.retry_of.map(Into::into)),
    };
    // A student may have had several enrolments in a course.
    let sql = format!("SELECT DISTINCT student_id FROM {students} ORDER BY student_id LIMIT {limit}");
    let values = std::iter::once(after.into()).chain(of);
    let statement = Statement::from_sql_and_values(db.backend(), sql, values);
    let rows = Row::find_by_statement(statement).all(db.reader()).await?;
    Ok(rows.into_iter().map(|row| row.student_id).collect())
}

fn items(outcome: Outcome) -> String {
    format!("backfill_item WHERE student_id > $1 AND run_id = $2 AND outcome = '{}'", outcome.to_value())
}
