//! What users would notice: everything here goes through HTTP and GraphQL, on both databases.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod access;
mod browser;
mod bulk;
mod cases;
mod chaos;
mod command_line;
mod concurrency;
mod demo;
mod errors;
mod examples;
mod failures;
mod groups;
mod http;
mod layering;
mod live;
mod migrations;
mod moves;
mod oulad;
mod properties;
mod queue;
mod races;
mod raw;
mod replays;
mod revisions;
mod schema;
mod sessions;
mod traces;
mod triggers;
mod websocket;
