//! The migrations: on data that is there, by several processes at once, and against the entities.

use std::collections::{BTreeMap, BTreeSet};

use entity::database::Database;
use entity::id::StudentId;
use entity::score::Score;
use entity::sea_orm::{
    ActiveModelTrait, ConnectionTrait, DatabaseConnection, DbBackend, EntityTrait, FromQueryResult, Iden,
    IntoActiveModel, Iterable, JsonValue, Statement,
};
use entity::{
    access_log, aggregate_drift, assignment, assignment_submission, audit_cursor, backfill_item,
    backfill_run, course, enrollment, guardian, guardianship, job, job_failure, paused_kind,
    performance_snapshot, quiz, quiz_attempt, retention_clock, revoked_subject, revoked_token, school,
    session, student, student_erasure, student_profile, token_cutoff, weekly_performance, worker,
};
use serde_json::json;
use tests::backend::TestDatabase;
use tests::{Backend, TestApp, on_both_backends};

/// For each migration, what a database holds that was used after it: rows in the tables of its day.
const POPULATION: &[&[&str]] = &[
    &[
        "INSERT INTO student (id, sourced_id, display_name) VALUES ({1}, 'ada', 'Ada'), ({2}, 'ben', 'Ben')",
        "INSERT INTO guardian (id, sourced_id, display_name) VALUES ({3}, 'gwen', 'Gwen')",
        "INSERT INTO course (id, sourced_id, title, occurred_at) \
         VALUES ({4}, 'maths', 'Maths', '2026-03-01T10:00:00.123456+00:00')",
        "INSERT INTO quiz (id, sourced_id, title, course_id) VALUES ({5}, 'q', 'Quiz', {4})",
        "INSERT INTO assignment (id, sourced_id, title, course_id) VALUES ({6}, 't', 'Essay', {4})",
        "INSERT INTO guardianship (student_id, guardian_id, valid_from) \
         VALUES ({1}, {3}, '2026-03-01T10:00:00+00:00')",
        "INSERT INTO enrollment (student_id, id, sourced_id, course_id, status) \
         VALUES ({1}, {7}, 'e', {4}, 'completed')",
        "INSERT INTO quiz_attempt (student_id, id, sourced_id, quiz_id, completed_at, score, standing) \
         VALUES ({1}, {8}, 'a', {5}, '2026-03-01T10:00:00+00:00', 8750, 'regular')",
        "INSERT INTO assignment_submission (student_id, id, sourced_id, assignment_id, score, standing) \
         VALUES ({1}, {9}, 's', {6}, 99999, 'voided')",
    ],
    &[
        "INSERT INTO student_profile (student_id, total_quizzes_completed, overall_quiz_average_score, \
         overall_average_score, quiz_score_sum, facts_revision, aggregated_revision) \
         VALUES ({1}, 1, 8750, 8750, 8750, 3, 2)",
        "INSERT INTO student_profile (student_id) VALUES ({2})",
    ],
    &[
        "INSERT INTO job (student_id, id, kind, state, priority, max_attempts) \
         VALUES ({1}, {1}, 'recalculate', 'available', 0, 20), ({1}, {2}, 'recalculate', 'completed', 0, 20)",
        "INSERT INTO job_failure (student_id, job_id, attempt, worker, error) VALUES ({1}, {2}, 1, 'w', 'oops')",
        "INSERT INTO paused_kind (kind, paused_at, paused_by) \
         VALUES ('recalculate', '2026-03-01T10:00:00+00:00', 'admin')",
        "INSERT INTO worker (name, host, pid, version) VALUES ('w', 'host', 1, '0.1.0')",
    ],
    &["UPDATE student_profile SET version = 7 WHERE student_id = {1}"],
    &[
        "INSERT INTO performance_snapshot (student_id, version, taken_at, cause, kept_as, total_quizzes_completed) \
         VALUES ({1}, 7, '2026-03-01T10:00:00+00:00', 'facts_changed', 'day', 1)",
        "INSERT INTO weekly_performance (student_id, course_id, week, quizzes, quiz_score_sum) \
         VALUES ({1}, {4}, '2026-02-23', 1, 8750)",
    ],
    &[
        "INSERT INTO backfill_run (id, scope, dry_run, priority, state, requested_by) \
         VALUES ({1}, 'all', true, 10, 'running', 'admin')",
        "INSERT INTO backfill_item (student_id, run_id, outcome, quiz_average_after) VALUES ({1}, {1}, 'changed', 8750)",
        "UPDATE job SET backfill = true WHERE id = {1}",
    ],
    &[
        "INSERT INTO aggregate_drift (student_id, found_at, version, differences) \
         VALUES ({1}, '2026-03-01T10:00:00+00:00', 7, '[]')",
        "UPDATE audit_cursor SET after_student_id = {1}",
    ],
    &["INSERT INTO session (key_hash, role, subject, created_at, used_at, expires_at) \
       VALUES ('00ff', 'ADMIN', 'admin', '2026-03-01T10:00:00+00:00', '2026-03-01T10:00:00+00:00', \
       '2026-03-01T22:00:00+00:00')"],
    &[
        "UPDATE job SET trace_parent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' WHERE id = {1}",
    ],
    &[
        "INSERT INTO access_log (student_id, id, role, subject, operation, kind, count, first_at, last_at) \
         VALUES ({1}, {2}, 'GUARDIAN', 'gwen', 'myChildren', 'read', 3, '2026-03-01T10:00:00+00:00', \
         '2026-03-01T10:01:00+00:00')",
        "INSERT INTO student_erasure (student_id, erased_at, role, subject, reason) \
         VALUES ({3}, '2026-03-01T10:00:00+00:00', 'ADMIN', 'admin', 'has left')",
    ],
    &[
        "INSERT INTO revoked_token (jti, revoked_at, revoked_by) VALUES ('x', '2026-03-01T10:00:00+00:00', 'admin')",
        "INSERT INTO revoked_subject (role, subject, issued_before, revoked_at, revoked_by) VALUES ('GUARDIAN', \
         'gwen', '2026-03-01T10:00:00+00:00', '2026-03-01T10:00:00+00:00', 'admin')",
    ],
    &[
        "UPDATE backfill_run SET leased_at = '2026-03-01T10:00:00+00:00'",
        "UPDATE retention_clock SET reached_at = '2026-03-01T10:00:00+00:00'",
    ],
    &["UPDATE token_cutoff SET issued_before = '2026-03-01T10:00:00+00:00'"],
];

