//! Bearer tokens that are refused although they are valid.

use sea_orm_migration::prelude::*;

use crate::columns::{one_of, text, time};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let backend = manager.get_database_backend();
        let token = Table::create()
            .table("revoked_token")
            .col(text("jti", backend).primary_key())
            .col(time("revoked_at"))
            .col(text("revoked_by", backend))
            .take();
        manager.create_table(token).await?;
        let subject = Table::create()
            .table("revoked_subject")
            .col(one_of("role", &["ADMIN", "SERVICE", "GUARDIAN", "STUDENT"]))
            .col(text("subject", backend))
            .col(time("issued_before"))
            .col(time("revoked_at"))
            .col(text("revoked_by", backend))
            .primary_key(Index::create().col("role").col("subject"))
            .take();
        manager.create_table(subject).await
    }
}
