//! Who walks which run, and at what pace.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use entity::backfill::{cancel, ending, items, take_back};
use entity::backfill_item::Outcome;
use entity::backfill_run::{self, Column, Entity, State};
use entity::clock::SharedClock;
use entity::database::Database;
use entity::db_time;
use entity::id::BackfillRunId;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, Statement};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::page::Page;
use super::{compare, scope};

/// Students per transaction: short enough that a live change on SQLite, which has one writer, hardly notices.
const PAGE: usize = 250;
/// A run has no more jobs waiting than this: the table stays small, and what was not begun need not be called off.
const MOST_WAITING: usize = 2000;
/// With a rate, pages come about this often in a second.
const PAGES_PER_SECOND: usize = 4;
/// No page lasts this long at any rate: a run that is due later was paused before the clock was set back.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);
/// How long to rest after a page, so that others get at the database.
const BREATH: Duration = Duration::from_millis(10);
/// How often a run is looked at that waits for its jobs.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// How long the duty sleeps at least when there is nothing to do, however many commits wake it.
const DOZE: Duration = Duration::from_millis(100);
/// How often a run that waits is searched for jobs that have ended without a word.
const SEARCH_ORPHANS: Duration = Duration::from_secs(10);

/// Walks runs on behalf of one worker.
#[derive(Debug)]
pub struct Walker {
    db: Database,
    clock: SharedClock,
    name: String,
    lease: Duration,
    held: HashMap<BackfillRunId, Held>,
}

/// A run whose lease this walker has.
#[derive(Clone, Copy, Debug)]
struct Held {
    renewed: Instant,
    searched: Instant,
}

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// There is nothing to walk, or others walk it.
    Idle,
    /// A run waits for its jobs, or for its time.
    Waiting,
    /// A run has come further.
    Moved,
}

/// A run that this walker may walk.
struct Going {
    run: backfill_run::Model,
    is_due: bool,
}

impl Walker {
    /// A walker of the worker `name`, whose leases last for `lease`.
    pub fn new(db: Database, clock: SharedClock, name: String, lease: Duration) -> Self {
        Self { db, clock, name, lease, held: HashMap::new() }
    }

    /// Walks until `end`. Woken by `wake`, and looks every `poll` without it. Errors are absorbed.
    pub async fn run(mut self, mut wake: watch::Receiver<u64>, poll: Duration, end: CancellationToken) {
        loop {
            let step = self.step().await.unwrap_or_else(|error| {
                tracing::warn!(%error, "a backfill could not be walked on, trying again");
                Step::Waiting
            });
            let rest = async {
                match step {
                    Step::Moved => tokio::time::sleep(BREATH).await,
                    Step::Waiting => tokio::time::sleep(LOOK_AGAIN).await,
                    Step::Idle => {
                        tokio::time::sleep(DOZE.min(poll)).await;
                        let _ = tokio::time::timeout(poll, wake.changed()).await;
                    }
                }
            };
            tokio::select! {
                () = end.cancelled() => break,
                () = rest => {}
            }
        }
        if let Err(error) = self.let_go().await {
            tracing::warn!(%error, "backfills were not handed over, their leases will run out");
        }
    }

    /// Takes each run that nobody else walks one page further.
    ///
    /// # Errors
    /// Whatever the database reports.
    pub async fn step(&mut self) -> Result<Step, DbErr> {
        let mut furthest = Step::Idle;
        let going = self.going().await?;
        self.held.retain(|held, _| going.iter().any(|going| going.run.id == *held));
        for going in going {
            if self.hold(going.run.id).await? {
                furthest = furthest.max(self.advance(&going).await?);
            }
        }
        Ok(furthest)
    }

    /// The runs that go on and that nobody else has a lease of: a look at a tiny index when there are none.
    async fn going(&self) -> Result<Vec<Going>, DbErr> {
        let now = db_time::now_sql(self.db.backend());
        let too_far = db_time::after_sql(self.db.backend(), LONGEST_PAUSE);
        let sql = format!(
            "SELECT *, CASE WHEN due_at <= {now} OR due_at > {too_far} THEN 1 ELSE 0 END AS is_due \
             FROM backfill_run WHERE state IN ('running', 'cancelling') AND (leased_by = $1 OR {free}) ORDER BY id",
            free = self.free_sql(),
        );
        let statement = Statement::from_sql_and_values(self.db.backend(), sql, [self.name.as_str().into()]);
        let rows = self.db.reader().query_all_raw(statement).await?;
        let going = rows.iter().map(|row| {
            let is_due: i32 = row.try_get("", "is_due")?;
            Ok(Going { run: backfill_run::Model::from_query_result(row, "")?, is_due: is_due == 1 })
        });
        going.collect()
    }

