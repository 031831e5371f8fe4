//! What a resolver calls: one call for one field, from typed input to rows.
//!
//! Transactions begin and end here; GraphQL is not known here. [`facts`] writes, [`read`] reads within what a viewer
//! may see, [`live`] does so whenever it has changed, and [`access`] keeps who read or changed whose record; [`queue`],
//! [`backfill`], [`students`], [`guardianships`] and [`drift`] are for admins; [`session`] keeps who has signed in,
//! and [`revocation`] whose tokens are refused; [`revocation_journal`] keeps that outside the database, for [`restore`].

pub mod access;
pub mod backfill;
pub mod drift;
pub mod facts;
pub mod guardianships;
pub mod live;
pub mod queue;
pub mod read;
pub mod restore;
pub mod revocation;
pub mod revocation_journal;
pub mod session;
pub mod students;
