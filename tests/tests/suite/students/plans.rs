//! Every order is read from an index, at its ends and in the middle, and nothing is sorted.

use std::time::{Duration, Instant};

use api::service::students::{
    Direction, Field, Filter, Listing, Order, Slice, list_unscoped, plain_statements,
};
use entity::database::Database;
use entity::sea_orm::{ConnectionTrait, DbBackend, Statement};
use tests::backend::TestDatabase;
use tests::{crowd, on_both_backends};

use super::{students, tell};

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

/// How long a statement takes, its rows included.
async fn took(db: &Database, statement: Statement) -> Duration {
    let began = Instant::now();
    db.reader().query_all_raw(statement).await.expect("rows");
    began.elapsed()
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
        crowd::join(db, "s", 0..students(STUDENTS)).await;
        if db.backend() == DbBackend::Postgres {
            // As the server does by itself, sooner or later.
            db.writer().execute_unprepared("ANALYZE student, student_profile").await.expect("statistics");
        }
        let (mut plans, mut slowest) = (0, (Duration::ZERO, String::new()));
        for field in FIELDS {
            for direction in [Direction::Ascending, Direction::Descending] {
                let order = Order { field, direction };
                for slice in slices(db, order).await {
                    for statement in plain_statements(db, order, &slice) {
                        let sql = statement.to_string();
                        let timed = statement.clone();
                        let plan = plan(db, statement).await;
                        let sorted = plan.contains("Sort") || plan.contains("TEMP B-TREE");
                        let by_index = plan.contains("Index") || plan.contains("INDEX");
                        assert!(!sorted && by_index, "{order:?} {sql}\n{plan}");
                        plans += 1;
                        let told = format!("{backend:?} {order:?} {sql}\n{plan}");
                        slowest = slowest.max((took(db, timed).await, told));
                    }
                }
            }
        }
        tell(&format!("slowest page: {:?}\n{}", slowest.0, slowest.1));
        assert!(plans >= 9 * 2 * 4, "only {plans} plans were looked at");
    }

    /// A search may look at everybody, but keeps the order: what it costs is told, and what it finds is little.
    async fn a_search_for_nobody_looks_at_everybody_once(backend) {
        let database = TestDatabase::migrated(backend).await;
        let db = &database.db;
        crowd::join(db, "s", 0..students(1_000)).await;
        for field in [Field::Name, Field::OverallAverageScore] {
            for filter in [
                Filter { search: Some("nobody".to_owned()), ..Filter::default() },
                Filter { status: Some(entity::enrollment::Status::Active), ..Filter::default() },
            ] {
                let listing = Listing { filter, order: Order { field, direction: Direction::Descending } };
                let began = Instant::now();
                let page = list_unscoped(db, &listing, &Slice { from: None, backwards: false, limit: 20 }).await;
                let page = page.unwrap_or_else(|_| panic!("a page"));
                tell(&format!("{backend:?} {field:?} {:?}: {:?}", listing.filter.search, began.elapsed()));
                assert!(page.students.is_empty() && !page.more);
            }
        }
    }
}
