//! Attacks on the real server: each is answered as it should be, and leaves no memory behind.

use tests::attacks::{self, Target};
use tests::backend::TestDatabase;
use tests::{binary, on_both_backends};

/// What the server may hold more after any attack than before the first, in bytes. An allocator need not give back at once
/// what was freed.
const MORE_MEMORY: u64 = 200_000_000;

on_both_backends! {
    async fn attacks_are_answered_and_leave_nothing_behind(backend) {
        let database = TestDatabase::migrated(backend).await;
        let folder = tempfile::tempdir().unwrap();
        let target = Target::start(&binary::built("tally-api"), &database.url, folder.path()).await;
        let before = target.server.memory();
        let outcomes = attacks::all(&target).await;
        assert!(outcomes.len() > 40, "{} attacks", outcomes.len());
        let other: Vec<_> = outcomes.iter().filter(|outcome| outcome.answer != outcome.expected).collect();
        assert!(other.is_empty(), "{other:#?}");
        let large = outcomes.iter().find(|outcome| outcome.memory > before + MORE_MEMORY);
        assert!(large.is_none(), "{before} bytes before, and after: {large:?}");
    }
}
