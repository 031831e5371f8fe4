//! Many clients at once, with workers running meanwhile: no error, no lost update, and fewer jobs than facts.

use std::time::Duration;

use entity::job;
use entity::sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use futures::future::{join_all, try_join_all};
use serde_json::{Value, json};
use tests::client::Client;
use tests::writing::bulk_mutation;
use tests::{TestApp, on_both_backends};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use worker::engine::EngineError;
use worker::{Metrics, Settings, Worker};

const CLIENTS: usize = 16;

/// How often the database is asked whether all is done, and how long a wake-up is waited for in between.
const LOOKS: usize = 1000;
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// Workers of this process, as many as of a server, until they are stopped.
struct Workers {
    stop: CancellationToken,
    running: Vec<JoinHandle<Result<(), EngineError>>>,
}

impl Workers {
    fn start(app: &TestApp) -> Self {
        let stop = CancellationToken::new();
        let settings = Settings::for_backend(app.db().backend());
        let worker = || {
            let worker = Worker::new(app.db().clone(), app.shared_clock(), settings, Metrics::new());
            tokio::spawn(worker.run(stop.clone()))
        };
        Self { running: vec![worker(), worker()], stop }
    }

    async fn stop(self) {
        self.stop.cancel();
        for ended in join_all(self.running).await {
            ended.expect("no panic").expect("a worker that ends well");
        }
    }
}

/// Waits until no job waits or runs and nobody is stale.
async fn settled(app: &TestApp) {
    let mut commits = app.db().wake().listen();
    for _ in 0..LOOKS {
        if unfinished_jobs(app).await == 0 && app.stale_students().await == 0 {
            return;
        }
        // Whether it was a commit or the time that ran out: look again.
        let _ = tokio::time::timeout(BETWEEN_LOOKS, commits.changed()).await;
    }
    panic!(
        "{} jobs are not finished, {} students stale",
        unfinished_jobs(app).await,
        app.stale_students().await
    );
}

async fn unfinished_jobs(app: &TestApp) -> u64 {
    job::Entity::find()
        .filter(job::Column::State.ne(job::State::Completed))
        .count(app.db().reader())
        .await
        .expect("jobs can be counted")
}

/// A school of one course with a quiz and an assignment, where `students` are enrolled.
async fn school(backend: tests::Backend, students: usize) -> TestApp {
    let app = TestApp::start(backend).await;
    app.course("maths").await;
    app.quiz("quiz", "maths").await;
    app.assignment("essay", "maths").await;
    let people: Vec<Value> =
        (0..students).map(|n| json!({ "sourcedId": student(n), "displayName": "x" })).collect();
    app.write_all("upsertStudent", &people, false).await;
    let enrollments: Vec<Value> = (0..students)
        .map(|n| {
            json!({
                "student": { "sourcedId": student(n) },
                "sourcedId": "maths",
                "course": { "sourcedId": "maths" },
            })
        })
        .collect();
    app.write_all("upsertEnrollment", &enrollments, false).await;
    app
}

fn student(number: usize) -> String {
    format!("student {number:03}")
}

fn attempt(student_number: usize, attempt: &str, score: usize) -> Value {
    json!({
        "student": { "sourcedId": student(student_number) },
        "sourcedId": attempt,
        "quiz": { "sourcedId": "quiz" },
        "completedAt": "2026-03-01T10:00:00Z",
        "score": { "percentage": score.to_string() },
    })
}

fn submission(student_number: usize, submission: &str, score: usize) -> Value {
    json!({
        "student": { "sourcedId": student(student_number) },
        "sourcedId": submission,
        "assignment": { "sourcedId": "essay" },
        "gradedAt": "2026-03-01T12:00:00Z",
        "score": { "percentage": score.to_string() },
    })
}

/// Two items of 60 and 80 % for each of `students`, as `item` writes one.
fn two_for_each(students: &[usize], name: &str, item: fn(usize, &str, usize) -> Value) -> Vec<Value> {
    let items = |student: &usize| [60, 80].map(|score| item(*student, &format!("{name}: {score}"), score));
    students.iter().flat_map(items).collect()
}

/// Writes `inputs` as all or nothing. All of them must be new, or change something.
async fn write(client: &Client, mutation: &str, inputs: Vec<Value>) {
    let count = inputs.len();
    let variables = json!({ "inputs": inputs, "partial": false });
    let data = client.data(&bulk_mutation(mutation), variables).await;
    let (_, payload) = data.as_object().and_then(|data| data.iter().next()).expect("a payload");
    assert_eq!(payload["written"], count, "{mutation}");
}

