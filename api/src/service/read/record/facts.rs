//! The facts of a student's exported record.

use std::collections::HashMap;

use entity::enrollment::Status;
use entity::id::{AssignmentId, CourseId, QuizId, StudentId};
use entity::sea_orm::{
    ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};
use entity::standing::Standing;
use entity::{assignment, assignment_submission, course, enrollment, quiz, quiz_attempt};
use serde_json::{Value, json};

use super::text;

/// The student's enrolments, with those that were deleted.
pub(super) async fn enrollments(txn: &DatabaseTransaction, student: StudentId) -> Result<Vec<Value>, DbErr> {
    use enrollment::{Column, Entity};
    let of_student = Entity::find().filter(Column::StudentId.eq(student));
    let ids = of_student.clone().select_only().column(Column::CourseId).into_query();
    let courses = course::Entity::find().filter(course::Column::Id.in_subquery(ids)).all(txn).await?;
    let courses: HashMap<CourseId, course::Model> = courses.into_iter().map(|row| (row.id, row)).collect();
    let rows = of_student.order_by_asc(Column::Id).all(txn).await?;
    let written = rows.iter().map(|row| {
        let course = courses.get(&row.course_id);
        json!({
            "id": row.id.to_string(),
            "sourcedId": row.sourced_id,
            "course": {
                "id": row.course_id.to_string(),
                "sourcedId": course.map(|course| &course.sourced_id),
                "title": course.map(|course| &course.title),
            },
            "status": status(row.status),
            "totalQuizzesTaken": row.total_quizzes_taken,
            "averageQuizScore": text(row.average_quiz_score),
            "totalAssignmentsCompleted": row.total_assignments_completed,
            "averageAssignmentScore": text(row.average_assignment_score),
            "occurredAt": row.occurred_at,
            "deletedAt": row.deleted_at,
        })
    });
    Ok(written.collect())
}

/// The student's quiz attempts, with those that do not count.
pub(super) async fn quiz_attempts(
    txn: &DatabaseTransaction,
    student: StudentId,
) -> Result<Vec<Value>, DbErr> {
    use quiz_attempt::{Column, Entity};
    let of_student = Entity::find().filter(Column::StudentId.eq(student));
    let ids = of_student.clone().select_only().column(Column::QuizId).into_query();
    let quizzes = quiz::Entity::find().filter(quiz::Column::Id.in_subquery(ids)).all(txn).await?;
    let quizzes: HashMap<QuizId, quiz::Model> = quizzes.into_iter().map(|row| (row.id, row)).collect();
    let rows = of_student.order_by_asc(Column::Id).all(txn).await?;
    let written = rows.iter().map(|row| {
        let quiz = quizzes.get(&row.quiz_id);
        json!({
            "id": row.id.to_string(),
            "sourcedId": row.sourced_id,
            "quiz": {
                "id": row.quiz_id.to_string(),
                "sourcedId": quiz.map(|quiz| &quiz.sourced_id),
                "title": quiz.map(|quiz| &quiz.title),
            },
            "startedAt": row.started_at,
            "completedAt": row.completed_at,
            "score": text(row.score),
            "standing": standing(row.standing),
            "occurredAt": row.occurred_at,
        })
    });
    Ok(written.collect())
}

/// The student's submissions, with those that do not count.
pub(super) async fn submissions(txn: &DatabaseTransaction, student: StudentId) -> Result<Vec<Value>, DbErr> {
    use assignment_submission::{Column, Entity};
    let of_student = Entity::find().filter(Column::StudentId.eq(student));
    let ids = of_student.clone().select_only().column(Column::AssignmentId).into_query();
    let found = assignment::Entity::find().filter(assignment::Column::Id.in_subquery(ids)).all(txn).await?;
    let assignments: HashMap<AssignmentId, assignment::Model> =
        found.into_iter().map(|row| (row.id, row)).collect();
    let rows = of_student.order_by_asc(Column::Id).all(txn).await?;
    let written = rows.iter().map(|row| {
        let assignment = assignments.get(&row.assignment_id);
        json!({
            "id": row.id.to_string(),
            "sourcedId": row.sourced_id,
            "assignment": {
                "id": row.assignment_id.to_string(),
                "sourcedId": assignment.map(|assignment| &assignment.sourced_id),
                "title": assignment.map(|assignment| &assignment.title),
            },
            "submittedAt": row.submitted_at,
            "gradedAt": row.graded_at,
            "score": text(row.score),
            "standing": standing(row.standing),
            "occurredAt": row.occurred_at,
        })
    });
    Ok(written.collect())
}

const fn status(status: Status) -> &'static str {
    match status {
        Status::Active => "ACTIVE",
        Status::Completed => "COMPLETED",
        Status::Dropped => "DROPPED",
        Status::Paused => "PAUSED",
        Status::Pending => "PENDING",
        Status::Suspended => "SUSPENDED",
    }
}

const fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Regular => "REGULAR",
        Standing::Excused => "EXCUSED",
        Standing::Voided => "VOIDED",
        Standing::Deleted => "DELETED",
    }
}
