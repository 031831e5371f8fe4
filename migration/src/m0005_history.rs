//! What the numbers were before, what they are week by week, and the time zone in which days and weeks begin.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::columns::{count, id, one_of, score, text, time};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let backend = manager.get_database_backend();
        manager.create_table(school(backend)).await?;
        manager.create_table(snapshot(backend)).await?;
        manager.create_table(week(backend)).await?;
        let db = manager.get_connection();
        // What the retention looks at: a lasting snapshot is never looked at again.
        db.execute_unprepared(
            "CREATE INDEX ix_performance_snapshot_kept ON performance_snapshot (kept_as, taken_at) \
             WHERE kept_as <> 'lasting'",
        )
        .await?;
        // Whoever is there already has no weeks yet.
        let before_everybody = match backend {
            DbBackend::Sqlite => "zeroblob(16)",
            _ => "CAST('00000000-0000-0000-0000-000000000000' AS uuid)",
        };
        db.execute_unprepared(&format!(
            "INSERT INTO school (id, time_zone, weeks_due_after) \
             SELECT 1, 'UTC', CASE WHEN EXISTS (SELECT 1 FROM student_profile) THEN {before_everybody} END"
        ))
        .await?;
        Ok(())
    }
}

/// The one row of what holds for the whole school.
fn school(backend: DbBackend) -> TableCreateStatement {
    Table::create()
        .table("school")
        .col(ColumnDef::new("id").integer().not_null().primary_key().check(Expr::col("id").eq(1)))
        .col(text("time_zone", backend))
        .col(ColumnDef::new("weeks_due_after").uuid())
        .take()
}

fn snapshot(backend: DbBackend) -> TableCreateStatement {
    let mut table = Table::create()
        .table("performance_snapshot")
        .col(id("student_id"))
        .col(ColumnDef::new("version").big_integer().not_null())
        .col(time("taken_at"))
        .col(one_of("cause", &["facts_changed", "rebuilt"]))
        .col(one_of("kept_as", &["event", "day", "lasting"]))
        .col(count("total_quizzes_completed"))
        .col(count("total_assignments_completed"))
        .col(score("overall_quiz_average_score"))
        .col(score("overall_assignment_average_score"))
        .col(score("overall_average_score"))
        .col(count("quiz_score_sum"))
        .col(count("assignment_score_sum"))
        .primary_key(Index::create().col("student_id").col("version"))
        .foreign_key(&mut of_student("performance_snapshot"))
        .take();
    clustered(&mut table, backend)
}

/// No foreign key leads to the course: every written week would lock a row that all students share.
fn week(backend: DbBackend) -> TableCreateStatement {
    let mut table = Table::create()
        .table("weekly_performance")
        .col(id("student_id"))
        .col(id("course_id"))
        .col(ColumnDef::new("week").date().not_null())
        .col(count("quizzes"))
        .col(count("quiz_score_sum"))
        .col(count("assignments"))
        .col(count("assignment_score_sum"))
        .primary_key(Index::create().col("student_id").col("course_id").col("week"))
        .foreign_key(&mut of_student("weekly_performance"))
        .take();
    clustered(&mut table, backend)
}

fn of_student(table: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(format!("fk_{table}_student_id"))
        .from(table, "student_id")
        .to("student", "id")
        .on_delete(ForeignKeyAction::Cascade)
        .take()
}

/// On SQLite the rows lie in the order of their key, which is how they are read, and are written once and not twice.
fn clustered(table: &mut TableCreateStatement, backend: DbBackend) -> TableCreateStatement {
    if backend == DbBackend::Sqlite {
        table.extra("WITHOUT ROWID");
    }
    table.take()
}