/// Runs what each client does, all at once.
async fn at_once<F, W>(app: &TestApp, client: F)
where
    F: Fn(usize, Client) -> W,
    W: Future<Output = ()> + Send + 'static,
{
    let clients = (0..CLIENTS).map(|number| tokio::spawn(client(number, app.service())));
    try_join_all(clients).await.expect("no client fails");
}

/// Fails unless a rebuild from nothing gives the numbers that are there, and no job has ever failed.
async fn nothing_was_lost(app: &TestApp, facts: usize) {
    let jobs = app.jobs().await;
    assert!(jobs.len() < facts, "{} jobs for {facts} facts", jobs.len());
    assert!(jobs.iter().all(|job| job.state == job::State::Completed && job.last_error.is_none()));
    app.assert_parts_add_up().await;
    let before = app.all_numbers().await;
    app.rebuild().await;
    assert_eq!(app.all_numbers().await, before);
}

on_both_backends! {
    /// Each client records attempts of its own and rescores each of them at once.
    async fn sixteen_clients_write_for_one_student(backend) {
        const ATTEMPTS: usize = 8;
        let app = school(backend, 1).await;
        let workers = Workers::start(&app);
        at_once(&app, |number, client| async move {
            for n in 0..ATTEMPTS {
                let name = format!("attempt {number} {n}");
                for score in [999, number * ATTEMPTS + n] {
                    write(&client, "recordQuizAttempt", vec![attempt(0, &name, score)]).await;
                }
            }
        }).await;
        settled(&app).await;
        workers.stop().await;

        // The final scores are the whole numbers from 0 to 127.
        let profile = app.profile(&student(0)).await;
        assert_eq!(profile.to_string(), "128 at 63.50, 0 at -, all at 63.50");
        nothing_was_lost(&app, CLIENTS * ATTEMPTS * 2).await;
    }

    /// Each call writes two facts about each of four students, while another client writes about the same four in the
    /// opposite order.
    async fn sixteen_clients_write_for_five_hundred_students(backend) {
        const STUDENTS: usize = 500;
        const CALLS: usize = 16;
        let app = school(backend, STUDENTS).await;
        let workers = Workers::start(&app);
        at_once(&app, |number, client| async move {
            for call in 0..CALLS {
                let first = (number / 2 * CALLS + call) * 4;
                let mut students = [0, 1, 2, 3].map(|n| (first + n) % STUDENTS);
                let name = format!("client {number} call {call}");
                if number % 2 == 0 {
                    write(&client, "recordQuizAttempt", two_for_each(&students, &name, attempt)).await;
                } else {
                    students.reverse();
                    write(&client, "recordSubmission", two_for_each(&students, &name, submission)).await;
                }
            }
        }).await;
        settled(&app).await;
        workers.stop().await;

        let numbers = app.all_numbers().await;
        let with = |numbers_of_one: &str| numbers.lines().filter(|line| line.ends_with(numbers_of_one)).count();
        assert_eq!(with(",2,2,70.00,70.00,70.00"), STUDENTS - 12);
        // The last students of the last calls are the first ones once more.
        assert_eq!(with(",4,4,70.00,70.00,70.00"), 12);
        nothing_was_lost(&app, CLIENTS * CALLS * 8 + STUDENTS).await;
    }
}

on_both_backends! {
    /// A client that leaves, or a request that takes too long, is given up at any moment.
    async fn a_transaction_whose_caller_left_while_it_began_is_over(backend) {
        let database = tests::backend::TestDatabase::migrated(backend).await;
        for micros in 0..200 {
            let patience = Duration::from_micros(micros * 10);
            let _ = tokio::time::timeout(patience, database.db.begin_snapshot()).await;
            let _ = tokio::time::timeout(patience, database.db.begin_write()).await;
        }
        // As many as there are connections: within a transaction that has read, none of these can begin.
        for _ in 0..8 {
            job::Entity::find().count(database.db.reader()).await.expect("jobs can be counted");
        }
        let snapshots = (0..8).map(|_| database.db.begin_snapshot());
        try_join_all(snapshots).await.expect("no connection is within a transaction");
    }
}