    /// Takes the lease of a run, or renews it in time. Returns whether the run is this walker's.
    async fn hold(&mut self, run: BackfillRunId) -> Result<bool, DbErr> {
        let now = Instant::now();
        if self.held.get(&run).is_some_and(|held| now - held.renewed < self.lease / 3) {
            return Ok(true);
        }
        let taken = Entity::update_many()
            .col_expr(Column::LeasedBy, Expr::value(self.name.as_str()))
            .col_expr(Column::LeasedAt, db_time::now(self.db.backend()))
            .col_expr(Column::LeaseExpiresAt, db_time::after(self.db.backend(), self.lease))
            .filter(Column::Id.eq(run))
            .filter(Column::State.is_in([State::Running, State::Cancelling]))
            .filter(Column::LeasedBy.eq(self.name.as_str()).or(Expr::cust(self.free_sql())))
            .exec(self.db.writer())
            .await?;
        if taken.rows_affected == 0 {
            self.held.remove(&run);
            return Ok(false);
        }
        let searched = self.held.get(&run).map_or(now, |held| held.searched);
        self.held.insert(run, Held { renewed: now, searched });
        Ok(true)
    }

    /// The condition under which no walker has a lease of a run. One that was taken in the future was reckoned before the
    /// clock was set back.
    fn free_sql(&self) -> String {
        let backend = self.db.backend();
        let (now, set_back) = (db_time::now_sql(backend), db_time::ahead_sql(backend, "leased_at"));
        format!("(lease_expires_at IS NULL OR lease_expires_at < {now} OR {set_back})")
    }

    /// Gives all leases back, so that another worker need not wait for their end.
    async fn let_go(&self) -> Result<(), DbErr> {
        if self.held.is_empty() {
            return Ok(());
        }
        Entity::update_many()
            .col_expr(Column::LeasedBy, Expr::value(None::<String>))
            .col_expr(Column::LeaseExpiresAt, Expr::value(None::<chrono::DateTime<chrono::Utc>>))
            .filter(Column::LeasedBy.eq(self.name.as_str()))
            .exec(self.db.writer())
            .await?;
        Ok(())
    }

    async fn advance(&mut self, Going { run, is_due }: &Going) -> Result<Step, DbErr> {
        if run.state == State::Cancelling {
            take_back(&self.db, run.id).await?;
            return Ok(Step::Moved);
        }
        if !is_due {
            return Ok(Step::Waiting);
        }
        let pending = items::count(&self.db, run.id, Outcome::Pending).await?;
        let pending = usize::try_from(pending).unwrap_or(usize::MAX);
        let size = page_size(run);
        if pending > MOST_WAITING.saturating_sub(size) || (run.walked && pending > 0) {
            self.search_orphans(run.id).await?;
            return Ok(Step::Waiting);
        }
        // Also after the walk has come to its end once: students may have been created since.
        let students = scope::page(&self.db, run, size).await?;
        if students.is_empty() && pending == 0 {
            cancel::end(&self.db, run.id, State::Running, State::Finished).await?;
            return Ok(Step::Moved);
        }
        let now = self.clock.now();
        let compared =
            if run.dry_run { Some(compare::compare(&self.db, run, &students, now).await?) } else { None };
        let page = Page {
            db: &self.db,
            run,
            walker: &self.name,
            students: &students,
            compared,
            is_last: students.len() < size,
            pause: pause(run, students.len()),
            now,
        };
        self.db.write(&page).await?;
        Ok(Step::Moved)
    }

    async fn search_orphans(&mut self, run: BackfillRunId) -> Result<(), DbErr> {
        let Some(held) = self.held.get_mut(&run) else { return Ok(()) };
        if held.searched.elapsed() < SEARCH_ORPHANS {
            return Ok(());
        }
        held.searched = Instant::now();
        ending::end_orphans(&self.db, run).await
    }
}

fn rate(run: &backfill_run::Model) -> Option<usize> {
    run.rate_per_second.and_then(|rate| usize::try_from(rate).ok())
}

fn page_size(run: &backfill_run::Model) -> usize {
    rate(run).map_or(PAGE, |rate| (rate / PAGES_PER_SECOND).clamp(1, PAGE))
}

/// How long a page of `students` lasts at the rate of the run.
fn pause(run: &backfill_run::Model, students: usize) -> Duration {
    let Some(rate) = rate(run).filter(|rate| *rate > 0) else { return Duration::ZERO };
    let millis = students.saturating_mul(1000) / rate;
    Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX))
}
