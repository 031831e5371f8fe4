//! All that is kept of one student, as one JSON document, for whoever asks for their data.
//!
//! The document says `"format": "tally.student-record"` and `"version": 1`. Later versions may add members; one that takes
//! a member away or changes its meaning has another number. Ids, times and scores are written as the API writes them.

mod facts;
mod numbers;

use entity::database::Database;
use entity::id::StudentId;
use entity::score::Score;
use entity::sea_orm::{ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, QueryOrder};
use entity::{access_log, guardian, guardianship, job, job_failure, session, student};
use serde_json::{Value, json};

use super::scope::Scope;
use crate::auth::Role;
use crate::service::access::AccessLog;
use crate::service::facts::Reference;

/// All that is kept of the student that `reference` names, as of one moment.
///
/// # Errors
/// Whatever the database reports.
pub async fn record(
    db: &Database,
    log: &AccessLog,
    scope: &Scope,
    reference: &Reference,
) -> Result<Option<Value>, DbErr> {
    log.flush().await?;
    let txn = db.begin_snapshot().await?;
    let named = match reference {
        Reference::Id(id) => student::Column::Id.eq(*id),
        Reference::SourcedId(sourced_id) => student::Column::SourcedId.eq(sourced_id),
    };
    let Some(student) = scope.one(&txn, student::Entity::find().filter(named)).await? else {
        return Ok(None);
    };
    let id = student.id;
    let record = json!({
        "format": "tally.student-record",
        "version": 1,
        "exportedAt": scope.now(),
        "student": {
            "id": student.id.to_string(),
            "sourcedId": student.sourced_id,
            "displayName": student.display_name,
            "occurredAt": student.occurred_at,
        },
        "profile": numbers::profile(&txn, id).await?,
        "history": numbers::history(&txn, id).await?,
        "weeks": numbers::weeks(&txn, id).await?,
        "enrollments": facts::enrollments(&txn, id).await?,
        "quizAttempts": facts::quiz_attempts(&txn, id).await?,
        "assignmentSubmissions": facts::submissions(&txn, id).await?,
        "guardianships": guardianships(&txn, id).await?,
        "sessions": sessions(&txn, &student.sourced_id).await?,
        "jobs": jobs(&txn, id).await?,
        "backfills": numbers::backfills(&txn, id).await?,
        "drift": numbers::drift(&txn, id).await?,
        "accesses": accesses(&txn, id).await?,
    });
    txn.commit().await?;
    Ok(Some(record))
}

/// A score as the API writes it.
fn text(score: Option<Score>) -> Option<String> {
    score.map(|score| score.to_string())
}

async fn guardianships(txn: &DatabaseTransaction, student: StudentId) -> Result<Vec<Value>, DbErr> {
    let rows = guardianship::Entity::find()
        .filter(guardianship::Column::StudentId.eq(student))
        .order_by_asc(guardianship::Column::ValidFrom)
        .all(txn)
        .await?;
    let ids = rows.iter().map(|row| row.guardian_id);
    let guardians = guardian::Entity::find().filter(guardian::Column::Id.is_in(ids)).all(txn).await?;
    let written = rows.iter().map(|row| {
        let guardian = guardians.iter().find(|guardian| guardian.id == row.guardian_id);
        json!({
            "guardian": {
                "id": row.guardian_id.to_string(),
                "sourcedId": guardian.map(|guardian| &guardian.sourced_id),
                "displayName": guardian.map(|guardian| &guardian.display_name),
            },
            "validFrom": row.valid_from,
            "validUntil": row.valid_until,
            "revokedAt": row.revoked_at,
            "occurredAt": row.occurred_at,
        })
    });
    Ok(written.collect())
}

/// The student's sessions in browsers. Their keys are nobody's business.
async fn sessions(txn: &DatabaseTransaction, sourced_id: &str) -> Result<Vec<Value>, DbErr> {
    let rows = session::Entity::find()
        .filter(session::Column::Role.eq(Role::Student.as_str()))
        .filter(session::Column::Subject.eq(sourced_id))
        .order_by_asc(session::Column::CreatedAt)
        .all(txn)
        .await?;
    let written = rows.iter().map(|row| {
        json!({
            "createdAt": row.created_at,
            "usedAt": row.used_at,
            "expiresAt": row.expires_at,
            "revokedAt": row.revoked_at,
        })
    });
    Ok(written.collect())
}

async fn jobs(txn: &DatabaseTransaction, student: StudentId) -> Result<Vec<Value>, DbErr> {
    let jobs = job::Entity::find()
        .filter(job::Column::StudentId.eq(student))
        .order_by_asc(job::Column::Id)
        .all(txn)
        .await?;
    let failures = job_failure::Entity::find()
        .filter(job_failure::Column::StudentId.eq(student))
        .order_by_asc(job_failure::Column::Attempt)
        .all(txn)
        .await?;
    let written = jobs.iter().map(|job| {
        let failures = failures
            .iter()
            .filter(|failure| failure.job_id == job.id)
            .map(|it| json!({ "attempt": it.attempt, "failedAt": it.failed_at, "error": it.error }));
        json!({
            "id": job.id.to_string(),
            "kind": job.kind,
            "state": job.state.as_str(),
            "attempt": job.attempt,
            "enqueuedAt": job.enqueued_at,
            "startedAt": job.started_at,
            "finishedAt": job.finished_at,
            "failures": failures.collect::<Vec<_>>(),
        })
    });
    Ok(written.collect())
}

async fn accesses(txn: &DatabaseTransaction, student: StudentId) -> Result<Vec<Value>, DbErr> {
    let entries = access_log::Entity::find()
        .filter(access_log::Column::StudentId.eq(student))
        .order_by_asc(access_log::Column::Id)
        .all(txn)
        .await?;
    let written = entries.iter().map(|entry| {
        json!({
            "role": entry.role,
            "subject": entry.subject,
            "kind": match entry.kind {
                access_log::Kind::Read => "READ",
                access_log::Kind::Changed => "CHANGED",
            },
            "operation": entry.operation,
            "count": entry.count,
            "firstAt": entry.first_at,
            "lastAt": entry.last_at,
        })
    });
    Ok(written.collect())
}
