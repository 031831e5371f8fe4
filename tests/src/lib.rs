//! Fixtures of the integration tests: a real server over a real database, and short ways to speak to it.
//!
//! | modules | what lives there |
//! |---|---|
//! | [`app`] | a server with its database, its clock and its queue, new for every test |
//! | [`binary`] | the real `tally-api`, run as a process of its own |
//! | [`client`] | GraphQL over HTTP, as any client would speak it |
//! | [`socket`] | GraphQL over WebSocket, message by message |
//! | [`school`] | short ways to write facts and read profiles |
//! | [`mod@bench`] | benchmarks, for the binaries beside the tests |
//! | [`writing`] | many facts in one call, and facts that are refused |
//! | [`numbers`] | the numbers beyond one profile: of each enrolment, of everybody, after a rebuild from nothing |
//! | [`oulad`] | real results of real students, loaded through the API |
//! | [`mod@browser`] | a real browser, headless |
//! | [`binary`], [`fleet`] | the real programs, alone and together |
//! | [`backend`], [`postgres`] | the two databases; a PostgreSQL that the tests start themselves |
//!
//! Every test runs on both databases: see [`on_both_backends`].

#![expect(clippy::missing_panics_doc, reason = "a fixture that fails fails its test")]

pub mod app;
pub mod backend;
pub mod bench;
pub mod binary;
pub mod browser;
pub mod client;
pub mod fleet;
pub mod numbers;
pub mod oulad;
pub mod postgres;
pub mod school;
pub mod socket;
pub mod writing;

pub use app::TestApp;
pub use backend::Backend;
pub use socket::Socket;
