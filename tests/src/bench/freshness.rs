//! From the commit of a fact to the profile that shows it.

use std::sync::Arc;
use std::time::Duration;

use api::service::facts::{self, Groups, RecordQuizAttempt, Reference};
use entity::clock::{Clock, SharedClock, SystemClock};
use entity::database::Database;
use entity::score::Score;
use entity::sea_orm::{EntityTrait, PaginatorTrait, QueryFilter};
use entity::student_profile;
use tokio::time::{Instant, MissedTickBehavior};

use super::rows::School;

/// How long the profiles took to show their facts.
#[derive(Clone, Debug)]
pub struct Freshness {
    sorted: Vec<Duration>,
}

impl Freshness {
    /// The duration that a share of the profiles did not exceed.
    pub fn quantile(&self, share: f64) -> Duration {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a rank among a few thousand"
        )]
        let rank = ((self.sorted.len() as f64 * share).ceil() as usize).clamp(1, self.sorted.len());
        self.sorted[rank - 1]
    }
}

/// Writes `count` facts, each of another student, at `per_second`, while workers run, and measures from the moment when
/// the writer knew of the commit to the moment with which the profile was stamped.
///
/// # Panics
/// When a fact is refused.
pub async fn measure(db: &Database, school: &School, count: usize, per_second: u32) -> Freshness {
    assert!(count <= school.students.len(), "each fact needs a student of its own");
    let mut ticks = tokio::time::interval_at(Instant::now(), Duration::from_secs(1) / per_second);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let clock: SharedClock = Arc::new(SystemClock);
    let groups = Groups::new(db, &clock);
    let mut writes = Vec::new();
    for n in 0..count {
        ticks.tick().await;
        let (db, student, quiz) =
            (db.clone(), school.students[n], school.quizzes[n % school.quizzes.len()][0]);
        let groups = groups.clone();
        writes.push(tokio::spawn(async move {
            let attempt = RecordQuizAttempt {
                student: Reference::Id(student.0),
                attempt: Reference::SourcedId(format!("fresh-{}", SystemClock.now().timestamp_micros())),
                quiz: Some(Reference::Id(quiz.0)),
                started_at: None,
                completed_at: Some(Some(SystemClock.now())),
                score: Some(Score::from_hundredths(8000).ok()),
                occurred_at: None,
            };
            facts::write_one(&db, &SystemClock, &groups, Ok(attempt)).await.expect("the fact is written");
            (student, SystemClock.now())
        }));
    }
    let mut committed = Vec::new();
    for write in writes {
        committed.push(write.await.expect("the writer does not panic"));
    }
    settled(db).await;
    let mut sorted = Vec::new();
    for (student, committed) in committed {
        let profile = student_profile::Entity::find_by_id(student).one(db.reader()).await.expect("a profile");
        let stamped = profile.and_then(|profile| profile.last_performance_update).expect("a stamp");
        // Stamped before the writer was told of its own commit: as fresh as can be.
        sorted.push((stamped - committed).to_std().unwrap_or_default());
    }
    sorted.sort_unstable();
    Freshness { sorted }
}

/// Waits until no profile is stale.
///
/// # Panics
/// When the database cannot be read.
pub async fn settled(db: &Database) {
    let stale = || async {
        student_profile::Entity::find()
            .filter(student_profile::Entity::stale())
            .count(db.reader())
            .await
            .expect("profiles can be counted")
    };
    while stale().await > 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
