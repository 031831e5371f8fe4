//! What Tally stores, and what it means.
//!
//! | modules | what lives there |
//! |---|---|
//! | [`score`], [`aggregate`] | the numbers: pure arithmetic, no database, nothing async |
//! | [`id`], [`clock`] | typed ids; the one place that reads the system's time |
//! | [`student`] … [`assignment_submission`] | the facts, as other systems tell them |
//! | [`student_profile`] | the aggregates, which can always be rebuilt from the facts |
//! | [`job`], [`change`], [`queue_status`] | the queue's rows, the one way by which a changed fact reaches it, its figures |
//! | [`session`] | who has signed in, in which browser |
//! | [`trace`] | the trace that a change belongs to, carried from the request to the job |
//! | [`database`], [`db_time`] | connections, the database's clock |
//! | [`wake`], [`feed`] | after a commit: the wake-up of workers, and what readers are told |
//!
//! What must never be here: anything of axum, async-graphql or apalis; who may see what; how a job is run.

pub mod aggregate;
pub mod assignment;
pub mod assignment_submission;
pub mod change;
pub mod clock;
pub mod course;
pub mod database;
pub mod db_time;
pub mod enrollment;
pub mod feed;
pub mod guardian;
pub mod guardianship;
pub mod id;
pub mod job;
pub mod job_failure;
pub mod paused_kind;
pub mod queue_status;
pub mod quiz;
pub mod quiz_attempt;
pub mod score;
mod score_column;
pub mod session;
pub mod standing;
pub mod student;
pub mod student_profile;
pub mod trace;
pub mod wake;
pub mod worker;

/// The crates whose types appear in this crate's interface.
pub use sea_orm;
