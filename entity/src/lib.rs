//! What Tally stores and what it means.
pub mod clock;
