//! The entries that are held in memory until they are written, and a little longer.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use entity::access_log::{Kind, Model};
use entity::id::{AccessId, StudentId};

use crate::auth::Role;

/// The most entries that are held: some tens of megabytes.
const MOST: usize = 100_000;

/// For how long further accesses of the same kind are merged into an entry: a dashboard that is left open reads again
/// and again. While the database is away, it may be longer.
const MERGED_FOR: TimeDelta = TimeDelta::hours(1);

/// What somebody did to a student's record. What is equal to it within a short time is one entry of the log.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Did {
    /// The student.
    pub student: StudentId,
    /// What was done.
    pub kind: Kind,
    /// The viewer's role.
    pub role: Role,
    /// The viewer's own id among those of the role.
    pub subject: Arc<str>,
    /// The root field through which it was done.
    pub operation: Arc<str>,
}

#[derive(Debug)]
struct Entry {
    id: AccessId,
    count: i64,
    first_at: DateTime<Utc>,
    last_at: DateTime<Utc>,
    /// How much of it the database has.
    written: i64,
}

impl Entry {
    const fn is_written(&self) -> bool {
        self.written == self.count
    }

    /// Whether nothing more is to be done with it.
    fn is_over(&self, now: DateTime<Utc>) -> bool {
        self.is_written() && now.signed_duration_since(self.first_at).abs() >= MERGED_FOR
    }
}

/// The entries that are held. Whatever a request does with them takes no longer when there are many.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    entries: HashMap<Did, Entry>,
    /// Those that the database does not have as they are, in the order in which they came.
    unwritten: VecDeque<Did>,
    lost: u64,
}

impl Buffer {
    /// Adds one access, unless there is no room for it: then it counts as lost.
    pub(super) fn add(&mut self, did: Did, now: DateTime<Utc>) {
        if self.entries.len() >= MOST && self.unwritten() < self.entries.len() {
            self.entries.retain(|_, entry| !entry.is_written());
        }
        if let Some(entry) = self.entries.get_mut(&did).filter(|entry| !entry.is_over(now)) {
            let was_written = entry.is_written();
            entry.count += 1;
            entry.last_at = entry.last_at.max(now);
            if was_written {
                self.unwritten.push_back(did);
            }
        } else if self.entries.len() < MOST || self.entries.contains_key(&did) {
            let entry = Entry { id: AccessId::new(now), count: 1, first_at: now, last_at: now, written: 0 };
            self.unwritten.push_back(did.clone());
            self.entries.insert(did, entry);
        } else {
            self.lost += 1;
        }
    }

    /// How many entries the database does not have as they are.
    pub(super) fn unwritten(&self) -> usize {
        self.unwritten.len()
    }

    /// The rows of the first `limit` of those entries. They stay until [`Self::written`] says that the database has them.
    pub(super) fn page(&self, limit: usize) -> Vec<Model> {
        let entries = self.unwritten.iter().take(limit);
        entries.filter_map(|did| Some(row(did, self.entries.get(did)?))).collect()
    }

    /// Notes that the database has `page`.
    pub(super) fn written(&mut self, page: &[Model]) {
        let counts: HashMap<AccessId, i64> = page.iter().map(|row| (row.id, row.count)).collect();
        for did in self.unwritten.drain(..page.len().min(self.unwritten.len())).collect::<Vec<_>>() {
            let Some(entry) = self.entries.get_mut(&did) else { continue };
            entry.written = counts.get(&entry.id).copied().unwrap_or(entry.written);
            if !entry.is_written() {
                self.unwritten.push_back(did);
            }
        }
    }

    /// Lets go of what is old, and in the database.
    pub(super) fn let_go(&mut self, now: DateTime<Utc>) {
        self.entries.retain(|_, entry| !entry.is_over(now));
    }

    /// Lets go of what is known of `student`.
    pub(super) fn forget(&mut self, student: StudentId) {
        self.entries.retain(|did, _| did.student != student);
        self.unwritten.retain(|did| did.student != student);
    }

    /// How many accesses were lost since this was last asked.
    pub(super) const fn take_lost(&mut self) -> u64 {
        std::mem::replace(&mut self.lost, 0)
    }
}

fn row(did: &Did, entry: &Entry) -> Model {
    Model {
        student_id: did.student,
        id: entry.id,
        role: did.role.as_str().to_owned(),
        subject: did.subject.to_string(),
        operation: did.operation.to_string(),
        kind: did.kind,
        count: entry.count,
        first_at: entry.first_at,
        last_at: entry.last_at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn did(student: u128) -> Did {
        Did {
            student: StudentId(uuid::Uuid::from_u128(student)),
            kind: Kind::Read,
            role: Role::Guardian,
            subject: "gwen".into(),
            operation: "myChildren".into(),
        }
    }

    fn start() -> DateTime<Utc> {
        DateTime::UNIX_EPOCH
    }

    /// All that the database does not have, as it is after this.
    fn write(buffer: &mut Buffer, now: DateTime<Utc>) -> Vec<Model> {
        let rows = buffer.page(usize::MAX);
        buffer.written(&rows);
        buffer.let_go(now);
        rows
    }

    #[test]
    fn what_is_done_again_within_an_hour_is_one_entry_even_after_it_was_written() {
        let mut buffer = Buffer::default();
        buffer.add(did(1), start());
        let first = write(&mut buffer, start());
        assert_eq!((buffer.unwritten(), buffer.page(1)), (0, vec![]));
        let later = start() + TimeDelta::minutes(59);
        buffer.add(did(1), later);
        buffer.add(did(1), later);
        assert_eq!(buffer.unwritten(), 1);
        let again = write(&mut buffer, start() + MERGED_FOR);
        assert_eq!((again[0].id, again[0].count, again[0].last_at), (first[0].id, 3, later));
        assert_eq!(buffer.entries.len(), 0, "an hour later it is let go");
        buffer.add(did(2), start());
        write(&mut buffer, start());
        buffer.add(did(1), start() + MERGED_FOR);
        assert_ne!(buffer.page(1)[0].id, first[0].id);
        assert_eq!(buffer.page(1)[0].count, 1);
        buffer.add(did(2), start() + MERGED_FOR);
        assert_eq!(buffer.page(2)[1].count, 1, "even if nothing was written meanwhile");
    }

    #[test]
    fn what_came_while_an_entry_was_written_is_written_next() {
        let mut buffer = Buffer::default();
        for student in 1..=3 {
            buffer.add(did(student), start());
        }
        let page = buffer.page(2);
        buffer.add(did(1), start());
        buffer.forget(did(2).student);
        buffer.written(&page);
        buffer.let_go(start() + TimeDelta::hours(1));
        let mut left: Vec<_> = buffer.page(9).iter().map(|row| (row.student_id, row.count)).collect();
        left.sort_unstable();
        assert_eq!(left, [(did(1).student, 2), (did(3).student, 1)]);
    }

    #[test]
    fn what_there_is_no_room_for_is_counted_and_what_is_held_stays() {
        let mut buffer = Buffer::default();
        for student in 0..MOST as u128 + 3 {
            buffer.add(did(student), start());
        }
        buffer.add(did(0), start());
        assert_eq!((buffer.unwritten(), buffer.take_lost(), buffer.take_lost()), (MOST, 3, 0));
        let rows = write(&mut buffer, start());
        let counted: i64 = rows.iter().map(|row| row.count).sum();
        assert_eq!(usize::try_from(counted), Ok(MOST + 1));
        buffer.add(did(MOST as u128), start());
        assert_eq!((buffer.unwritten(), buffer.take_lost()), (1, 0));
    }
}
