//! What a resolver calls: one call for one field, from typed input to rows.
//!
//! Transactions begin and end here; GraphQL is not known here. [`facts`] writes, [`read`] reads within what a viewer
//! may see, [`live`] does so whenever it has changed; [`queue`], [`backfill`], [`students`] and [`drift`] are for admins;
//! [`session`] keeps who has signed in.

pub mod backfill;
pub mod drift;
pub mod facts;
pub mod live;
pub mod queue;
pub mod read;
pub mod session;
pub mod students;
