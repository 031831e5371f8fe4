//! Every order is read from an index, at its ends and in the middle, and nothing is sorted.

use api::service::students::{
    Direction, Field, Filter, Listing, Order, Slice, list_unscoped, plain_statements,
};
use entity::database::Database;
use entity::sea_orm::{ConnectionTrait, DbBackend, Statement};
use tests::backend::TestDatabase;
use tests::{crowd, on_both_backends};

const FIELDS: [Field; super::FIELDS.len()] = [
    Field::Name,
    Field::SourcedId,
    Field::TotalQuizzesCompleted,
    Field::TotalAssignmentsCompleted,
    Field::OverallQuizAverageScore,
    Field::OverallAssignmentAverageScore,
    Field::OverallAverageScore,
    Field::LastPerformanceUpdate,
    Field::StaleSince,
];

/// How many students it takes for PostgreSQL to prefer an index to reading them all.
const STUDENTS: u32 = 20_000;

/// The plan of a statement, as text.
async fn plan(db: &Database, statement: Statement) -> String {
    let sqlite = db.backend() == DbBackend::Sqlite;
    let explain = if sqlite { "EXPLAIN QUERY PLAN" } else { "EXPLAIN" };
    let explained = Statement { sql: format!("{explain} {}", statement.sql), ..statement };
    let column = if sqlite { "detail" } else { "QUERY PLAN" };
    let rows = db.reader().query_all_raw(explained).await.expect("a plan");
    let lines: Vec<String> = rows.iter().map(|row| row.try_get("", column).expect("a line")).collect();
    lines.join("\n")
}

/// The first slice of an order and one further on, forwards and backwards: so one in each of its stretches.
async fn slices(db: &Database, order: Order) -> Vec<Slice> {
    let mut slices = Vec::new();
    for backwards in [false, true] {
        let first = Slice { from: None, backwards, limit: 100 };
        let listing = Listing { filter: Filter::default(), order };
        let page = list_unscoped(db, &listing, &first).await.unwrap_or_else(|_| panic!("a page"));
        let (position, _) = page.students[50].clone();
        slices.push(Slice { from: Some(position), backwards, limit: 100 });
        slices.push(first);
    }
    slices
}

on_both_backends! {
    async fn no_order_is_sorted(backend) {
        let database = TestDatabase::migrated(backend).await;
        let db = &database.db;
        crowd::join(db, "s", 0..STUDENTS).await;
        if db.backend() == DbBackend::Postgres {
            // As the server does by itself, sooner or later.
            db.writer().execute_unprepared("ANALYZE student, student_profile").await.expect("statistics");
        }
        let mut plans = 0;
        for field in FIELDS {
            for direction in [Direction::Ascending, Direction::Descending] {
                let order = Order { field, direction };
                for slice in slices(db, order).await {
                    for statement in plain_statements(db, order, &slice) {
                        let sql = statement.to_string();
                        let plan = plan(db, statement).await;
                        let sorted = plan.contains("Sort") || plan.contains("TEMP B-TREE");
                        let by_index = plan.contains("Index") || plan.contains("INDEX");
                        assert!(!sorted && by_index, "{order:?} {sql}\n{plan}");
                        plans += 1;
                    }
                }
            }
        }
        assert!(plans >= 9 * 2 * 4, "only {plans} plans were looked at");
    }
}