/// A statement with `{n}` in the place of an id, in the words of the database.
fn with_ids(statement: &str, backend: Backend) -> String {
    let id = |n: usize| match backend {
        Backend::Sqlite => format!("x'{n:032x}'"),
        Backend::Postgres => format!("'00000000-0000-0000-0000-{n:012x}'"),
    };
    (1..10).fold(statement.to_owned(), |statement, n| statement.replace(&format!("{{{n}}}"), &id(n)))
}

async fn rows(db: &DatabaseConnection, query: &str) -> Vec<JsonValue> {
    let statement = Statement::from_string(db.get_database_backend(), query);
    JsonValue::find_by_statement(statement).all(db).await.expect("the rows can be read")
}

fn is_sqlite(db: &Database) -> bool {
    db.backend() == DbBackend::Sqlite
}

/// The tables and the names of their columns, those of the migrations themselves left out.
async fn tables(db: &Database) -> BTreeMap<String, BTreeSet<String>> {
    let columns = if is_sqlite(db) {
        "SELECT t.name AS \"table\", c.name AS \"column\" FROM sqlite_master t, pragma_table_info(t.name) c \
         WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'"
    } else {
        "SELECT table_name::text AS \"table\", column_name::text AS \"column\" FROM information_schema.columns \
         WHERE table_schema = 'public'"
    };
    let mut tables = BTreeMap::<String, BTreeSet<String>>::new();
    for row in rows(db.reader(), columns).await {
        let text = |name: &str| row[name].as_str().expect("a name").to_owned();
        if text("table") != "seaql_migrations" {
            tables.entry(text("table")).or_default().insert(text("column"));
        }
    }
    tables
}

