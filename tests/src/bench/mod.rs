//! The benchmark: figures to be read by people, never asserted.
//!
//! | modules | what lives there |
//! |---|---|
//! | [`options`], [`run`], `round` | what to measure; a run, round after round; what a part measures with |
//! | `reads`, `writes`, `freshness`, `drain`, `bulk`, `limits`, `start` | the parts |
//! | [`bare`], `commits` | what reads and writes are compared with |
//! | [`school`], `arena` | seeded data of any size; the databases that hold it |
//! | `process`, `memory`, `http`, `load` | the programs, what they hold; the client, and its load |
//! | `results`, `aims`, [`report`], `plots` | medians and ratios; what they are meant to be; how they are shown |
//!
//! What is compared is measured within the same round, and ratios are medians of the rounds' ratios.

use std::error::Error;
use std::time::Duration;

mod aims;
mod arena;
pub mod bare;
mod bulk;
mod commits;
mod drain;
mod freshness;
mod http;
mod limits;
mod load;
mod memory;
pub mod options;
mod plots;
mod process;
mod reads;
pub mod report;
mod results;
mod round;
pub mod run;
pub mod school;
mod start;
mod writes;

/// Most of what can go wrong is somebody else's error, and all of it ends the run.
pub type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
