//! The access log: who read or changed which student's record, when, and through which operation.
//!
//! | modules | what lives there |
//! |---|---|
//! | [`Witness`] | what one request saw and changed; every scoped read and every write of facts tells it |
//! | [`AccessLog`] | what requests did, held in memory and written in batches, so that no read waits for a write |
//! | `buffer` | the entries that are held, each for what one viewer did to one student within a short time |
//! | `read` | the log, for admins and for families |
//!
//! What one viewer does to one record through one operation within an hour is one entry, which counts how often and says
//! when first and last. What is followed as it changes is one access when it is first shown, and at most one an hour after that. A change is
//! carried to its end and noted even if its caller hangs up.
//!
//! A student's own accesses are not logged, nor is what was not found or may not be seen. What a process has noted and not
//! yet written is lost if it is killed: at most what happened within [`FLUSH_EVERY`]. When the database cannot be
//! written for so long that the memory set aside is full, further accesses are answered and not noted; how many
//! were is said in the log of the process, and counted in its metrics.

mod buffer;
mod log;
mod read;
mod witness;

pub use buffer::Did;
pub use log::{AccessLog, FLUSH_EVERY};
pub use read::{AccessFilter, FamilyEntry, accesses_to, entries};
pub use witness::Witness;
