//! What users would notice: everything here goes through HTTP and GraphQL, on both databases.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod access;
mod activity;
mod await_recalculation;
mod backfill;
mod bench;
mod browser;
mod bulk;
mod cache;
mod cases;
mod chaos;
mod clients;
mod command_line;
mod concurrency;
mod demo;
mod drift;
mod errors;
mod examples;
mod explain;
mod failures;
mod first_screen;
mod groups;
mod history;
mod http;
mod layering;
mod live;
mod live_chaos;
mod migrations;
mod moves;
mod oulad;
mod persisted_queries;
mod properties;
mod queue;
mod races;
mod raw;
mod replays;
mod revisions;
mod schema;
mod sessions;
mod students;
mod traces;
mod trend;
mod triggers;
mod websocket;
mod weekly;
