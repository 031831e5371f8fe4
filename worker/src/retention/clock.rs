//! The retention clock: the time by which old rows are deleted for good.
//!
//! Such deletions are judged by no single clock. On PostgreSQL the database's clock decides, and a process whose own clock
//! differs from it deletes nothing. On both databases the newest accepted time is kept in the database, and a clock that
//! differs from it deletes nothing either: the kept time is slewed towards it instead, so that a machine that was switched
//! off for a night is in step again within hours, while a clock that is a year ahead would have to stay unnoticed for weeks.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use entity::clock::Clock;
use entity::database::Database;
use entity::retention_clock::{self, Column, Entity};
use entity::{access_log, db_time, student_profile, worker as workers};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    Statement,
};

/// Largest difference between clocks that count as in step.
pub const TOLERANCE: TimeDelta = TimeDelta::minutes(5);
/// Factor by which the kept time may move faster than time passes.
const SLEW: i32 = 10;
/// The time between two looks that counts for it at most: a process that was stopped has seen no time pass.
const LONGEST_LOOK: TimeDelta = TimeDelta::seconds(15);
/// Largest lag of the kept time before it is written again.
const KEPT_WITHIN: TimeDelta = TimeDelta::minutes(1);
/// Interval at which a lasting doubt is logged.
const SAY_EVERY: Duration = Duration::from_hours(1);

/// Reason for suspended deletions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// The clock of the process differs from the database's.
    ProcessDiffers {
        /// The time of the process.
        process: DateTime<Utc>,
        /// The time of the database.
        database: DateTime<Utc>,
    },
    /// The present time differs from the newest one that retention has accepted.
    Jumped {
        /// The time now: the database's on PostgreSQL, the process's on SQLite.
        now: DateTime<Utc>,
        /// The newest accepted time.
        reached: DateTime<Utc>,
    },
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ProcessDiffers { process, database } => write!(
                f,
                "this process's clock says {process} and the database's {database}: set the clock that is wrong"
            ),
            Self::Jumped { now, reached } => write!(
                f,
                "the clock says {now}, and retention had reached {reached}: set the clock if it is wrong; \
                 if it is right, retention catches up ten times as fast as time passes"
            ),
        }
    }
}

/// Readings of the clocks.
#[derive(Clone, Copy, Debug)]
struct Readings {
    process: DateTime<Utc>,
    /// On PostgreSQL, which may be on another machine.
    database: Option<DateTime<Utc>>,
    /// The newest accepted time.
    reached: DateTime<Utc>,
    /// Time since this process's previous look; zero if another process has moved the accepted time since.
    passed: TimeDelta,
}

/// Verdict on the readings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// Deletions are judged by this time.
    Trusted(DateTime<Utc>),
    /// Nothing is deleted.
    Doubted {
        doubt: Doubt,
        /// The newest accepted time from now on.
        reached: DateTime<Utc>,
    },
}

fn judge(readings: Readings) -> Verdict {
    let Readings { process, database, reached, passed } = readings;
    if let Some(database) = database
        && differ(process, database)
    {
        return Verdict::Doubted { doubt: Doubt::ProcessDiffers { process, database }, reached };
    }
    let now = database.unwrap_or(process);
    if !differ(now, reached) {
        return Verdict::Trusted(now);
    }
    let most = passed.min(LONGEST_LOOK) * SLEW;
    let step = (now - reached).clamp(-most, most);
    Verdict::Doubted { doubt: Doubt::Jumped { now, reached }, reached: reached + step }
}

fn differ(one: DateTime<Utc>, other: DateTime<Utc>) -> bool {
    (one - other).abs() > TOLERANCE
}

/// Memory of the retention clock between two looks of one process.
#[derive(Debug, Default)]
pub struct RetentionClock(Mutex<Memory>);

