//! The process that holds SQLite's write lock, as Linux tells in `/proc`. Elsewhere nothing is known.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// The byte of the WAL index that the one writer locks: `WALINDEX_LOCK_OFFSET` of SQLite's file format.
const WRITE_LOCK_BYTE: u64 = 120;

/// The other process that holds the write lock on `wal_index`.
pub(super) fn find(wal_index: &Path) -> Option<u32> {
    let inode = fs::metadata(wal_index).ok()?.ino();
    let locks = fs::read_to_string("/proc/locks").ok()?;
    let holder = locks.lines().find_map(|line| write_lock(line, inode))?;
    (holder != std::process::id()).then_some(holder)
}

/// The holder of the write lock, if `line` of `/proc/locks` is about it:
/// `1: POSIX  ADVISORY  WRITE 4242 fe:00:1048 120 120`.
fn write_lock(line: &str, inode: u64) -> Option<u32> {
    let mut words = line.split_whitespace().skip(1);
    if words.next()? != "POSIX" {
        return None;
    }
    let mut words = words.skip_while(|word| *word != "WRITE").skip(1);
    let pid = words.next()?.parse().ok()?;
    let of_file = words.next()?.rsplit(':').next()?.parse() == Ok(inode);
    let (first, last) = (words.next()?, words.next()?);
    let covers = first.parse::<u64>().ok()? <= WRITE_LOCK_BYTE
        && (last == "EOF" || last.parse::<u64>().ok()? >= WRITE_LOCK_BYTE);
    (of_file && covers).then_some(pid)
}

/// True if a signal or a debugger has stopped the process, so that it does not go on by itself.
pub(super) fn is_stopped(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    has_stopped_state(&stat)
}

/// The state is the first word after the name, which is in parentheses and may hold any character.
fn has_stopped_state(stat: &str) -> bool {
    let state = stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next());
    matches!(state, Some('T' | 't'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_write_lock_is_found_among_others() {
        let lines = [
            ("1: POSIX  ADVISORY  WRITE 4242 fe:00:1048 120 120", Some(4242)),
            ("2: POSIX  ADVISORY  WRITE 4242 fe:00:1048 0 EOF", Some(4242)),
            ("3: POSIX  ADVISORY  READ 4242 fe:00:1048 120 120", None),
            ("4: POSIX  ADVISORY  WRITE 4242 fe:00:1048 123 123", None),
            ("5: POSIX  ADVISORY  WRITE 4242 fe:00:1049 120 120", None),
            ("6: FLOCK  ADVISORY  WRITE 4242 fe:00:1048 0 EOF", None),
            ("7: -> POSIX  ADVISORY  WRITE 4242 fe:00:1048 120 120", None),
            ("", None),
        ];
        for (line, holder) in lines {
            assert_eq!(write_lock(line, 1048), holder, "{line}");
        }
    }

    #[test]
    fn a_stopped_process_is_told_from_a_slow_one() {
        for (stat, stopped) in [
            ("17 (tally-worker) T 1 17 17 0", true),
            ("17 (a) T (b) t 1 17", true),
            ("17 (T) R 1 17 17 0", false),
            ("17 (tally-worker) S 1 17 17 0", false),
            ("", false),
        ] {
            assert_eq!(has_stopped_state(stat), stopped, "{stat}");
        }
    }
}
