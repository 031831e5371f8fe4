//! Runs the queue: apalis over the job table.
//!
//! | modules | what lives there |
//! |---|---|
//! | [`queue`] | the statements by which a job is claimed, finished, reclaimed, swept and pruned |
//! | [`recalculation`] | what a job does: recompute students from their facts |
//! | [`audit`] | whether the stored aggregates are what the facts say |
//! | [`retention`] | deletes what is older than its retention, by a clock that is not believed blindly |
//! | [`history`], [`accesses`] | thins the history out; deletes what is old in the access log |
//! | [`rezoning`] | has the weeks computed anew in another time zone |
//! | [`backfill`] | the walk of a backfill over its students, and its command line |
//! | [`attempt`] | one try at a claim: the outcome of every job, whatever goes wrong |
//! | [`engine`] | apalis: the storage and backend it polls, the worker, its start and its end |
//! | [`wakeup`] | how a worker hears of a commit: in process, over PostgreSQL, from an SQLite file |
//! | [`backoff`] | how long a failed job waits |
//! | [`metrics`], [`ops`], [`status`] | what operators see of a process, and of the queue in a terminal |
//! | [`telemetry`] | logs and traces, started by each program |
//! | [`config`], [`settings`], [`signals`] | the command line and the environment; what can be set; how to stop |
//!
//! What must never be here: how facts are written, who may see what. apalis is named in [`engine`] only.

pub mod accesses;
pub mod attempt;
pub mod audit;
pub mod backfill;
pub mod backoff;
pub mod config;
pub mod engine;
pub mod history;
pub mod metrics;
pub mod ops;
pub mod queue;
pub mod recalculation;
pub mod retention;
pub mod rezoning;
pub mod settings;
pub mod signals;
pub mod status;
pub mod telemetry;
pub mod wakeup;

pub use attempt::drain;
pub use engine::Worker;
pub use metrics::Metrics;
pub use ops::Ops;
pub use settings::Settings;
