//! `tally-worker`: runs jobs.
fn main() {}
