//! The trace that a job belongs to.

use sea_orm_migration::prelude::*;

use crate::columns::optional_text;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let trace = Table::alter().table("job").add_column(optional_text("trace_parent")).take();
        manager.alter_table(trace).await
    }
}
