//! Fixtures of the integration tests: a real server over a real database, and short ways to speak to it.
//!
//! | modules | what lives there |
//! |---|---|
//! | [`app`] | a server with its database, its clock and its queue, new for every test |
//! | [`binary`] | the real `tally-api`, run as a process of its own |
//! | [`client`] | GraphQL over HTTP, as any client would speak it |
//! | [`socket`] | GraphQL over WebSocket, message by message |
//! | [`mod@attacks`] | attacks on a running server |
//! | [`mod@fuzz`] | a fuzz of the HTTP surface |
//! | [`school`] | short ways to write facts and read profiles |
//! | [`crowd`] | any number of students with any profiles, written below the API |
//! | [`mod@bench`] | the benchmark, for the binary beside the tests |
//! | [`statements`] | the SQL statements that something takes |
//! | [`writing`] | many facts in one call, and facts that are refused |
//! | [`explanations`] | where the averages of everybody come from |
//! | [`mod@live_bench`] | what followed profiles cost, for the other benchmark |
//! | [`numbers`] | the numbers beyond one profile: of each enrolment, of everybody, after a rebuild from nothing |
//! | [`past`] | the history of the numbers, and what counts week by week |
//! | [`oulad`] | real results of real students, loaded through the API |
//! | [`program`], [`binary`], [`fleet`] | the real programs, alone and together |
//! | [`faulty_disk`] | a disk for real programs that is full or fails when a test says so |
//! | [`mod@browser`], [`relay`] | a real browser, headless; a network for it that can be cut |
//! | [`npm`] | packages from the npm registry |
//! | [`backend`], [`postgres`] | the two databases; a PostgreSQL that the tests start themselves |
//!
//! Every test runs on both databases: see [`on_both_backends`].

#![expect(clippy::missing_panics_doc, reason = "a fixture that fails fails its test")]

pub mod app;
pub mod attacks;
pub mod backend;
pub mod bench;
pub mod binary;
pub mod browser;
pub mod client;
pub mod crowd;
pub mod explanations;
pub mod faulty_disk;
pub mod fleet;
pub mod fuzz;
pub mod live_bench;
pub mod npm;
pub mod numbers;
pub mod oulad;
pub mod past;
pub mod postgres;
pub mod program;
pub mod relay;
pub mod school;
pub mod socket;
pub mod statements;
pub mod writing;

pub use app::TestApp;
pub use backend::Backend;
pub use socket::Socket;