#[derive(Clone, Copy, Debug, Default)]
struct Memory {
    /// Monotonic time of the previous look, and the accepted time that it left.
    look: Option<(Duration, DateTime<Utc>)>,
    /// Monotonic time of the last log line about suspended deletions.
    said: Option<Duration>,
}

impl RetentionClock {
    /// The time by which old rows may be deleted now; none when a clock is in doubt, which is logged.
    ///
    /// `uptime` is the process's running time by the monotonic clock.
    ///
    /// # Errors
    /// Whatever the database reports.
    pub async fn now(
        &self,
        db: &Database,
        clock: &dyn Clock,
        uptime: Duration,
    ) -> Result<Option<DateTime<Utc>>, DbErr> {
        let database =
            if db.backend() == DbBackend::Postgres { Some(database_time(db).await?) } else { None };
        let process = clock.now();
        let kept = accepted(db).await?;
        let reached = match kept {
            Some(reached) => reached,
            None => newest_stamp(db).await?.unwrap_or_else(|| database.unwrap_or(process)),
        };
        let verdict = judge(Readings { process, database, reached, passed: self.passed(uptime, reached) });
        let (trusted, next) = match verdict {
            Verdict::Trusted(now) if kept.is_some() && (now - reached).abs() < KEPT_WITHIN => {
                (Some(now), reached)
            }
            Verdict::Trusted(now) => (Some(now), now),
            Verdict::Doubted { reached, .. } => (None, reached),
        };
        if kept != Some(next) {
            accept(db, kept, next).await?;
        }
        self.remember(uptime, next, verdict);
        Ok(trusted)
    }

    fn passed(&self, uptime: Duration, reached: DateTime<Utc>) -> TimeDelta {
        let memory = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let unmoved = memory.look.filter(|(_, left)| *left == reached);
        let passed = unmoved.map_or(Duration::ZERO, |(at, _)| uptime.saturating_sub(at));
        // Whole milliseconds, which both databases give back as they were stored.
        i64::try_from(passed.as_millis()).map_or(LONGEST_LOOK, TimeDelta::milliseconds)
    }

    fn remember(&self, uptime: Duration, reached: DateTime<Utc>, verdict: Verdict) {
        let mut memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        memory.look = Some((uptime, reached));
        match verdict {
            Verdict::Trusted(_) => {
                if memory.said.take().is_some() {
                    tracing::info!("the clocks agree again, and old rows are deleted as before");
                }
            }
            Verdict::Doubted { doubt, .. } => {
                if memory.said.is_none_or(|said| uptime.saturating_sub(said) >= SAY_EVERY) {
                    memory.said = Some(uptime);
                    tracing::warn!("this process deletes no old rows: {doubt}");
                }
            }
        }
    }
}

async fn database_time(db: &Database) -> Result<DateTime<Utc>, DbErr> {
    let sql = format!("SELECT {} AS now", db_time::now_sql(db.backend()));
    let row = db.reader().query_one_raw(Statement::from_string(db.backend(), sql)).await?;
    row.ok_or_else(|| DbErr::RecordNotFound("the time".to_owned()))?.try_get("", "now")
}

async fn accepted(db: &Database) -> Result<Option<DateTime<Utc>>, DbErr> {
    let row = Entity::find_by_id(retention_clock::ONLY).one(db.reader()).await?;
    Ok(row.and_then(|row| row.reached_at))
}

/// Keeps `reached` as the newest accepted time, unless somebody else has changed it since it was read as `kept`.
async fn accept(db: &Database, kept: Option<DateTime<Utc>>, reached: DateTime<Utc>) -> Result<(), DbErr> {
    let unchanged = match kept {
        Some(kept) => Column::ReachedAt.eq(kept),
        None => Column::ReachedAt.is_null(),
    };
    Entity::update_many()
        .col_expr(Column::ReachedAt, Expr::value(reached))
        .filter(Column::Id.eq(retention_clock::ONLY).and(unchanged))
        .exec(db.writer())
        .await?;
    Ok(())
}

