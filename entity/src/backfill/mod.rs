//! Recalculating many students because somebody asks for it.
//!
//! To ask for it is to write a row ([`start()`]); a worker walks the students and enqueues a job for each, or in a dry run
//! compares their aggregates. Each job that a run waits for has an item ([`crate::backfill_item`]), which ends with the
//! job, in the same transaction ([`ending`]). What a run has come to is counted from the items while it goes on
//! ([`figures`]), so that no two jobs wait for each other to write down that they are done.
//!
//! Rows are locked in this order: profiles, jobs, items; a run's own row by its walker alone, or after it was called off.

pub mod cancel;
pub mod ending;
pub mod figures;
pub mod items;
pub mod start;

pub use cancel::{Cancelled, cancel, take_back};
pub use figures::Run;
pub use start::{Request, Started, Target, start};
