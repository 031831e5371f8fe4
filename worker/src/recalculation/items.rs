//! The counted items of some students, read without a row for each.

use chrono::{DateTime, Utc};
use entity::id::{CourseId, StudentId};
use entity::{assignment, assignment_submission, db_json, db_time, quiz, quiz_attempt};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, JoinType, QueryFilter, QuerySelect,
    RelationTrait, Select,
};

/// The items of one kind that a student has in a course.
pub(super) struct Items {
    pub(super) student_id: StudentId,
    pub(super) course_id: CourseId,
    dates_and_scores: Vec<(i64, i64)>,
}

impl Items {
    /// Each item's date, and its score in hundredths.
    pub(super) fn iter(&self) -> impl Iterator<Item = (DateTime<Utc>, i64)> {
        self.dates_and_scores.iter().map(|(seconds, hundredths)| {
            (DateTime::from_timestamp(*seconds, 0).unwrap_or_default(), *hundredths)
        })
    }
}

/// The counted quiz attempts of `students`, each at the time when it was completed.
pub(super) async fn quiz_attempts(
    db: &impl ConnectionTrait,
    students: &[StudentId],
) -> Result<Vec<Items>, DbErr> {
    use quiz_attempt::{Column, Entity, Relation};
    let select = Entity::find()
        .select_only()
        .column(Column::StudentId)
        .column(quiz::Column::CourseId)
        .join(JoinType::InnerJoin, Relation::Quiz.def())
        .filter(Column::StudentId.is_in(students.iter().copied()))
        .filter(Entity::counted())
        .group_by(Column::StudentId)
        .group_by(quiz::Column::CourseId);
    grouped(db, select, "completed_at").await
}

/// The counted submissions of `students`, each at the time when it was graded: none counts without that.
pub(super) async fn submissions(
    db: &impl ConnectionTrait,
    students: &[StudentId],
) -> Result<Vec<Items>, DbErr> {
    use assignment_submission::{Column, Entity, Relation};
    let select = Entity::find()
        .select_only()
        .column(Column::StudentId)
        .column(assignment::Column::CourseId)
        .join(JoinType::InnerJoin, Relation::Assignment.def())
        .filter(Column::StudentId.is_in(students.iter().copied()))
        .filter(Entity::counted())
        .group_by(Column::StudentId)
        .group_by(assignment::Column::CourseId);
    grouped(db, select, "graded_at").await
}

#[derive(FromQueryResult)]
struct Row {
    student_id: StudentId,
    course_id: CourseId,
    items: String,
}

async fn grouped<E: EntityTrait>(
    db: &impl ConnectionTrait,
    select: Select<E>,
    date: &str,
) -> Result<Vec<Items>, DbErr> {
    let backend = db.get_database_backend();
    let columns = format!("{}, score", db_time::seconds_sql(backend, date));
    let items = Expr::cust(db_json::rows_sql(backend, &columns));
    let rows = select.column_as(items, "items").into_model::<Row>().all(db).await?;
    let read = |row: Row| {
        let dates_and_scores =
            serde_json::from_str(&row.items).map_err(|error| DbErr::Json(error.to_string()))?;
        Ok(Items { student_id: row.student_id, course_id: row.course_id, dates_and_scores })
    };
    rows.into_iter().map(read).collect()
}
