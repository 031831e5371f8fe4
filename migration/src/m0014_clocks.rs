//! Clocks that are not believed: when a backfill's lease was taken, and up to when retention has deleted.

use sea_orm_migration::prelude::*;

use crate::columns::optional_time;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let leased_at = Table::alter().table("backfill_run").add_column(optional_time("leased_at")).take();
        manager.alter_table(leased_at).await?;
        let clock = Table::create()
            .table("retention_clock")
            .col(ColumnDef::new("id").integer().primary_key())
            .col(optional_time("reached_at"))
            .take();
        manager.create_table(clock).await?;
        manager.get_connection().execute_unprepared("INSERT INTO retention_clock (id) VALUES (1)").await?;
        Ok(())
    }
}
