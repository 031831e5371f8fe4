//! The facts: people, courses, enrolments, quizzes, attempts, assignments, submissions.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::columns::{count, id, one_of, optional_time, score, text, time};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let backend = manager.get_database_backend();
        for table in [
            named("student", "display_name", backend),
            named("guardian", "display_name", backend),
            named("course", "title", backend),
        ] {
            manager.create_table(table).await?;
        }
        for name in ["quiz", "assignment"] {
            manager.create_table(task(name, backend)).await?;
            manager.create_index(index(name, "course_id", &["course_id"])).await?;
        }
        manager.create_table(guardianship()).await?;
        manager.create_index(index("guardianship", "guardian_id", &["guardian_id"])).await?;

        manager.create_table(enrollment(backend)).await?;
        manager.create_index(unique("enrollment", "sourced_id", &["student_id", "sourced_id"])).await?;
        manager
            .get_connection()
            .execute_unprepared(
                "CREATE UNIQUE INDEX ix_enrollment_course_id ON enrollment (student_id, course_id) \
                 WHERE deleted_at IS NULL",
            )
            .await?;
        manager.create_index(index("enrollment", "id", &["id"])).await?;

        manager.create_table(item("quiz_attempt", "quiz", "started_at", "completed_at", backend)).await?;
        manager
            .create_table(item("assignment_submission", "assignment", "submitted_at", "graded_at", backend))
            .await?;
        for (name, task) in [("quiz_attempt", "quiz_id"), ("assignment_submission", "assignment_id")] {
            manager.create_index(unique(name, "sourced_id", &["student_id", "sourced_id"])).await?;
            manager.create_index(index(name, "id", &["id"])).await?;
            // Which students a moved quiz or assignment concerns.
            manager.create_index(index(name, task, &[task, "student_id"])).await?;
        }
        Ok(())
    }
}

/// A person or a course: an id, the writing system's id, and a name.
fn named(table: &'static str, name: &'static str, backend: DbBackend) -> TableCreateStatement {
    Table::create()
        .table(table)
        .col(id("id").primary_key())
        .col(text("sourced_id", backend).unique_key())
        .col(text(name, backend))
        .col(optional_time("occurred_at"))
        .take()
}

/// A quiz or an assignment of a course.
fn task(table: &'static str, backend: DbBackend) -> TableCreateStatement {
    named(table, "title", backend)
        .col(id("course_id"))
        .foreign_key(&mut references(table, "course_id", "course"))
        .take()
}

fn guardianship() -> TableCreateStatement {
    Table::create()
        .table("guardianship")
        .col(id("student_id"))
        .col(id("guardian_id"))
        .col(time("valid_from"))
        .col(optional_time("valid_until"))
        .col(optional_time("revoked_at"))
        .col(optional_time("occurred_at"))
        .primary_key(Index::create().col("student_id").col("guardian_id"))
        .foreign_key(references("guardianship", "student_id", "student").on_delete(ForeignKeyAction::Cascade))
        .foreign_key(
            references("guardianship", "guardian_id", "guardian").on_delete(ForeignKeyAction::Cascade),
        )
        .take()
}

fn enrollment(backend: DbBackend) -> TableCreateStatement {
    Table::create()
        .table("enrollment")
        .col(id("student_id"))
        .col(id("id"))
        .col(text("sourced_id", backend))
        .col(id("course_id"))
        .col(one_of("status", &["active", "completed", "dropped", "paused", "pending", "suspended"]))
        .col(optional_time("occurred_at"))
        .col(optional_time("deleted_at"))
        .col(count("total_quizzes_taken"))
        .col(count("quiz_score_sum"))
        .col(score("average_quiz_score"))
        .col(count("total_assignments_completed"))
        .col(count("assignment_score_sum"))
        .col(score("average_assignment_score"))
        .primary_key(Index::create().col("student_id").col("id"))
        .foreign_key(references("enrollment", "student_id", "student").on_delete(ForeignKeyAction::Cascade))
        .foreign_key(&mut references("enrollment", "course_id", "course"))
        .take()
}

/// A quiz attempt or a submission: an item of a student.
fn item(
    table: &'static str,
    task: &'static str,
    begun: &'static str,
    done: &'static str,
    backend: DbBackend,
) -> TableCreateStatement {
    let task_id = if task == "quiz" { "quiz_id" } else { "assignment_id" };
    Table::create()
        .table(table)
        .col(id("student_id"))
        .col(id("id"))
        .col(text("sourced_id", backend))
        .col(id(task_id))
        .col(optional_time(begun))
        .col(optional_time(done))
        .col(score("score"))
        .col(one_of("standing", &["regular", "excused", "voided", "deleted"]))
        .col(optional_time("occurred_at"))
        .primary_key(Index::create().col("student_id").col("id"))
        .foreign_key(references(table, "student_id", "student").on_delete(ForeignKeyAction::Cascade))
        .foreign_key(&mut references(table, task_id, task))
        .take()
}

fn references(table: &'static str, column: &'static str, target: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create().name(format!("fk_{table}_{column}")).from(table, column).to(target, "id").take()
}

fn index(table: &'static str, name: &str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create().name(format!("ix_{table}_{name}")).table(table).take();
    for column in columns {
        index.col(*column);
    }
    index
}

fn unique(table: &'static str, name: &str, columns: &[&'static str]) -> IndexCreateStatement {
    index(table, name, columns).unique().take()
}
