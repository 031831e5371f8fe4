//! Processes and servers that are killed or frozen, and disks that are full, at random while facts are written: nothing that was
//! acknowledged is lost, and nothing stays wrong.
//!
//! Bounded to a few seconds; `TALLY_CHAOS_SECONDS` has it go on for longer.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use entity::database::Database;
use entity::sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use entity::{job, quiz_attempt, student_profile};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::json;
use tests::Backend;
use tests::client::Client;
use tests::fleet::{Fleet, Member};

use crate::disk_full::process::Installation;

const WRITERS: usize = 4;
const STUDENTS: usize = 12;
/// How long everything may take to be right again after the last kill.
const PATIENCE: Duration = Duration::from_secs(90);

/// The `sourcedId` of every acknowledged attempt, with its score in hundredths.
type Acknowledged = BTreeMap<String, i32>;

/// Fault injected into the installation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// SIGKILL to a process.
    Kill(Member),
    /// The database's server crashes.
    ServerCrash,
    /// The disk of the database is full for some time.
    DiskFull,
    /// SIGSTOP to a process for some time.
    Freeze(Member),
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_survives_the_death_of_its_processes_freezes_and_full_disks() {
    let faults = |random: &mut StdRng| match random.random_range(0..6) {
        0 => Fault::DiskFull,
        1 => Fault::Freeze(Member::Worker(0)),
        2 | 3 => Fault::Kill(Member::Worker(0)),
        _ => Fault::Kill(Member::Api),
    };
    survive(Installation::new(Backend::Sqlite, 1).await, faults).await.check().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_survives_the_death_of_processes_and_server_freezes_and_full_disks() {
    let faults = |random: &mut StdRng| match random.random_range(0..7) {
        0 => Fault::Kill(Member::Api),
        1 | 2 => Fault::Kill(Member::Worker(0)),
        3 => Fault::Kill(Member::Worker(1)),
        4 => Fault::ServerCrash,
        5 => Fault::Freeze(Member::Worker(0)),
        _ => Fault::DiskFull,
    };
    survive(Installation::new(Backend::Postgres, 2).await, faults).await.check().await;
}

/// Faults that the installation survived, and the writes that it acknowledged.
struct Survived {
    faults: Vec<Fault>,
    acknowledged: Acknowledged,
    /// Keeps the processes running until everything is checked.
    installation: Installation,
}

/// Writes facts while faults happen.
async fn survive(mut installation: Installation, fault: impl Fn(&mut StdRng) -> Fault) -> Survived {
    prepare(&installation.fleet.service()).await;
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| tokio::spawn(write(installation.fleet.service(), writer, stop.clone())))
        .collect();

    let mut random = StdRng::seed_from_u64(42);
    let (mut faults, end) = (Vec::new(), tokio::time::Instant::now() + duration());
    while tokio::time::Instant::now() < end {
        tokio::time::sleep(Duration::from_millis(random.random_range(100..900))).await;
        installation.fleet.revive();
        let fault = fault(&mut random);
        faults.push(fault);
        strike(&mut installation, fault, &mut random).await;
    }
    stop.store(true, Ordering::Relaxed);
    let mut acknowledged = Acknowledged::new();
    for writer in writers {
        acknowledged.extend(writer.await.unwrap());
    }
    installation.fleet.revive();
    installation.fleet.ready().await;
    settle(&mut installation.fleet, &installation.url).await;
    Survived { faults, acknowledged, installation }
}

async fn strike(installation: &mut Installation, fault: Fault, random: &mut StdRng) {
    match (fault, &installation.cluster) {
        (Fault::Kill(member), _) => installation.fleet.kill(member).await,
        (Fault::ServerCrash, Some(cluster)) => {
            cluster.stop_immediately().await;
            cluster.start().await;
        }
        (Fault::ServerCrash, None) => unreachable!("SQLite has no server"),
        (Fault::Freeze(member), _) => {
            installation.fleet.freeze(member);
            tokio::time::sleep(Duration::from_millis(random.random_range(200..6000))).await;
            installation.fleet.thaw(member);
        }
        (Fault::DiskFull, _) => {
            installation.disk.fill();
            tokio::time::sleep(Duration::from_millis(random.random_range(200..3000))).await;
            installation.mend().await;
        }
    }
}

