//! A profile's version, by which a reader tells a newer value from an older one.

use sea_orm_migration::prelude::*;

use crate::columns::count;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let version = Table::alter().table("student_profile").add_column(count("version")).take();
        manager.alter_table(version).await
    }
}
