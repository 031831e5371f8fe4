//! Brings the stored weeks to what was computed, and touches no row that is right already.

use std::collections::HashMap;

use entity::aggregate::{Aggregates, ScoreSum};
use entity::calendar::Week;
use entity::database::WriteTransaction;
use entity::db_json;
use entity::id::{CourseId, StudentId};
use entity::key_list::is_one_of;
use entity::weekly_performance::{Column, Entity, Model};
use sea_orm::entity::prelude::Date;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, IntoActiveModel,
    QueryFilter, QuerySelect,
};

/// Below both databases' limits on parameters.
const ROWS_PER_STATEMENT: usize = 1000;

/// What identifies a week of a student.
type Key = (StudentId, CourseId, Week);

/// Stores `computed` as all the weeks of `students`, whose profiles are locked.
pub(super) async fn write(
    txn: &WriteTransaction,
    students: &[StudentId],
    computed: impl Iterator<Item = Model>,
) -> Result<(), DbErr> {
    let mut left = stored(txn, students).await?;
    let changed = computed.filter(|row| {
        let before = left.remove(&(row.student_id, row.course_id, row.week));
        before != Some(row.aggregates())
    });
    let changed: Vec<Model> = changed.collect();
    upsert(txn, changed).await?;
    delete(txn, left.into_keys().collect()).await
}

#[derive(FromQueryResult)]
struct Row {
    student_id: StudentId,
    course_id: CourseId,
    weeks: String,
}

async fn stored(txn: &WriteTransaction, students: &[StudentId]) -> Result<HashMap<Key, Aggregates>, DbErr> {
    let weeks = db_json::rows_sql(
        txn.get_database_backend(),
        "week, quizzes, quiz_score_sum, assignments, assignment_score_sum",
    );
    let rows = Entity::find()
        .select_only()
        .column(Column::StudentId)
        .column(Column::CourseId)
        .column_as(Expr::cust(weeks), "weeks")
        .filter(Column::StudentId.is_in(students.iter().copied()))
        .group_by(Column::StudentId)
        .group_by(Column::CourseId)
        .into_model::<Row>()
        .all(&**txn)
        .await?;
    let mut stored = HashMap::new();
    for Row { student_id, course_id, weeks } in rows {
        let weeks: Vec<(Date, i64, i64, i64, i64)> =
            serde_json::from_str(&weeks).map_err(|error| DbErr::Json(error.to_string()))?;
        for (monday, quizzes, quiz_sum, assignments, assignment_sum) in weeks {
            let aggregates = Aggregates {
                quizzes: ScoreSum { hundredths: quiz_sum, count: quizzes },
                assignments: ScoreSum { hundredths: assignment_sum, count: assignments },
            };
            stored.insert((student_id, course_id, Week::of(monday)), aggregates);
        }
    }
    Ok(stored)
}

async fn upsert(txn: &WriteTransaction, rows: Vec<Model>) -> Result<(), DbErr> {
    let sums = OnConflict::columns([Column::StudentId, Column::CourseId, Column::Week])
        .update_columns([
            Column::Quizzes,
            Column::QuizScoreSum,
            Column::Assignments,
            Column::AssignmentScoreSum,
        ])
        .to_owned();
    for page in rows.chunks(ROWS_PER_STATEMENT) {
        Entity::insert_many(page.iter().cloned().map(|row| row.into_active_model().reset_all()))
            .on_conflict(sums.clone())
            .exec_without_returning(&**txn)
            .await?;
    }
    Ok(())
}

async fn delete(txn: &WriteTransaction, keys: Vec<Key>) -> Result<(), DbErr> {
    for page in keys.chunks(ROWS_PER_STATEMENT) {
        let key = [Column::StudentId, Column::CourseId, Column::Week];
        Entity::delete_many().filter(is_one_of(key, page.iter().copied())).exec(&**txn).await?;
    }
    Ok(())
}
