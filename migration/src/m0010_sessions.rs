//! Sessions of browsers that have signed in.

use sea_orm_migration::prelude::*;

use crate::columns::{one_of, optional_time, text, time};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let backend = manager.get_database_backend();
        let session = Table::create()
            .table("session")
            .col(text("key_hash", backend).primary_key())
            .col(one_of("role", &["ADMIN", "SERVICE", "GUARDIAN", "STUDENT"]))
            .col(text("subject", backend))
            .col(time("created_at"))
            .col(time("used_at"))
            .col(time("expires_at"))
            .col(optional_time("revoked_at"))
            .take();
        manager.create_table(session).await?;
        for (name, column) in [("ix_session_subject", "subject"), ("ix_session_expires_at", "expires_at")] {
            let index = Index::create().name(name).table("session").col(column).take();
            manager.create_index(index).await?;
        }
        Ok(())
    }
}
