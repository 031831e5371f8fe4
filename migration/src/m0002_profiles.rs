//! The aggregates of each student, and the mark that says whether they are stale.

use sea_orm_migration::prelude::*;

use crate::columns::{count, id, optional_time, score};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let profile = Table::create()
            .table("student_profile")
            .col(id("student_id").primary_key())
            .col(count("total_quizzes_completed"))
            .col(count("total_assignments_completed"))
            .col(score("overall_quiz_average_score"))
            .col(score("overall_assignment_average_score"))
            .col(score("overall_average_score"))
            .col(optional_time("last_performance_update"))
            .col(count("quiz_score_sum"))
            .col(count("assignment_score_sum"))
            .col(count("facts_revision"))
            .col(count("aggregated_revision"))
            .col(optional_time("stale_since"))
            .foreign_key(
                ForeignKey::create()
                    .name("fk_student_profile_student_id")
                    .from("student_profile", "student_id")
                    .to("student", "id")
                    .on_delete(ForeignKeyAction::Cascade),
            )
            .take();
        manager.create_table(profile).await?;
        // "Who is still wrong?" is one query over the few rows that are.
        manager
            .get_connection()
            .execute_unprepared(
                "CREATE INDEX ix_student_profile_stale ON student_profile (stale_since) \
                 WHERE facts_revision <> aggregated_revision",
            )
            .await?;
        Ok(())
    }
}
