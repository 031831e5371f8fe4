//! The numbers of a student's exported record: what follows from the facts, now and before, and where it went wrong.

use entity::id::StudentId;
use entity::sea_orm::{ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, QueryOrder};
use entity::{aggregate_drift, backfill_item, performance_snapshot, student_profile, weekly_performance};
use serde_json::{Value, json};

use super::text;

/// The student's aggregates.
pub(super) async fn profile(txn: &DatabaseTransaction, student: StudentId) -> Result<Value, DbErr> {
    let row = student_profile::Entity::find_by_id(student).one(txn).await?;
    Ok(row.map_or(Value::Null, |row| {
        json!({
            "totalQuizzesCompleted": row.total_quizzes_completed,
            "totalAssignmentsCompleted": row.total_assignments_completed,
            "overallQuizAverageScore": text(row.overall_quiz_average_score),
            "overallAssignmentAverageScore": text(row.overall_assignment_average_score),
            "overallAverageScore": text(row.overall_average_score),
            "lastPerformanceUpdate": row.last_performance_update,
            "version": row.version,
            "staleSince": row.stale_since,
        })
    }))
}

/// What the aggregates were before, as far as that is kept.
pub(super) async fn history(txn: &DatabaseTransaction, student: StudentId) -> Result<Vec<Value>, DbErr> {
    use performance_snapshot::{Cause, Column, Entity};
    let rows =
        Entity::find().filter(Column::StudentId.eq(student)).order_by_asc(Column::Version).all(txn).await?;
    let written = rows.iter().map(|row| {
        json!({
            "version": row.version,
            "takenAt": row.taken_at,
            "cause": match row.cause {
                Cause::FactsChanged => "FACTS_CHANGED",
                Cause::Rebuilt => "REBUILT",
            },
            "totalQuizzesCompleted": row.total_quizzes_completed,
            "totalAssignmentsCompleted": row.total_assignments_completed,
            "overallQuizAverageScore": text(row.overall_quiz_average_score),
            "overallAssignmentAverageScore": text(row.overall_assignment_average_score),
            "overallAverageScore": text(row.overall_average_score),
        })
    });
    Ok(written.collect())
}

/// What counts in each course week by week.
pub(super) async fn weeks(txn: &DatabaseTransaction, student: StudentId) -> Result<Vec<Value>, DbErr> {
    use weekly_performance::{Column, Entity};
    let rows = Entity::find()
        .filter(Column::StudentId.eq(student))
        .order_by_asc(Column::Week)
        .order_by_asc(Column::CourseId)
        .all(txn)
        .await?;
    let written = rows.iter().map(|row| {
        let counted = row.aggregates();
        json!({
            "week": row.week.to_string(),
            "courseId": row.course_id.to_string(),
            "quizzesCompleted": counted.quizzes.count,
            "averageQuizScore": text(counted.quizzes.average()),
            "assignmentsCompleted": counted.assignments.count,
            "averageAssignmentScore": text(counted.assignments.average()),
        })
    });
    Ok(written.collect())
}

/// What backfills have found, as far as that is kept.
pub(super) async fn backfills(txn: &DatabaseTransaction, student: StudentId) -> Result<Vec<Value>, DbErr> {
    use backfill_item::{Column, Entity};
    let rows =
        Entity::find().filter(Column::StudentId.eq(student)).order_by_asc(Column::RunId).all(txn).await?;
    let written = rows.iter().map(|row| {
        json!({
            "runId": row.run_id.to_string(),
            "outcome": outcome(row.outcome),
            "error": row.error,
            "attempts": row.attempts,
            "isStale": row.stale,
            "enrollments": row.enrollments,
            "before": {
                "totalQuizzesCompleted": row.quizzes_before,
                "totalAssignmentsCompleted": row.assignments_before,
                "overallQuizAverageScore": text(row.quiz_average_before),
                "overallAssignmentAverageScore": text(row.assignment_average_before),
                "overallAverageScore": text(row.average_before),
                "lastPerformanceUpdate": row.update_before,
            },
            "after": {
                "totalQuizzesCompleted": row.quizzes_after,
                "totalAssignmentsCompleted": row.assignments_after,
                "overallQuizAverageScore": text(row.quiz_average_after),
                "overallAssignmentAverageScore": text(row.assignment_average_after),
                "overallAverageScore": text(row.average_after),
                "lastPerformanceUpdate": row.update_after,
            },
        })
    });
    Ok(written.collect())
}

const fn outcome(outcome: backfill_item::Outcome) -> &'static str {
    use backfill_item::Outcome;
    match outcome {
        Outcome::Listed => "LISTED",
        Outcome::Pending => "PENDING",
        Outcome::Changed => "CHANGED",
        Outcome::Failed => "FAILED",
    }
}

/// What the audit has found; null when it has found nothing.
pub(super) async fn drift(txn: &DatabaseTransaction, student: StudentId) -> Result<Value, DbErr> {
    let row = aggregate_drift::Entity::find_by_id(student).one(txn).await?;
    Ok(row.map_or(Value::Null, |row| {
        let differences = row.differences.0.iter().map(|it| {
            json!({
                "enrollmentId": it.enrollment.map(|id| entity::id::EnrollmentId(id).to_string()),
                "field": it.field,
                "stored": it.stored,
                "computed": it.computed,
            })
        });
        json!({
            "foundAt": row.found_at,
            "version": row.version,
            "differences": differences.collect::<Vec<_>>(),
        })
    }))
}
