//! The backfill of the command line: asks for a run, works on it, and tells how far it is.

use std::fmt::Write as _;
use std::io;
use std::time::Duration;

use entity::backfill::{self, Cancelled, Request, Run, Started, items};
use entity::backfill_item::Outcome;
use entity::clock::SharedClock;
use entity::database::{Database, is_transient};
use entity::id::BackfillRunId;
use entity::sea_orm::DbErr;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::progress::Progress;
use crate::engine::EngineError;
use crate::{Metrics, Settings, Worker, wakeup};

/// How often the run is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How long a first Ctrl-C waits for a second one.
const SECOND_THOUGHTS: Duration = Duration::from_secs(2);
/// How many failures are told; the rest can be read through the API.
const FAILURES_TOLD: u64 = 20;

/// Why a backfill came to no end.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The database's fault.
    #[error("the database: {0}")]
    Database(#[from] DbErr),
    /// The worker could not go on.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The system does not let us listen to signals.
    #[error("signals cannot be listened to: {0}")]
    Signals(#[from] io::Error),
}

/// How a backfill ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Every student is done.
    Done,
    /// Some students have failed.
    SomeFailed,
    /// It was cancelled, or left to others.
    Interrupted,
}

/// What is left to tell when a backfill has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// How it ended.
    pub ended: Ended,
    /// The figures, for a terminal.
    pub text: String,
}

/// Asks for a run, walks it and runs its jobs, beside any other worker there is, until it has ended.
///
/// The first Ctrl-C cancels the run, unless a second one follows: that leaves it to the other workers, as SIGTERM does.
///
/// # Errors
/// [`CommandError`].
pub async fn run(
    db: &Database,
    clock: SharedClock,
    settings: Settings,
    request: &Request,
) -> Result<Report, CommandError> {
    let mut signals = Signals::listen()?;
    let started = backfill::start(db, request, clock.now()).await?;
    let stop = CancellationToken::new();
    let worker = Worker::new(db.clone(), clock, settings, Metrics::new());
    let working = tokio::spawn(worker.run(stop.clone()));
    let announced = tokio::spawn(wakeup::announce(db.clone(), stop.clone()));
    let followed = follow(db, started, &mut signals).await;
    stop.cancel();
    let _ = announced.await;
    if let Ok(worked) = working.await {
        worked?;
    }
    report(db, followed?).await
}

/// Follows a run to its end, or until it is left alone.
async fn follow(db: &Database, started: Started, signals: &mut Signals) -> Result<Run, CommandError> {
    let mut progress = Progress::begin();
    if !started.is_new {
        progress.note("A backfill of these students is going on already: following it.");
    }
    let mut looks = tokio::time::interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut cancel_at: Option<Instant> = None;
    loop {
        let signal = tokio::select! {
            _ = looks.tick() => None,
            signal = signals.next() => Some(signal),
        };
        let run = look(db, started.run).await?;
        if let Some(run) = &run {
            progress.show(run);
        }
        let has_ended = run.as_ref().is_some_and(|run| run.row.state.has_ended());
        let leave = match signal {
            Some(Stop::Terminate) => true,
            Some(Stop::Interrupt) => cancel_at.is_some() || !started.is_new,
            None => false,
        };
        match run {
            Some(run) if has_ended => return Ok(run),
            Some(run) if leave => {
                progress.note("The run goes on as soon as there is another worker.");
                return Ok(run);
            }
            _ => {}
        }
        if signal.is_some() && cancel_at.is_none() {
            progress.note("Cancelling the run. Ctrl-C again leaves it to the other workers.");
            cancel_at = Some(Instant::now() + SECOND_THOUGHTS);
        }
        if cancel_at.is_some_and(|at| Instant::now() >= at)
            && backfill::cancel(db, started.run).await? == Cancelled::Now
        {
            progress.note("Cancelled.");
        }
    }
}

/// The run as it is, or nothing while the database is not to be had.
async fn look(db: &Database, run: BackfillRunId) -> Result<Option<Run>, DbErr> {
    match Run::read(db, run).await {
        Err(error) if is_transient(&error) => {
            tracing::warn!(%error, "the backfill cannot be looked at, trying again");
            Ok(None)
        }
        Ok(None) => Err(DbErr::RecordNotFound(run.to_string())),
        seen => seen,
    }
}

async fn report(db: &Database, run: Run) -> Result<Report, CommandError> {
    let ended = match run.failed {
        _ if run.row.state != entity::backfill_run::State::Finished => Ended::Interrupted,
        0 => Ended::Done,
        _ => Ended::SomeFailed,
    };
    let state = match run.row.state {
        entity::backfill_run::State::Finished => "finished",
        entity::backfill_run::State::Cancelled => "cancelled",
        _ => "still going on",
    };
    let changed = if run.row.dry_run { "would change" } else { "changed" };
    let mut text = format!(
        "run          {}\nstate        {state}\nstudents     {}\ndone         {}\n{changed:<12} {}\nunchanged    {}\n\
         failed       {}\nseconds      {:.1}\nstudents/s   {:.0}\n",
        run.row.id,
        run.total(),
        run.done(),
        run.changed,
        run.unchanged(),
        run.failed,
        run.elapsed().as_secs_f64(),
        run.per_second().unwrap_or_default(),
    );
    for item in items::page(db, run.row.id, Outcome::Failed, None, FAILURES_TOLD).await? {
        let error = item.error.unwrap_or_default();
        // Writing to a string does not fail.
        let _ = writeln!(text, "{} failed after {} attempts: {error}", item.student_id, item.attempts);
    }
    Ok(Report { ended, text })
}

/// How a terminal or a service manager asks to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    Interrupt,
    Terminate,
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) -> Stop {
        tokio::select! {
            _ = self.interrupt.recv() => Stop::Interrupt,
            _ = self.terminate.recv() => Stop::Terminate,
        }
    }
}