fn duration() -> Duration {
    #[expect(clippy::disallowed_methods, reason = "for those who run this test by hand")]
    let seconds = std::env::var("TALLY_CHAOS_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(seconds.unwrap_or(6))
}

/// A course with a quiz, and students who are enrolled in it.
pub(crate) async fn prepare(service: &Client) {
    let course = json!({ "sourcedId": "maths", "title": "Maths" });
    service.mutate("upsertCourse", "UpsertCourseInput", course, "outcome").await;
    let quiz = json!({ "sourcedId": "q1", "title": "Quiz", "course": { "sourcedId": "maths" } });
    service.mutate("upsertQuiz", "UpsertQuizInput", quiz, "outcome").await;
    for n in 0..STUDENTS {
        let person = json!({ "sourcedId": student(n), "displayName": student(n) });
        service.mutate("upsertStudent", "UpsertStudentInput", person, "outcome").await;
        let enrollment = json!({
            "student": { "sourcedId": student(n) }, "sourcedId": "maths", "course": { "sourcedId": "maths" },
        });
        service.mutate("upsertEnrollment", "UpsertEnrollmentInput", enrollment, "outcome").await;
    }
}

fn student(n: usize) -> String {
    format!("student-{n}")
}

/// Records an attempt of the `student`th student.
///
/// # Errors
/// The code of the error that it was answered with; none when there was no answer.
pub(crate) async fn record(
    service: &Client,
    sourced_id: &str,
    student_number: usize,
    hundredths: i32,
) -> Result<(), Option<String>> {
    let query = "mutation($input: RecordQuizAttemptInput!) { recordQuizAttempt(input: $input) { outcome } }";
    let input = json!({
        "student": { "sourcedId": student(student_number) },
        "sourcedId": sourced_id,
        "quiz": { "sourcedId": "q1" },
        "completedAt": "2026-03-01T10:00:00Z",
        "score": { "percentage": format!("{}.{:02}", hundredths / 100, hundredths % 100) },
    });
    let answer = service.try_send(query, json!({ "input": input })).await.map_err(|_| None)?;
    answer.error().map_or(Ok(()), |error| Err(Some(error.code)))
}

/// Writes one attempt after another, each again and again until it is acknowledged.
async fn write(service: Client, writer: usize, stop: Arc<AtomicBool>) -> Acknowledged {
    let mut random = StdRng::seed_from_u64(u64::try_from(writer).unwrap());
    let mut acknowledged = Acknowledged::new();
    for n in 0_usize.. {
        let (sourced_id, score) = (format!("{writer}-{n}"), random.random_range(0..=10_000));
        let student = random.random_range(0..STUDENTS);
        loop {
            if stop.load(Ordering::Relaxed) {
                return acknowledged;
            }
            match record(&service, &sourced_id, student, score).await {
                Ok(()) => break,
                Err(Some(code)) => assert_eq!(code, "UNAVAILABLE"),
                Err(None) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
        acknowledged.insert(sourced_id, score);
    }
    acknowledged
}

/// Waits until no profile is stale and no job is waiting or running.
async fn settle(fleet: &mut Fleet, url: &str) {
    let settled = async {
        loop {
            fleet.revive();
            if let Ok(db) = Database::connect(url, 2).await
                && let Ok(0) = unsettled(&db).await
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(PATIENCE, settled).await.expect("everything is right again in time");
}

async fn unsettled(db: &Database) -> Result<u64, entity::sea_orm::DbErr> {
    let stale = student_profile::Entity::find().filter(student_profile::Entity::stale());
    let ended = [job::State::Completed, job::State::Cancelled];
    let jobs = job::Entity::find().filter(job::Column::State.is_not_in(ended));
    Ok(stale.count(db.reader()).await? + jobs.count(db.reader()).await?)
}

impl Survived {
    async fn check(&self) {
        let db = Database::connect(&self.installation.url, 2).await.unwrap();
        let attempts = quiz_attempt::Entity::find().all(db.reader()).await.unwrap();
        let stored: Acknowledged = attempts
            .iter()
            .map(|attempt| (attempt.sourced_id.clone(), attempt.score.unwrap().hundredths()))
            .collect();
        for (sourced_id, score) in &self.acknowledged {
            assert_eq!(stored.get(sourced_id), Some(score), "the attempt {sourced_id} was acknowledged");
        }
        for profile in student_profile::Entity::find().all(db.reader()).await.unwrap() {
            let own = attempts.iter().filter(|attempt| attempt.student_id == profile.student_id);
            let scores: Vec<i64> =
                own.map(|attempt| i64::from(attempt.score.unwrap().hundredths())).collect();
            let expected = (i64::try_from(scores.len()).unwrap(), scores.iter().sum::<i64>());
            assert_eq!((profile.total_quizzes_completed, profile.quiz_score_sum), expected);
        }
        let jobs = job::Entity::find().count(db.reader()).await.unwrap();
        assert!(!self.faults.is_empty() && !self.acknowledged.is_empty());
        let facts = self.acknowledged.len();
        let count = |of: fn(&Fault) -> bool| self.faults.iter().filter(|fault| of(fault)).count();
        let full = count(|fault| *fault == Fault::DiskFull);
        let frozen = count(|fault| matches!(fault, Fault::Freeze(_)));
        let kills = self.faults.len() - full - frozen;
        print(&format!(
            "{kills} kills, {frozen} freezes, {full} full disks; {facts} facts acknowledged, 0 lost, 0 stale, 0 wrong, \
             {jobs} jobs"
        ));
    }
}

/// For those who run this test by hand, with `--nocapture`.
#[expect(clippy::print_stderr, reason = "what was survived is what one runs it for")]
fn print(line: &str) {
    eprintln!("{line}");
}
