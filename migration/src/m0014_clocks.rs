//! Clocks that are not believed: when a backfill's lease was taken, and up to when retention has deleted.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let leased_at = Table::alter()
            .table("backfill_run")
            .add_column(ColumnDef::new("leased_at").timestamp_with_time_zone())
            .take();
        manager.alter_table(leased_at).await?;
        let clock = Table::create()
            .table("retention_clock")
            .col(ColumnDef::new("id").integer().primary_key())
            .col(ColumnDef::new("reached_at").timestamp_with_time_zone())
            .take();
        manager.create_table(clock).await?;
        manager.get_connection().execute_unprepared("INSERT INTO retention_clock (id) VALUES (1)").await?;
        Ok(())
    }
}
