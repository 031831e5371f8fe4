//! The admins' list of students, and the audit: an index for every order of the list, and what the audit has found.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::columns::{count, id, time, time_of_insert};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let backend = manager.get_database_backend();
        for index in INDEXES {
            manager.get_connection().execute_unprepared(index).await?;
        }
        manager.create_table(aggregate_drift()).await?;
        manager.create_table(audit_cursor(backend)).await?;
        manager.get_connection().execute_unprepared("INSERT INTO audit_cursor (id) VALUES (1)").await?;
        Ok(())
    }
}

/// Each is read forwards and backwards, and its second column makes the order total. The rows without a value are one
/// run of equal keys, which the list reads by itself: so it does not matter where a database sorts nulls.
const INDEXES: [&str; 9] = [
    "CREATE INDEX ix_student_profile_quizzes ON student_profile (total_quizzes_completed, student_id)",
    "CREATE INDEX ix_student_profile_assignments ON student_profile (total_assignments_completed, student_id)",
    "CREATE INDEX ix_student_profile_quiz_average ON student_profile (overall_quiz_average_score, student_id)",
    "CREATE INDEX ix_student_profile_assignment_average \
     ON student_profile (overall_assignment_average_score, student_id)",
    "CREATE INDEX ix_student_profile_average ON student_profile (overall_average_score, student_id)",
    "CREATE INDEX ix_student_profile_updated ON student_profile (last_performance_update, student_id)",
    // The same few rows as before, so that this order costs nothing more.
    "DROP INDEX ix_student_profile_stale",
    "CREATE INDEX ix_student_profile_stale ON student_profile (stale_since, student_id) \
     WHERE facts_revision <> aggregated_revision",
    // The order of the writing system's ids is that of their unique key.
    "CREATE INDEX ix_student_name ON student (display_name, id)",
];

fn aggregate_drift() -> TableCreateStatement {
    Table::create()
        .table("aggregate_drift")
        .col(id("student_id").primary_key())
        .col(time("found_at"))
        .col(count("version"))
        .col(ColumnDef::new("differences").json_binary().not_null())
        .foreign_key(
            ForeignKey::create()
                .name("fk_aggregate_drift_student_id")
                .from("aggregate_drift", "student_id")
                .to("student", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .take()
}

/// One row: where the audit stands. It is nobody's data, and so its key holds no student.
fn audit_cursor(backend: DbBackend) -> TableCreateStatement {
    Table::create()
        .table("audit_cursor")
        .col(ColumnDef::new("id").small_integer().not_null().primary_key().check(Expr::col("id").eq(1)))
        .col(ColumnDef::new("after_student_id").uuid())
        .col(time_of_insert("due_at", backend))
        .take()
}
