//! Backfills: the runs, what became of each of their students, and the mark of a job that a run waits for.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::columns::{count, id, one_of, optional_text, optional_time, score, text, time_of_insert};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let backend = manager.get_database_backend();
        manager.create_table(run(backend)).await?;
        manager.create_table(item()).await?;
        let mark = ColumnDef::new("backfill").boolean().not_null().default(false).take();
        manager.alter_table(Table::alter().table("job").add_column(mark).take()).await?;
        for index in INDEXES {
            manager.get_connection().execute_unprepared(index).await?;
        }
        Ok(())
    }
}

fn run(backend: DbBackend) -> TableCreateStatement {
    Table::create()
        .table("backfill_run")
        .col(id("id").primary_key())
        .col(one_of("scope", &["all", "students", "course", "stale", "failures"]))
        .col(optional_text("scope_key"))
        .col(ColumnDef::new("course_id").uuid())
        .col(ColumnDef::new("retry_of").uuid())
        .col(ColumnDef::new("dry_run").boolean().not_null())
        .col(ColumnDef::new("priority").small_integer().not_null())
        .col(ColumnDef::new("rate_per_second").integer())
        .col(one_of("state", &["running", "cancelling", "cancelled", "finished"]))
        .col(text("requested_by", backend))
        .col(time_of_insert("started_at", backend))
        .col(optional_time("finished_at"))
        .col(ColumnDef::new("cursor").uuid())
        .col(ColumnDef::new("walked").boolean().not_null().default(false))
        .col(time_of_insert("due_at", backend))
        .col(optional_text("leased_by"))
        .col(optional_time("lease_expires_at"))
        .col(count("total"))
        .col(count("enqueued"))
        .col(count("called_off"))
        .col(count("changed"))
        .col(count("failed"))
        .take()
}

/// No foreign keys, as with jobs: a student who is deleted takes these rows along, and a run waits for nobody who is gone.
fn item() -> TableCreateStatement {
    Table::create()
        .table("backfill_item")
        .col(id("student_id"))
        .col(id("run_id"))
        .col(ColumnDef::new("job_id").uuid())
        .col(one_of("outcome", &["listed", "pending", "changed", "failed"]))
        .col(optional_text("error"))
        .col(ColumnDef::new("attempts").integer().not_null().default(0))
        .col(ColumnDef::new("stale").boolean().not_null().default(false))
        .col(count("enrollments"))
        .col(count("quizzes_before"))
        .col(count("assignments_before"))
        .col(score("quiz_average_before"))
        .col(score("assignment_average_before"))
        .col(score("average_before"))
        .col(optional_time("update_before"))
        .col(count("quizzes_after"))
        .col(count("assignments_after"))
        .col(score("quiz_average_after"))
        .col(score("assignment_average_after"))
        .col(score("average_after"))
        .col(optional_time("update_after"))
        .primary_key(Index::create().col("student_id").col("run_id"))
        .take()
}

/// Written out because the builder has no partial indexes.
const INDEXES: [&str; 4] = [
    // What workers look for all the time: next to nothing.
    "CREATE INDEX ix_backfill_run_going ON backfill_run (id) WHERE state IN ('running', 'cancelling')",
    // Of runs over the same scope, one goes at a time.
    "CREATE UNIQUE INDEX ux_backfill_run_scope ON backfill_run (scope_key) WHERE state = 'running'",
    // A run's students by what became of them, page by page.
    "CREATE INDEX ix_backfill_item_run ON backfill_item (run_id, outcome, student_id)",
    // The students of a course, page by page.
    "CREATE INDEX ix_enrollment_of_course ON enrollment (course_id, student_id)",
];