/// All rows of these columns, as text.
async fn contents(
    db: &Database,
    tables: &BTreeMap<String, BTreeSet<String>>,
) -> BTreeMap<String, Vec<String>> {
    let mut contents = BTreeMap::new();
    for (table, columns) in tables {
        let text = |column: &String| {
            let value = if is_sqlite(db) { format!("quote({column})") } else { format!("{column}::text") };
            format!("{value} AS {column}")
        };
        let columns: Vec<String> = columns.iter().map(text).collect();
        let query = format!("SELECT {} FROM {table}", columns.join(", "));
        let mut rows: Vec<String> = rows(db.reader(), &query).await.iter().map(ToString::to_string).collect();
        rows.sort();
        contents.insert(table.clone(), rows);
    }
    contents
}

on_both_backends! {
    async fn a_migration_keeps_the_data_that_is_there(backend) {
        assert_eq!(
            migration::count(),
            POPULATION.len(),
            "say in POPULATION what a database holds after the new migration"
        );
        let database = TestDatabase::empty(backend).await;
        let db = &database.db;
        for (step, &population) in POPULATION.iter().enumerate() {
            let tables = tables(db).await;
            let before = contents(db, &tables).await;
            migration::migrate_steps(db.writer(), 1).await.expect("the migration runs");
            assert_eq!(migration::pending(db.reader()).await.expect("a list").len(), POPULATION.len() - step - 1);
            assert_eq!(contents(db, &tables).await, before, "after migration {}", step + 1);
            for statement in population {
                let statement = with_ids(statement, backend);
                db.writer().execute_unprepared(&statement).await.unwrap_or_else(|it| panic!("{statement}: {it}"));
            }
        }
        let contents = contents(db, &tables(db).await).await;
        let empty: Vec<&String> = contents.iter().filter(|(_, rows)| rows.is_empty()).map(|(name, _)| name).collect();
        assert!(empty.is_empty(), "POPULATION leaves tables empty: {empty:?}");
    }

    async fn running_again_changes_nothing(backend) {
        let database = TestDatabase::migrated(backend).await;
        let db = &database.db;
        assert_eq!(migration::pending(db.reader()).await.expect("a list"), Vec::<String>::new());
        for statement in POPULATION.iter().copied().flatten() {
            db.writer().execute_unprepared(&with_ids(statement, backend)).await.expect("a row");
        }
        let tables = tables(db).await;
        let before = contents(db, &tables).await;
        migration::migrate(db.writer()).await.expect("nothing is left to do");
        assert_eq!(self::tables(db).await, tables);
        assert_eq!(contents(db, &tables).await, before);
    }

    async fn students_who_are_there_before_their_weeks_are_kept_are_due_and_others_are_not(backend) {
        let database = TestDatabase::empty(backend).await;
        migration::migrate_steps(database.db.writer(), 4).await.expect("the migrations run");
        for statement in POPULATION.iter().copied().take(4).flatten() {
            database.db.writer().execute_unprepared(&with_ids(statement, backend)).await.expect("a row");
        }
        migration::migrate(database.db.writer()).await.expect("the migrations run");
        let first = StudentId(uuid::Uuid::nil());
        assert_eq!(only::<school::Entity>(&database.db).await.weeks_due_after, Some(first));

        let fresh = TestDatabase::migrated(backend).await;
        assert_eq!(only::<school::Entity>(&fresh.db).await.weeks_due_after, None);
    }

    async fn many_may_migrate_at_once(backend) {
        let database = TestDatabase::empty(backend).await;
        let migrations = (0..6).map(|_| async {
            // A pool of its own, as every process has one.
            let db = Database::connect(&database.url, 2).await.expect("the database opens");
            migration::migrate(db.writer()).await
        });
        for outcome in futures::future::join_all(migrations).await {
            outcome.expect("the migrations run, or have run");
        }
        assert_eq!(migration::pending(database.db.reader()).await.expect("a list"), Vec::<String>::new());
        let applied = rows(database.db.reader(), "SELECT version FROM seaql_migrations").await;
        assert_eq!(applied.len(), migration::count());
    }

    async fn processes_may_migrate_at_once(backend) {
        let database = TestDatabase::empty(backend).await;
        let program = program("tally-api");
        let started: Vec<_> = (0..4)
            .map(|_| {
                tokio::process::Command::new(&program)
                    .arg("migrate")
                    .env("DATABASE_URL", &database.url)
                    .stdout(std::process::Stdio::piped())
                    .stderr(std::process::Stdio::piped())
                    .spawn()
                    .unwrap_or_else(|error| panic!("{}: {error}; build it first", program.display()))
            })
            .collect();
        for process in started {
            let output = process.wait_with_output().await.expect("it ends");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
        assert_eq!(migration::pending(database.db.reader()).await.expect("a list"), Vec::<String>::new());
    }

    async fn the_entities_are_the_tables(backend) {
        let database = TestDatabase::migrated(backend).await;
        let mut entities = BTreeMap::new();
        let mut add = |(table, columns)| assert!(entities.insert(table, columns).is_none());
        add(columns::<student::Entity>());
        add(columns::<guardian::Entity>());
        add(columns::<guardianship::Entity>());
        add(columns::<course::Entity>());
        add(columns::<quiz::Entity>());
        add(columns::<assignment::Entity>());
        add(columns::<enrollment::Entity>());
        add(columns::<quiz_attempt::Entity>());
        add(columns::<assignment_submission::Entity>());
        add(columns::<student_profile::Entity>());
        add(columns::<school::Entity>());
        add(columns::<performance_snapshot::Entity>());
        add(columns::<weekly_performance::Entity>());
        add(columns::<job::Entity>());
        add(columns::<backfill_run::Entity>());
        add(columns::<backfill_item::Entity>());
        add(columns::<job_failure::Entity>());
        add(columns::<paused_kind::Entity>());
        add(columns::<worker::Entity>());
        add(columns::<aggregate_drift::Entity>());
        add(columns::<audit_cursor::Entity>());
        add(columns::<session::Entity>());
        add(columns::<access_log::Entity>());
        add(columns::<student_erasure::Entity>());
        add(columns::<retention_clock::Entity>());
        add(columns::<token_cutoff::Entity>());
        add(columns::<revoked_token::Entity>());
        add(columns::<revoked_subject::Entity>());
        assert_eq!(tables(&database.db).await, entities);
    }

    async fn what_was_written_is_read_back_by_every_entity(backend) {
        let app = TestApp::start(backend).await;
        app.student("ada").await;
        app.course("maths").await;
        app.quiz("q", "maths").await;
        app.assignment("t", "maths").await;
        app.enroll("ada", "maths", "ACTIVE").await;
        app.attempt("ada", "a", "q", "80").await;
        app.submission("ada", "s", "t", "90").await;
        app.write("upsertGuardian", json!({ "sourcedId": "gwen", "displayName": "Gwen" })).await;
        let names = json!({ "student": { "sourcedId": "ada" }, "guardian": { "sourcedId": "gwen" } });
        app.write("grantGuardianship", names).await;
        app.drain().await;

        let db = app.db();
        let student = only::<student::Entity>(db).await;
        let guardian = only::<guardian::Entity>(db).await;
        assert_eq!(only::<guardianship::Entity>(db).await.guardian_id, guardian.id);
        let course = only::<course::Entity>(db).await;
        assert_eq!(only::<quiz::Entity>(db).await.course_id, course.id);
        assert_eq!(only::<assignment::Entity>(db).await.course_id, course.id);
        assert_eq!(only::<enrollment::Entity>(db).await.total_quizzes_taken, 1);
        assert_eq!(only::<quiz_attempt::Entity>(db).await.score.map(Score::hundredths), Some(8000));
        assert_eq!(only::<assignment_submission::Entity>(db).await.student_id, student.id);
        let profile = only::<student_profile::Entity>(db).await;
        assert_eq!(profile.overall_average_score.map(Score::hundredths), Some(8500));
        let snapshot = only::<performance_snapshot::Entity>(db).await;
        assert_eq!(Some(snapshot.taken_at), profile.last_performance_update);
        assert_eq!(only::<weekly_performance::Entity>(db).await.aggregates(), profile.aggregates());
        assert_eq!(only::<school::Entity>(db).await.time_zone, "UTC");
        let job = only::<job::Entity>(db).await;
        assert_eq!((job.student_id, job.state), (student.id, job::State::Completed));

        // The API writes no row of these.
        let now = tests::app::start_of_time();
        inserted_and_read_back(db, job_failure::Model {
            student_id: student.id,
            job_id: job.id,
            attempt: 1,
            worker: "w".to_owned(),
            failed_at: now,
            error: "oops".to_owned(),
        })
        .await;
        inserted_and_read_back(db, aggregate_drift::Model {
            student_id: student.id,
            found_at: now,
            version: 1,
            differences: aggregate_drift::Differences(vec![aggregate_drift::Difference {
                enrollment: Some(student.id.into()),
                field: "averageQuizScore".to_owned(),
                stored: None,
                computed: Some("80.00".to_owned()),
            }]),
        })
        .await;
        assert_eq!(only::<audit_cursor::Entity>(db).await.after_student_id, None);
        inserted_and_read_back(db, paused_kind::Model {
            kind: job::RECALCULATE.to_owned(),
            paused_at: now,
            paused_by: "admin".to_owned(),
        })
        .await;
        inserted_and_read_back(db, worker::Model {
            name: "w".to_owned(),
            host: "host".to_owned(),
            pid: i64::from(u32::MAX),
            version: "0.1.0".to_owned(),
            started_at: now,
            last_heartbeat_at: now,
            stopped_at: None,
            running: 0,
            done: 1,
            failed: 2,
        })
        .await;
        inserted_and_read_back(db, session::Model {
            key_hash: "00ff".to_owned(),
            role: "GUARDIAN".to_owned(),
            subject: "gwen".to_owned(),
            created_at: now,
            used_at: now,
            expires_at: now,
            revoked_at: Some(now),
        })
        .await;
    }
}

fn columns<E: EntityTrait>() -> (String, BTreeSet<String>) {
    (E::default().table_name().to_owned(), E::Column::iter().map(|column| column.to_string()).collect())
}

/// The one row of a table.
async fn only<E: EntityTrait>(db: &Database) -> E::Model {
    let mut rows = E::find().all(db.reader()).await.expect("the rows fit the entity");
    assert_eq!(rows.len(), 1, "rows of {}", E::default().table_name());
    rows.remove(0)
}

async fn inserted_and_read_back<M, A>(db: &Database, row: M)
where
    M: IntoActiveModel<A> + Clone + PartialEq + std::fmt::Debug + Send,
    A: ActiveModelTrait + Send,
    A::Entity: EntityTrait<Model = M>,
{
    A::Entity::insert(row.clone().into_active_model().reset_all())
        .exec_without_returning(db.writer())
        .await
        .expect("a row");
    assert_eq!(only::<A::Entity>(db).await, row);
}

/// One of our programs, which lies beside the tests'.
fn program(name: &str) -> std::path::PathBuf {
    let tests = std::env::current_exe().expect("the tests are a program");
    tests.ancestors().nth(2).expect("the folder of the programs").join(name)
}
