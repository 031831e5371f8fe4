//! A journal of revocations outside the database, so that a restored backup can be told what was revoked since.
//!
//! A line is on the disk before the revocation is answered. A journal that cannot be written undoes no revocation: that is
//! logged and counted. At the start what the database has and the journal lacks is appended.

mod entry;
mod file;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use entity::database::Database;
use entity::sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};
use entity::{guardianship, revoked_subject, revoked_token, student_erasure};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;
use tokio::task::spawn_blocking;

pub use entry::{Entry, Known};
pub use file::{Contents, read};

/// The journal of one server. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct RevocationJournal(Option<Arc<Journal>>);

#[derive(Debug)]
struct Journal {
    path: PathBuf,
    known: Mutex<Known>,
    lost: Counter,
}

impl RevocationJournal {
    /// No journal: nothing is written.
    pub fn off() -> Self {
        Self::default()
    }

    /// The journal in the file at `path`, which is made with the first entry.
    ///
    /// # Errors
    /// Any I/O error of an existing file.
    pub fn open(path: PathBuf) -> io::Result<Self> {
        let contents = match read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Contents::default(),
            read => read?,
        };
        if contents.unreadable > 0 {
            tracing::warn!(
                lines = contents.unreadable,
                "lines of the revocation journal could not be read and are passed over"
            );
        }
        let known = Mutex::new(contents.known);
        Ok(Self(Some(Arc::new(Journal { path, known, lost: Counter::default() }))))
    }

    /// Has the metrics of `registry` tell how many entries could not be written.
    pub fn register(&self, registry: &mut Registry) {
        if let Some(journal) = &self.0 {
            let help = "Entries that could not be written to the revocation journal";
            registry.register("lost_journal_entries", help, journal.lost.clone());
        }
    }

    /// Appends what is new of `entries`, and returns once it is on the disk or cannot be written.
    pub async fn append(&self, entries: impl IntoIterator<Item = Entry>) {
        let Some(journal) = self.0.clone() else { return };
        let new: Vec<Entry> = {
            let mut known = journal.known();
            entries.into_iter().filter(|entry| known.add(entry)).collect()
        };
        if new.is_empty() {
            return;
        }
        let count = u64::try_from(new.len()).unwrap_or(u64::MAX);
        let appending = journal.clone();
        let appended = spawn_blocking(move || file::append(&appending.path, &new)).await;
        if let Err(error) = appended.unwrap_or_else(|error| Err(io::Error::other(error))) {
            tracing::error!(%error, count, "the revocation journal could not be written");
            journal.lost.inc_by(count);
        }
    }

    /// Takes the entries about the tokens of a person out, who was erased.
    pub async fn forget(&self, role: &str, subject: &str) {
        let Some(journal) = self.0.clone() else { return };
        journal.known().subjects.remove(&(role.to_owned(), subject.to_owned()));
        let (role, subject) = (role.to_owned(), subject.to_owned());
        let is_about = move |entry: &Entry| matches!(entry, Entry::SubjectRevoked { role: of, subject: who, .. } if *of == role && *who == subject);
        let forgotten = spawn_blocking(move || file::forget(&journal.path, is_about)).await;
        if let Err(error) = forgotten.unwrap_or_else(|error| Err(io::Error::other(error))) {
            tracing::error!(%error, "an erased student's entries could not be taken out of the revocation journal");
        }
    }

    /// Appends the revocations that `db` has and the journal lacks: a server may have been killed between the two.
    ///
    /// # Errors
    /// Whatever the database reports.
    pub async fn catch_up(&self, db: &Database) -> Result<(), DbErr> {
        if self.0.is_none() {
            return Ok(());
        }
        let revoked = guardianship::Entity::find().filter(guardianship::Column::RevokedAt.is_not_null());
        let revoked = revoked.all(db.reader()).await?;
        self.append(revoked.iter().map(of_guardianship)).await;
        let tokens = revoked_token::Entity::find().all(db.reader()).await?;
        self.append(tokens.into_iter().map(of_token)).await;
        let subjects = revoked_subject::Entity::find().all(db.reader()).await?;
        self.append(subjects.into_iter().map(of_subject)).await;
        let erasures = student_erasure::Entity::find().all(db.reader()).await?;
        self.append(erasures.into_iter().map(of_erasure)).await;
        Ok(())
    }

    /// Path of the journal, if there is one.
    pub fn path(&self) -> Option<&Path> {
        self.0.as_ref().map(|journal| journal.path.as_path())
    }
}

impl Journal {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The entry of a guardianship as it was written.
pub fn of_guardianship(row: &guardianship::Model) -> Entry {
    let (student, guardian) = (row.student_id.0, row.guardian_id.0);
    match row.revoked_at {
        Some(at) => Entry::GuardianshipRevoked { student, guardian, at },
        None => Entry::GuardianshipGranted { student, guardian },
    }
}

/// The entry of a guardianship that ended with a hand-over.
pub fn of_hand_over(row: &guardianship::Model) -> Entry {
    match (row.revoked_at, row.valid_until) {
        (None, Some(at)) => {
            Entry::GuardianshipEnds { student: row.student_id.0, guardian: row.guardian_id.0, at }
        }
        _ => of_guardianship(row),
    }
}

/// The entry of a revoked token.
pub fn of_token(row: revoked_token::Model) -> Entry {
    Entry::TokenRevoked { jti: row.jti, at: row.revoked_at, by: row.revoked_by }
}

/// The entry of a person's revoked tokens.
pub fn of_subject(row: revoked_subject::Model) -> Entry {
    Entry::SubjectRevoked {
        role: row.role,
        subject: row.subject,
        issued_before: row.issued_before,
        at: row.revoked_at,
        by: row.revoked_by,
    }
}

/// The entry of an erasure.
pub fn of_erasure(row: student_erasure::Model) -> Entry {
    let student = row.student_id.0;
    Entry::StudentErased { student, at: row.erased_at, role: row.role, by: row.subject, reason: row.reason }
}
