//! The time before which no bearer token is accepted any more, for after a restore.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let cutoff = Table::create()
            .table("token_cutoff")
            .col(ColumnDef::new("id").integer().primary_key())
            .col(ColumnDef::new("issued_before").timestamp_with_time_zone())
            .take();
        manager.create_table(cutoff).await?;
        manager.get_connection().execute_unprepared("INSERT INTO token_cutoff (id) VALUES (1)").await?;
        Ok(())
    }
}
