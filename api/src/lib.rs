//! Tally's GraphQL API over axum.
//!
//! | modules | what lives there |
//! |---|---|
//! | [`http`] | from a request to the schema and back: routes, authentication, GraphQL over HTTP |
//! | [`auth`], [`session`], [`viewer`] | tokens and their keys; browsers that have signed in; who is asking |
//! | `web` | pages for browsers, and the files they are made of |
//! | [`schema`] | the GraphQL schema: types, inputs, resolvers |
//! | [`service`] | what a resolver calls: writing facts, reading within what a viewer may see |
//! | [`live`] | telling readers that what they have read has changed |
//! | [`error`] | what can go wrong, and what a client sees of it |
//! | [`config`], [`demo`] | the command line and the environment; the invented school |
//! | [`backup`] | the command that copies an SQLite database and checks the copy |
//!
//! The way of a request: viewer, typed input, one call of a service, payload. What must never be here: SQL in a resolver,
//! a transaction outside a service, the worker outside the binary's `main`.

pub mod auth;
pub mod backup;
pub mod config;
pub mod demo;
pub mod error;
pub mod http;
pub mod live;
pub mod schema;
pub mod service;
pub mod session;
pub mod viewer;
mod web;
