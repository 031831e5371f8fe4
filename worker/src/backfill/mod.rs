//! Walks the runs of the backfill: one page of students after another, each in one short transaction.
//!
//! A run is walked by one worker at a time, under a lease that is judged by the database's clock; the cursor in the run's
//! row says how far the walk has come, so that another worker goes on where one was killed. The jobs that it enqueues are
//! ordinary ones. [`command`] is the backfill of the command line, and [`request`] what is asked for there.

pub mod command;
mod compare;
mod page;
mod progress;
pub mod request;
mod scope;
mod walker;

pub use walker::{Step, Walker};