/// The newest time at which anything was stored, from before there was a retention clock.
async fn newest_stamp(db: &Database) -> Result<Option<DateTime<Utc>>, DbErr> {
    let access = access_log::Entity::find().order_by_desc(access_log::Column::Id).one(db.reader()).await?;
    let profile: Option<Option<DateTime<Utc>>> = student_profile::Entity::find()
        .select_only()
        .column_as(student_profile::Column::LastPerformanceUpdate.max(), "newest")
        .into_tuple()
        .one(db.reader())
        .await?;
    let stopped: Option<Option<DateTime<Utc>>> = workers::Entity::find()
        .filter(workers::Column::StoppedAt.is_not_null())
        .select_only()
        .column_as(workers::Column::LastHeartbeatAt.max(), "newest")
        .into_tuple()
        .one(db.reader())
        .await?;
    Ok([access.map(|entry| entry.last_at), profile.flatten(), stopped.flatten()].into_iter().flatten().max())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> DateTime<Utc> {
        text.parse().expect("a time")
    }

    fn readings(process: &str, database: Option<&str>, reached: &str, passed: i64) -> Readings {
        Readings {
            process: time(process),
            database: database.map(time),
            reached: time(reached),
            passed: TimeDelta::seconds(passed),
        }
    }

    #[test]
    fn clocks_in_step_are_trusted_and_the_databases_decides() {
        let sqlite = readings("2026-03-02T08:04:00Z", None, "2026-03-02T08:00:00Z", 10);
        assert_eq!(judge(sqlite), Verdict::Trusted(time("2026-03-02T08:04:00Z")));
        let postgres =
            readings("2026-03-02T08:04:00Z", Some("2026-03-02T08:01:00Z"), "2026-03-02T08:00:00Z", 10);
        assert_eq!(judge(postgres), Verdict::Trusted(time("2026-03-02T08:01:00Z")));
    }

    #[test]
    fn a_process_that_differs_from_the_database_moves_nothing() {
        for process in ["2027-05-26T08:00:00Z", "2026-03-02T07:50:00Z"] {
            let readings = readings(process, Some("2026-03-02T08:00:00Z"), "2026-03-02T08:00:00Z", 10);
            let doubt =
                Doubt::ProcessDiffers { process: time(process), database: time("2026-03-02T08:00:00Z") };
            assert_eq!(judge(readings), Verdict::Doubted { doubt, reached: readings.reached });
        }
    }

    #[test]
    fn a_jump_is_followed_ten_times_as_fast_as_time_passes() {
        for (now, passed, reached) in [
            ("2026-03-03T08:00:00Z", 10, "2026-03-02T08:01:40Z"),
            ("2026-03-01T08:00:00Z", 10, "2026-03-02T07:58:20Z"),
            ("2026-03-03T08:00:00Z", 0, "2026-03-02T08:00:00Z"),
            ("2026-03-03T08:00:00Z", 86_400, "2026-03-02T08:02:30Z"),
        ] {
            let Verdict::Doubted { reached: next, .. } =
                judge(readings(now, None, "2026-03-02T08:00:00Z", passed))
            else {
                panic!("{now} is trusted");
            };
            assert_eq!(next, time(reached), "{now} after {passed} s");
        }
    }

    #[test]
    fn a_night_switched_off_is_caught_up_with_within_two_hours() {
        let (mut reached, start) = (time("2026-03-02T18:00:00Z"), time("2026-03-03T06:00:00Z"));
        for seconds in (0..7200).step_by(10) {
            let process = start + TimeDelta::seconds(seconds);
            match judge(Readings { process, database: None, reached, passed: TimeDelta::seconds(10) }) {
                Verdict::Trusted(_) => return,
                Verdict::Doubted { reached: next, .. } => reached = next,
            }
        }
        panic!("still in doubt, at {reached}");
    }
}
