//! The state of a connection is known before it is used again, and a commit that stored nothing is no success.

use entity::database::{Database, UnitOfWork, WriteTransaction};
use entity::sea_orm::{ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, Statement};
use entity::student;
use tests::{Backend, TestApp, on_both_backends};

use crate::queue::{school, sql};

/// Writes a row, and goes on after a statement that failed.
struct IgnoresError;

impl UnitOfWork for IgnoresError {
    type Output = ();
    type Error = DbErr;

    async fn run(&self, txn: &WriteTransaction) -> Result<(), DbErr> {
        txn.execute_unprepared("UPDATE course SET title = 'changed'").await?;
        let failed = txn.execute_unprepared("UPDATE course SET no_such_column = 1").await;
        assert!(failed.is_err());
        let next = txn.execute_unprepared("UPDATE quiz SET title = 'changed'").await;
        assert!(next.is_err(), "no statement succeeds after one has failed");
        Ok(())
    }
}

async fn titles(app: &TestApp) -> Vec<String> {
    let sql = "SELECT title FROM course UNION ALL SELECT title FROM quiz";
    let rows =
        app.db().reader().query_all_raw(Statement::from_string(app.db().backend(), sql)).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}

on_both_backends! {
    async fn a_transaction_that_met_an_error_is_not_committed(backend) {
        let app = TestApp::start(backend).await;
        school(&app, &["ada"]).await;
        let before = titles(&app).await;
        app.db().write(&IgnoresError).await.expect_err("nothing was stored");
        assert_eq!(titles(&app).await, before);
    }

    /// As SQLite ends one after SQLITE_IOERR or SQLITE_NOMEM, and a failover ends one.
    async fn a_read_transaction_that_ended_by_itself_leaves_no_old_view_behind(backend) {
        let app = TestApp::start(backend).await;
        let db = Database::connect(app.database_url(), 1).await.expect("one connection that reads");
        for n in 0..3 {
            let snapshot = db.begin_snapshot().await.expect("a snapshot");
            student::Entity::find().count(&snapshot).await.expect("a count");
            snapshot.execute_unprepared("ROLLBACK").await.expect("the transaction ends");
            drop(snapshot);
            let again = db.begin_snapshot().await.expect("a snapshot");
            assert_eq!(student::Entity::find().count(&again).await.expect("a count"), n);
            drop(again);
            app.student(&format!("student-{n}")).await;
            assert_eq!(student::Entity::find().count(db.reader()).await.expect("a count"), n + 1);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_transaction_that_sqlite_ended_by_itself_is_no_success() {
    let app = TestApp::start(Backend::Sqlite).await;
    for _ in 0..3 {
        let txn = app.db().begin_write().await.expect("a transaction");
        txn.execute_unprepared("ROLLBACK").await.expect("the transaction ends");
        txn.commit().await.expect_err("nothing was committed");
        app.student("ada").await;
        let other = Database::connect(app.database_url(), 1).await.expect("the database opens");
        assert_eq!(student::Entity::find().count(other.reader()).await.expect("a count"), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_isolation_level_is_ours_and_not_the_servers() {
    let app = TestApp::start(Backend::Postgres).await;
    school(&app, &["ada"]).await;
    let name = app.database_url().rsplit('/').next().expect("a name").to_owned();
    sql(&app, &format!("ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'")).await;
    let db = Database::connect(app.database_url(), 4).await.expect("the database opens");
    let level = Statement::from_string(db.backend(), "SHOW transaction_isolation");
    let txn = db.begin_write().await.expect("a transaction");
    let row = txn.query_one_raw(level).await.expect("a level").expect("a row");
    assert_eq!(row.try_get_by_index::<String>(0).expect("a text"), "read committed");
}
