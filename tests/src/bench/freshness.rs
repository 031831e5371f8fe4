//! From the commit of a fact to the profile that shows it.

use std::sync::Arc;
use std::time::Duration;

use api::error::ApiError;
use api::service::facts::{self, Groups, RecordQuizAttempt, Reference};
use entity::clock::{Clock as _, SharedClock, SystemClock};
use entity::database::Database;
use entity::id::StudentId;
use entity::score::Score;
use entity::sea_orm::{EntityTrait, QueryFilter};
use entity::student_profile;
use rand::rngs::StdRng;
use rand::seq::index;
use rand::{Rng as _, SeedableRng as _};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use worker::{Metrics, Settings, Worker, wakeup};

use super::options::Part;
use super::results::Unit;
use super::round::Round;
use super::school::facts as known;
use super::{Outcome, memory, milliseconds};

/// Facts a second.
const RATES: [u32; 2] = [20, 200];
/// Facts that are written before anything is measured: connections, prepared statements and the listener are there then.
const WARM_UP: usize = 20;
/// How fast.
const WARM_UP_RATE: u32 = 100;
/// How often it is looked whether a profile is stale.
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// How long all profiles may take to be fresh.
const PATIENCE: Duration = Duration::from_mins(10);

/// Measures freshness, with the worker in this process and in another.
///
/// # Errors
/// When the other process does not start.
pub(super) async fn measure(round: &mut Round<'_>) -> Outcome {
    let db = &round.arena.db;
    let stop = CancellationToken::new();
    let settings = Settings::for_backend(db.backend());
    let worker = Worker::new(db.clone(), Arc::new(SystemClock), settings, Metrics::new());
    let running = tokio::spawn(worker.run(stop.clone()));
    both_rates(round, "worker in the same process").await?;
    stop.cancel();
    running.await??;

    let mut worker = round.programs.work(&round.arena.url)?;
    let stop = CancellationToken::new();
    let announced = tokio::spawn(wakeup::announce(db.clone(), stop.clone()));
    both_rates(round, "worker in another process").await?;
    stop.cancel();
    announced.await?;
    round.note_memory("memory of tally-worker, freshness", memory::of(worker.id())?);
    worker.kill().await?;
    Ok(())
}

async fn both_rates(round: &mut Round<'_>, placement: &str) -> Outcome {
    for rate in RATES {
        let mut random = StdRng::seed_from_u64(round.seed(usize::try_from(rate)?));
        let db = &round.arena.db;
        delays(db, choose(round, &mut random, WARM_UP), WARM_UP_RATE).await?;
        let delays = delays(db, choose(round, &mut random, facts_at(round, rate)), rate).await?;
        let load = usize::try_from(rate)?;
        for (name, share) in [("p50", 0.5), ("p99", 0.99), ("max", 1.0)] {
            let delay = milliseconds(quantile(&delays, share));
            round.note(
                Part::Freshness,
                &format!("commit to stamp, {placement}, {name}"),
                load,
                Unit::Milliseconds,
                delay,
            );
        }
    }
    Ok(())
}

/// How many facts are written: at the lower rate for longer, so that they say something about the slowest.
fn facts_at(round: &Round<'_>, rate: u32) -> usize {
    let seconds = round.options.lasting().as_secs_f64() * 2.5;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few thousand")]
    let facts = (seconds * f64::from(rate)).ceil() as usize;
    facts.max(1)
}

/// A fact to come: of whom, and about which quiz.
type Fact = (StudentId, String);

/// Facts, each of another student as far as there are enough of them: what is stamped is then that fact.
fn choose(round: &Round<'_>, random: &mut StdRng, count: usize) -> Vec<Fact> {
    let students = &round.arena.students;
    let chosen = index::sample(random, students.len(), count.min(students.len())).into_vec();
    let fact = |number: usize| {
        let quiz = known::quiz(number % known::COURSES, random.random_range(0..known::TASKS));
        (students[number], quiz)
    };
    chosen.into_iter().map(fact).collect()
}

/// Writes facts at a steady rate, and returns how long after the writer knew of each commit the profile was stamped, in
/// order.
async fn delays(db: &Database, facts: Vec<Fact>, per_second: u32) -> Outcome<Vec<Duration>> {
    let mut ticks = tokio::time::interval_at(Instant::now(), Duration::from_secs(1) / per_second);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let clock: SharedClock = Arc::new(SystemClock);
    let groups = Groups::new(db, &clock);
    let mut writes = Vec::new();
    for (student, quiz) in facts {
        ticks.tick().await;
        let (db, groups) = (db.clone(), groups.clone());
        writes.push(tokio::spawn(async move {
            let attempt = RecordQuizAttempt {
                student: Reference::Id(student.0),
                attempt: Reference::SourcedId(format!("fresh-{}", SystemClock.now().timestamp_micros())),
                quiz: Some(Reference::SourcedId(quiz)),
                started_at: None,
                completed_at: Some(Some(SystemClock.now())),
                score: Some(Score::from_hundredths(8000).ok()),
                occurred_at: None,
            };
            facts::write_one(&db, &SystemClock, &groups, Ok(attempt)).await.map_err(refused)?;
            Outcome::Ok((student, SystemClock.now()))
        }));
    }
    let mut committed = Vec::new();
    for write in writes {
        committed.push(write.await??);
    }
    settled(db).await?;
    let mut delays = Vec::new();
    for (student, committed) in committed {
        let profile = student_profile::Entity::find_by_id(student).one(db.reader()).await?;
        let stamped =
            profile.and_then(|profile| profile.last_performance_update).ok_or("a student without a stamp")?;
        // Stamped before the writer was told of its own commit: as fresh as can be.
        delays.push((stamped - committed).to_std().unwrap_or_default());
    }
    delays.sort_unstable();
    Ok(delays)
}

fn refused(error: ApiError) -> String {
    match error {
        ApiError::User(error) => format!("a fact was refused: {}", error.message),
        ApiError::Database(error) => error.to_string(),
    }
}

/// The duration that a share of `sorted` did not exceed.
fn quantile(sorted: &[Duration], share: f64) -> Duration {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a rank among a few thousand"
    )]
    let rank = ((sorted.len() as f64 * share).ceil() as usize).clamp(1, sorted.len());
    sorted[rank - 1]
}

/// Waits until no profile is stale.
///
/// # Errors
/// When the database cannot be read, or nobody recomputes.
pub(super) async fn settled(db: &Database) -> Outcome {
    let began = Instant::now();
    // One is looked for, not all are counted: who asks often must not be in the way.
    let stale = || student_profile::Entity::find().filter(student_profile::Entity::stale()).one(db.reader());
    while stale().await?.is_some() {
        if began.elapsed() > PATIENCE {
            return Err("profiles stay stale: no worker is at work".into());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(())
}
