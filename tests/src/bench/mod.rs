//! Benchmarks: figures to be read by people, never asserted.
//!
//! | modules | what lives there |
//! |---|---|
//! | [`rows`] | a seeded school of any size, written below the API |
//! | [`freshness`] | from the commit of a fact to the profile that shows it |
//! | [`drain`] | how fast waiting jobs are done, next to one statement over the same rows |

pub mod drain;
pub mod freshness;
pub mod rows;
