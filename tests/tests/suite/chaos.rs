//! Processes and servers that are killed at random while facts are written: nothing that was acknowledged is lost, and
//! nothing stays wrong.
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
use tests::client::Client;
use tests::fleet::{Fleet, Member};
use tests::postgres::{Cluster, Durability};

const WRITERS: usize = 4;
const STUDENTS: usize = 12;
/// How long everything may take to be right again after the last kill.
const PATIENCE: Duration = Duration::from_secs(90);

/// The `sourcedId` of every acknowledged attempt, with its score in hundredths.
type Acknowledged = BTreeMap<String, i32>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_survives_the_death_of_its_process() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("tally.db").display());
    let fleet = Fleet::start(&url, 0).await;
    let survived = survive(fleet, &url, |_| Some(Member::Api), None).await;
    survived.check(&url).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_survives_the_death_of_api_workers_and_server() {
    let cluster = Cluster::create(Durability::Durable).await;
    let url = cluster.url("postgres");
    let fleet = Fleet::start(&url, 2).await;
    let victims = |random: &mut StdRng| match random.random_range(0..5) {
        0 => Some(Member::Api),
        1 | 2 => Some(Member::Worker(0)),
        3 => Some(Member::Worker(1)),
        _ => None,
    };
    let survived = survive(fleet, &url, victims, Some(&cluster)).await;
    survived.check(&url).await;
}

/// What was done to the processes, and what they had acknowledged.
struct Survived {
    kills: usize,
    acknowledged: Acknowledged,
    /// Keeps the processes running until everything is checked.
    _fleet: Fleet,
}

/// Writes facts while victims are killed: a process, or the database's server when none is chosen.
async fn survive(
    mut fleet: Fleet,
    url: &str,
    victim: impl Fn(&mut StdRng) -> Option<Member>,
    cluster: Option<&Cluster>,
) -> Survived {
    prepare(&fleet.service()).await;
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> =
        (0..WRITERS).map(|writer| tokio::spawn(write(fleet.service(), writer, stop.clone()))).collect();

    let mut random = StdRng::seed_from_u64(42);
    let (mut kills, end) = (0, tokio::time::Instant::now() + duration());
    while tokio::time::Instant::now() < end {
        tokio::time::sleep(Duration::from_millis(random.random_range(100..900))).await;
        fleet.revive();
        kills += 1;
        match (victim(&mut random), cluster) {
            (Some(member), _) => fleet.kill(member).await,
            (None, Some(cluster)) => {
                cluster.stop_immediately().await;
                cluster.start().await;
            }
            (None, None) => unreachable!("SQLite has no server"),
        }
    }
    stop.store(true, Ordering::Relaxed);
    let mut acknowledged = Acknowledged::new();
    for writer in writers {
        acknowledged.extend(writer.await.unwrap());
    }
    fleet.revive();
    fleet.ready().await;
    settle(&mut fleet, url).await;
    Survived { kills, acknowledged, _fleet: fleet }
}

fn duration() -> Duration {
    #[expect(clippy::disallowed_methods, reason = "for those who run this test by hand")]
    let seconds = std::env::var("TALLY_CHAOS_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(seconds.unwrap_or(6))
}

async fn prepare(service: &Client) {
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

/// Writes one attempt after another, each again and again until it is acknowledged.
async fn write(service: Client, writer: usize, stop: Arc<AtomicBool>) -> Acknowledged {
    let mut random = StdRng::seed_from_u64(u64::try_from(writer).unwrap());
    let mut acknowledged = Acknowledged::new();
    let query = "mutation($input: RecordQuizAttemptInput!) { recordQuizAttempt(input: $input) { outcome } }";
    for n in 0_usize.. {
        let (sourced_id, score) = (format!("{writer}-{n}"), random.random_range(0..=10_000));
        let input = json!({
            "student": { "sourcedId": student(random.random_range(0..STUDENTS)) },
            "sourcedId": sourced_id,
            "quiz": { "sourcedId": "q1" },
            "completedAt": "2026-03-01T10:00:00Z",
            "score": { "percentage": format!("{}.{:02}", score / 100, score % 100) },
        });
        loop {
            if stop.load(Ordering::Relaxed) {
                return acknowledged;
            }
            match service.try_send(query, json!({ "input": input })).await {
                Ok(answer) if answer.error().is_none() => break,
                Ok(answer) => assert_eq!(answer.error().unwrap().code, "UNAVAILABLE", "{:#}", answer.body),
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
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
    async fn check(&self, url: &str) {
        let db = Database::connect(url, 2).await.unwrap();
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
        assert!(self.kills > 0 && !self.acknowledged.is_empty());
        let facts = self.acknowledged.len();
        print(&format!("{} kills, {facts} facts acknowledged, {jobs} jobs", self.kills));
    }
}

/// For those who run this test by hand, with `--nocapture`.
#[expect(clippy::print_stderr, reason = "what was survived is what one runs it for")]
fn print(line: &str) {
    eprintln!("{line}");
}
