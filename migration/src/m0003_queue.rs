//! The queue: jobs, their failures, the workers, and what is paused.

use sea_orm_migration::prelude::*;

use crate::columns::{count, id, one_of, optional_text, optional_time, text, time, time_of_insert};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let backend = manager.get_database_backend();
        // No foreign keys here: a job may outlive its student, and then succeeds by doing nothing.
        let job = Table::create()
            .table("job")
            .col(id("student_id"))
            .col(id("id"))
            .col(text("kind", backend))
            .col(one_of(
                "state",
                &["available", "scheduled", "running", "retryable", "completed", "discarded", "cancelled"],
            ))
            .col(ColumnDef::new("priority").small_integer().not_null())
            .col(ColumnDef::new("attempt").integer().not_null().default(0))
            .col(ColumnDef::new("max_attempts").integer().not_null())
            .col(count("coalesced"))
            .col(time_of_insert("run_at", backend))
            .col(time_of_insert("enqueued_at", backend))
            .col(optional_text("claimed_by"))
            .col(ColumnDef::new("claim_id").uuid())
            .col(optional_time("lease_expires_at"))
            .col(optional_time("started_at"))
            .col(optional_time("finished_at"))
            .col(optional_text("last_error"))
            .primary_key(Index::create().col("student_id").col("id"))
            .take();
        manager.create_table(job).await?;

        let failure = Table::create()
            .table("job_failure")
            .col(id("student_id"))
            .col(id("job_id"))
            .col(ColumnDef::new("attempt").integer().not_null())
            .col(text("worker", backend))
            .col(time_of_insert("failed_at", backend))
            .col(text("error", backend))
            .primary_key(Index::create().col("student_id").col("job_id").col("attempt"))
            .take();
        manager.create_table(failure).await?;

        let paused_kind = Table::create()
            .table("paused_kind")
            .col(text("kind", backend).primary_key())
            .col(time("paused_at"))
            .col(text("paused_by", backend))
            .take();
        manager.create_table(paused_kind).await?;

        let worker = Table::create()
            .table("worker")
            .col(text("name", backend).primary_key())
            .col(text("host", backend))
            .col(ColumnDef::new("pid").big_integer().not_null())
            .col(text("version", backend))
            .col(time_of_insert("started_at", backend))
            .col(time_of_insert("last_heartbeat_at", backend))
            .col(optional_time("stopped_at"))
            .col(count("running"))
            .col(count("done"))
            .col(count("failed"))
            .take();
        manager.create_table(worker).await?;

        for index in INDEXES {
            manager.get_connection().execute_unprepared(index).await?;
        }
        Ok(())
    }
}

/// Partial indexes, written out because the builder has none.
const INDEXES: [&str; 5] = [
    // At most one waiting job of a kind for each student.
    "CREATE UNIQUE INDEX ux_job_waiting ON job (student_id, kind) WHERE state = 'available'",
    // What a worker claims next.
    "CREATE INDEX ix_job_claim ON job (priority, run_at) WHERE state IN ('available', 'scheduled', 'retryable')",
    // Whose lease has run out.
    "CREATE INDEX ix_job_lease ON job (lease_expires_at) WHERE state = 'running'",
    // What can be pruned.
    "CREATE INDEX ix_job_finished ON job (finished_at) WHERE state IN ('completed', 'discarded', 'cancelled')",
    "CREATE INDEX ix_job_id ON job (id)",
];
