//! What Tally stores, and what it means.
//!
//! | modules | what lives there |
//! |---|---|
//! | [`score`], [`aggregate`], [`share`] | the numbers: pure arithmetic, no database, nothing async |
//! | [`counting`] | what counts, and why something does not |
//! | [`id`], [`clock`] | typed ids; the one place that reads the system's time |
//! | [`calendar`], [`school`] | days and weeks as the school has them; what holds for the whole school |
//! | [`student`] … [`assignment_submission`] | the facts, as other systems tell them |
//! | [`student_profile`], [`weekly_performance`] | the aggregates, which can always be rebuilt from the facts |
//! | [`performance_snapshot`] | what the aggregates were before |
//! | [`retention_clock`] | the time by which old rows are deleted |
//! | [`aggregate_drift`], [`audit_cursor`] | aggregates that are not what the facts say; where the search for them stands |
//! | [`access_log`], [`student_erasure`] | who read or changed whose record; who is no more |
//! | [`job`], [`change`], [`queue_status`] | the queue's rows, the one way by which a changed fact reaches it, its figures |
//! | [`backfill`], [`backfill_run`], [`backfill_item`] | recalculating many students because somebody asks for it |
//! | [`session`] | who has signed in, in which browser |
//! | [`revoked_token`], [`revoked_subject`], [`token_cutoff`] | bearer tokens that are refused although they are valid |
//! | [`trace`] | the trace that a change belongs to, carried from the request to the job |
//! | [`database`], [`db_time`], [`db_json`] | connections, transactions, consistent reads, what the two databases say differently |
//! | [`key_list`] | many rows, found by keys of several columns |
//! | [`wake`], [`feed`] | after a commit: the wake-up of workers, and what readers are told |
//!
//! What must never be here: anything of axum, async-graphql or apalis; who may see what; how a job is run.

pub mod access_log;
pub mod aggregate;
pub mod aggregate_drift;
pub mod assignment;
pub mod assignment_submission;
pub mod audit_cursor;
pub mod backfill;
pub mod backfill_item;
pub mod backfill_run;
pub mod calendar;
pub mod change;
pub mod clock;
pub mod counting;
pub mod course;
pub mod database;
pub mod db_json;
pub mod db_time;
pub mod enrollment;
pub mod feed;
pub mod guardian;
pub mod guardianship;
pub mod id;
pub mod job;
pub mod job_failure;
pub mod key_list;
pub mod paused_kind;
pub mod performance_snapshot;
pub mod queue_status;
pub mod quiz;
pub mod quiz_attempt;
pub mod retention_clock;
pub mod revoked_subject;
pub mod revoked_token;
pub mod school;
pub mod score;
mod score_column;
pub mod session;
pub mod share;
mod snapshot;
pub mod standing;
pub mod student;
pub mod student_erasure;
pub mod student_profile;
pub mod token_cutoff;
pub mod trace;
pub mod wake;
pub mod weekly_performance;
pub mod worker;

/// The crates whose types appear in this crate's interface.
pub use sea_orm;
