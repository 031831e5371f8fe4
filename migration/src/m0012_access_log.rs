//! Who read or changed which student's record, and which students have been erased.

use sea_orm_migration::prelude::*;

use crate::columns::{id, one_of, text, time};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let backend = manager.get_database_backend();
        // No foreign key: that somebody deleted a student must still be known afterwards.
        let log = Table::create()
            .table("access_log")
            .col(id("student_id"))
            .col(id("id"))
            .col(one_of("role", &["ADMIN", "SERVICE", "GUARDIAN"]))
            .col(text("subject", backend))
            .col(text("operation", backend))
            .col(one_of("kind", &["read", "changed"]))
            .col(ColumnDef::new("count").big_integer().not_null().check(Expr::col("count").gt(0)))
            .col(time("first_at"))
            .col(time("last_at"))
            .primary_key(Index::create().col("student_id").col("id"))
            .take();
        manager.create_table(log).await?;
        // Everybody's accesses in the order of their time, for admins and for the end of the retention; and one person's.
        for (name, columns) in [("ix_access_log_id", "id"), ("ix_access_log_subject", "subject, id")] {
            let index = format!("CREATE INDEX {name} ON access_log ({columns})");
            manager.get_connection().execute_unprepared(&index).await?;
        }

        let erasure = Table::create()
            .table("student_erasure")
            .col(id("student_id").primary_key())
            .col(time("erased_at"))
            .col(text("role", backend))
            .col(text("subject", backend))
            .col(text("reason", backend))
            .take();
        manager.create_table(erasure).await
    }
}
