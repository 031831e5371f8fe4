//! Backups of an SQLite database that is in use, and a file that is a database by itself after a clean stop.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use api::auth::Role;
use entity::clock::{Clock, SystemClock};
use entity::database::Database;
use entity::sea_orm::EntityTrait;
use entity::{quiz_attempt, student};
use tests::binary::{Served, TallyApi};
use tests::client::Client;
use tests::faulty_disk::FaultyDisk;
use tests::program::Program;

use crate::chaos::{prepare, record};

/// The database of a server that was started without a setting.
const DATABASE: &str = ".tally/tally.db";

/// A server on SQLite with the tests' secret, and a client of the learning system.
async fn serve(program: &TallyApi, args: &[&str]) -> (Served, Client) {
    let secret = program.folder().join("secret");
    if !secret.exists() {
        program.file("secret", tests::app::SECRET);
    }
    let mut all = vec!["--jwt-secret-file", "secret"];
    all.extend(args);
    let served = program.serve(&all, &[]).await;
    let token = tests::app::token(Role::Service, "lms", SystemClock.now());
    let service = Client::new(served.url(), Some(token));
    (served, service)
}

/// The `sourcedId`s of the attempts in the file `database`.
async fn attempts(database: &Path) -> Vec<String> {
    let db = Database::connect(&format!("sqlite:{}", database.display()), 1).await.expect("it is a database");
    assert_eq!(migration::pending(db.reader()).await.expect("a list"), Vec::<String>::new());
    let attempts = quiz_attempt::Entity::find().all(db.reader()).await.expect("attempts");
    db.close().await;
    attempts.into_iter().map(|attempt| attempt.sourced_id).collect()
}

/// Nothing but what is named lies in `folder`.
fn assert_files(folder: &Path, expected: &[&str]) {
    let mut files: Vec<String> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
        .collect();
    files.sort_unstable();
    assert_eq!(files, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_ends_while_facts_are_written_and_holds_what_was_acknowledged() {
    let program = TallyApi::new();
    let (_served, service) = serve(&program, &[]).await;
    prepare(&service).await;
    for n in 0..50 {
        record(&service, &format!("before-{n}"), n % 12, 8000).await.expect("an acknowledgement");
    }
    let stop = Arc::new(AtomicBool::new(false));
    let (writing, end) = (service.clone(), stop.clone());
    let writer = tokio::spawn(async move {
        let mut written = 0;
        while !end.load(Ordering::Relaxed) {
            record(&writing, &format!("during-{written}"), written % 12, 8000).await.expect("it is written");
            written += 1;
        }
        written
    });
    let copies = program.folder().join("copies");
    fs::create_dir(&copies).expect("a folder");
    let ended = program.run(&["backup", "copies/tally.db"], &[]).await;
    stop.store(true, Ordering::Relaxed);
    assert!(writer.await.expect("no panic") > 0);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.starts_with("copies/tally.db is a backup: "), "{}", ended.stdout);
    assert!(ended.stdout.contains("It holds 12 students and "), "{}", ended.stdout);
    let copy = copies.join("tally.db");
    assert_eq!(fs::metadata(&copy).expect("it is there").permissions().mode() & 0o777, 0o600);
    assert_files(&copies, &["tally.db"]);
    let stored = attempts(&copy).await;
    for n in 0..50 {
        assert!(stored.contains(&format!("before-{n}")), "{n} was acknowledged before");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_backed_up_is_said_and_leaves_nothing_behind() {
    let program = TallyApi::new();
    let refused = async |args: &[&str], env: &[(&str, &str)], sentence: &str| {
        let ended = program.run(args, env).await;
        assert_eq!(ended.code, Some(1), "{args:?}");
        assert!(ended.stderr.contains(sentence), "{args:?}: {}", ended.stderr);
    };
    refused(&["backup", "copy.db"], &[], "there is no database at .tally/tally.db: name the one to back up")
        .await;
    assert_files(program.folder(), &[]);

    let (served, service) = serve(&program, &[]).await;
    prepare(&service).await;
    assert_eq!(served.stop().await, Some(0));
    program.file("there.db", "somebody's");
    refused(&["backup", "there.db"], &[], "there.db exists already: name another file").await;
    assert_eq!(fs::read_to_string(program.folder().join("there.db")).expect("a file"), "somebody's");
    refused(&["backup", "no/copy.db"], &[], "no/copy.db cannot be made: ").await;
    let postgres = [("DATABASE_URL", "postgres://nobody@127.0.0.1/none")];
    refused(&["backup", "copy.db"], &postgres, "the database is on PostgreSQL: back it up with pg_dump")
        .await;

    let small = program.folder().join("small");
    fs::create_dir(&small).expect("a folder");
    let disk = FaultyDisk::holding(&small);
    let environment = disk.environment();
    let environment: Vec<(&str, &str)> =
        environment.iter().map(|(name, value)| (*name, value.to_str().expect("a plain path"))).collect();
    disk.fill();
    refused(&["backup", "small/copy.db"], &environment, "the disk has no room for small/copy.db.partial")
        .await;
    assert_files(&small, &["fault", "faulty_disk.so"]);
    disk.mend();
    assert_eq!(program.run(&["backup", "small/copy.db"], &environment).await.code, Some(0));
}

/// Copies the database alone, without what lies beside it, and reads it.
async fn copied_alone(folder: &Path) -> Vec<String> {
    let wal = fs::metadata(folder.join(format!("{DATABASE}-wal"))).map_or(0, |file| file.len());
    assert_eq!(wal, 0, "bytes that are not in the database itself");
    let alone = tempfile::tempdir().expect("a folder");
    let copy = alone.path().join("copy.db");
    fs::copy(folder.join(DATABASE), &copy).expect("a copy");
    attempts(&copy).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_clean_stop_the_file_is_a_database_by_itself() {
    let program = TallyApi::new();
    let (served, service) = serve(&program, &[]).await;
    prepare(&service).await;
    for n in 0..20 {
        record(&service, &format!("a-{n}"), n % 12, 8000).await.expect("an acknowledgement");
    }
    assert_eq!(served.stop().await, Some(0));
    assert_eq!(copied_alone(program.folder()).await.len(), 20);

    // With the worker in another process, the one that stops last leaves the file whole.
    let (served, service) = serve(&program, &["--no-worker"]).await;
    let worker = Program::new("tally-worker");
    let url = format!("sqlite:{}", program.folder().join(DATABASE).display());
    let running = worker.start(&[], &[("DATABASE_URL", &url)]);
    for n in 0..20 {
        record(&service, &format!("b-{n}"), n % 12, 8000).await.expect("an acknowledgement");
    }
    settled(&url).await;
    assert_eq!(served.stop().await, Some(0));
    running.interrupt().await;
    assert_eq!(running.ended().await.code, Some(0));
    assert_eq!(copied_alone(program.folder()).await.len(), 40);
}

/// Returns when the worker has seen to all students.
async fn settled(url: &str) {
    let db = Database::connect(url, 1).await.expect("the database opens");
    assert_eq!(student::Entity::find().all(db.reader()).await.expect("students").len(), 12);
    let stale = || async {
        use entity::sea_orm::{PaginatorTrait as _, QueryFilter as _};
        let stale = entity::student_profile::Entity::find().filter(entity::student_profile::Entity::stale());
        stale.count(db.reader()).await.expect("a count")
    };
    while stale().await > 0 {
        tokio::task::yield_now().await;
    }
    db.close().await;
}
