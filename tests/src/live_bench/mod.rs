//! What followed profiles cost, and what the cache gains: for the binary `bench_live`.
//!
//! | modules | what lives there |
//! |---|---|
//! | [`live`] | what followed profiles cost, and how soon a change reaches who follows |
//! | [`reads`] | how many profiles are read a second, and how many could be without a database |
//! | [`server`] | a `tally-api` of its own, with what it takes of memory and processor |
//! | [`rows`] | a seeded school, written below the API |

pub mod live;
pub mod reads;
pub mod rows;
pub mod server;
