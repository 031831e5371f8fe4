//! What changed in a run, as CSV.

use std::collections::HashMap;

use chrono::{DateTime, SecondsFormat, Utc};
use entity::backfill_item::{Model, Outcome};
use entity::database::Database;
use entity::id::{BackfillRunId, StudentId};
use entity::score::Score;
use entity::sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};
use entity::student;
use futures::{Stream, stream};

use super::items;
use crate::service::read::Scope;

const PAGE: u64 = 1000;

const HEADER: [&str; 16] = [
    "student_id",
    "sourced_id",
    "stale",
    "enrollments",
    "total_quizzes_completed_before",
    "total_assignments_completed_before",
    "overall_quiz_average_score_before",
    "overall_assignment_average_score_before",
    "overall_average_score_before",
    "last_performance_update_before",
    "total_quizzes_completed_after",
    "total_assignments_completed_after",
    "overall_quiz_average_score_after",
    "overall_assignment_average_score_after",
    "overall_average_score_after",
    "last_performance_update_after",
];

/// Why an export ended early.
#[derive(Debug, thiserror::Error)]
pub enum CsvError {
    /// The database's fault.
    #[error("the changes could not be read: {0}")]
    Database(#[from] DbErr),
    /// A record that cannot be written, which does not happen.
    #[error("a record could not be written: {0}")]
    Write(String),
}

/// What changed in a run, or in a dry run would change: a header, and a record for each student in the order of their
/// ids. Comes in pieces, so that never more than a page is in memory, and each of them is noted in the access log before it
/// is given out. For those who see everybody.
pub fn changes_csv(
    db: Database,
    scope: Scope,
    run: BackfillRunId,
) -> impl Stream<Item = Result<Vec<u8>, CsvError>> + Send {
    stream::try_unfold(Position::Header, move |position| {
        let (db, scope) = (db.clone(), scope.clone());
        async move {
            let after = match position {
                Position::Header => {
                    let header = written(std::iter::once(HEADER.map(str::to_owned)))?;
                    return Ok(Some((header, Position::After(None))));
                }
                Position::After(after) => after,
            };
            let page = items(&db, run, Outcome::Changed, after, PAGE).await?;
            let Some(last) = page.last().map(|item| item.student_id) else { return Ok(None) };
            scope.seen(&page);
            scope.settle().await;
            let names = sourced_ids(&db, &page).await?;
            let records = page.iter().map(|item| record(item, names.get(&item.student_id)));
            Ok(Some((written(records)?, Position::After(Some(last)))))
        }
    })
}

#[derive(Clone, Copy)]
enum Position {
    Header,
    After(Option<StudentId>),
}

async fn sourced_ids(db: &Database, page: &[Model]) -> Result<HashMap<StudentId, String>, DbErr> {
    let ids = page.iter().map(|item| item.student_id);
    let students = student::Entity::find().filter(student::Column::Id.is_in(ids)).all(db.reader()).await?;
    Ok(students.into_iter().map(|student| (student.id, student.sourced_id)).collect())
}

fn record(item: &Model, sourced_id: Option<&String>) -> [String; 16] {
    let score = |score: Option<Score>| score.map(|score| score.to_string()).unwrap_or_default();
    let time = |time: Option<DateTime<Utc>>| {
        time.map(|time| time.to_rfc3339_opts(SecondsFormat::Micros, true)).unwrap_or_default()
    };
    [
        item.student_id.to_string(),
        sourced_id.cloned().unwrap_or_default(),
        item.stale.to_string(),
        item.enrollments.to_string(),
        item.quizzes_before.to_string(),
        item.assignments_before.to_string(),
        score(item.quiz_average_before),
        score(item.assignment_average_before),
        score(item.average_before),
        time(item.update_before),
        item.quizzes_after.to_string(),
        item.assignments_after.to_string(),
        score(item.quiz_average_after),
        score(item.assignment_average_after),
        score(item.average_after),
        time(item.update_after),
    ]
}

fn written(records: impl Iterator<Item = [String; 16]>) -> Result<Vec<u8>, CsvError> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    for record in records {
        csv.write_record(&record).map_err(|error| CsvError::Write(error.to_string()))?;
    }
    csv.into_inner().map_err(|error| CsvError::Write(error.to_string()))
}
