//! What users would notice: everything here goes through HTTP and GraphQL, on both databases.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod bulk;
mod access;
mod cases;
mod chaos;
mod demo;
mod concurrency;
mod moves;
mod oulad;
mod properties;
mod queue;
mod replays;
mod revisions;
mod triggers;
mod errors;
mod failures;
mod http;
mod layering;
mod migrations;
mod raw;
mod schema;
