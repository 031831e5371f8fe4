//! Journal entries, and the state that results from all of them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A decision that takes a right away, or gives it back. One line of the journal, as a JSON object.
///
/// People are named by Tally's ids. The id of an erased student stands for nothing once the student is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Entry {
    /// A guardian's right to see a student was revoked.
    GuardianshipRevoked {
        /// The student.
        student: Uuid,
        /// The guardian.
        guardian: Uuid,
        /// When.
        at: DateTime<Utc>,
    },
    /// A guardian's right ends because the record was handed over.
    GuardianshipEnds {
        /// The student.
        student: Uuid,
        /// The guardian.
        guardian: Uuid,
        /// The first moment after the right.
        at: DateTime<Utc>,
    },
    /// A guardian's right that was revoked or ended was granted again.
    GuardianshipGranted {
        /// The student.
        student: Uuid,
        /// The guardian.
        guardian: Uuid,
    },
    /// A token was revoked.
    TokenRevoked {
        /// Its `jti`.
        jti: String,
        /// When.
        at: DateTime<Utc>,
        /// The admin who revoked it.
        by: String,
    },
    /// The tokens of a person were revoked.
    SubjectRevoked {
        /// The person's role.
        role: String,
        /// The person's own id among those of the role.
        subject: String,
        /// Tokens issued before this are refused.
        issued_before: DateTime<Utc>,
        /// When they were revoked.
        at: DateTime<Utc>,
        /// The admin who revoked them.
        by: String,
    },
    /// A student was erased.
    StudentErased {
        /// The student.
        student: Uuid,
        /// When.
        at: DateTime<Utc>,
        /// The role of the person who erased the student.
        role: String,
        /// That person.
        by: String,
        /// Why.
        reason: String,
    },
}

/// All that is known to be revoked, after all entries in their order. A later entry replaces an earlier one about the
/// same right; of two cut-offs for one person the later time holds.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// By student and guardian: the newest entry about each pair.
    pub guardianships: BTreeMap<(Uuid, Uuid), Entry>,
    /// By `jti`.
    pub tokens: BTreeMap<String, Entry>,
    /// By role and subject.
    pub subjects: BTreeMap<(String, String), Entry>,
    /// By student.
    pub erasures: BTreeMap<Uuid, Entry>,
}

impl Known {
    /// Takes the next entry into account. Returns whether that changes anything.
    pub fn add(&mut self, entry: &Entry) -> bool {
        match entry {
            Entry::GuardianshipRevoked { student, guardian, .. }
            | Entry::GuardianshipEnds { student, guardian, .. } => {
                replace(&mut self.guardianships, (*student, *guardian), entry)
            }
            // Most grants give back nothing, and need not be known.
            Entry::GuardianshipGranted { student, guardian } => {
                self.guardianships.remove(&(*student, *guardian)).is_some()
            }
            Entry::TokenRevoked { jti, .. } => replace(&mut self.tokens, jti.clone(), entry),
            Entry::SubjectRevoked { role, subject, issued_before, .. } => {
                let key = (role.clone(), subject.clone());
                self.refuses_later(&key, *issued_before) && replace(&mut self.subjects, key, entry)
            }
            Entry::StudentErased { student, .. } => replace(&mut self.erasures, *student, entry),
        }
    }

    /// True unless an entry is known that refuses the person's tokens up to this time or a later one. As in the database,
    /// the later of two times holds, so that a restored database that is read first takes no knowledge away.
    fn refuses_later(&self, key: &(String, String), issued_before: DateTime<Utc>) -> bool {
        !matches!(
            self.subjects.get(key),
            Some(Entry::SubjectRevoked { issued_before: known, .. }) if *known >= issued_before
        )
    }

    /// Number of known revocations.
    pub fn len(&self) -> usize {
        self.guardianships.len() + self.tokens.len() + self.subjects.len() + self.erasures.len()
    }

    /// True if no revocation is known.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

fn replace<K: Ord>(known: &mut BTreeMap<K, Entry>, key: K, entry: &Entry) -> bool {
    known.insert(key, entry.clone()).as_ref() != Some(entry)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn revoked(at: &str) -> Entry {
        let at = at.parse().expect("a time");
        Entry::GuardianshipRevoked { student: Uuid::from_u128(1), guardian: Uuid::from_u128(2), at }
    }

    #[test]
    fn an_entry_survives_being_written_and_read() {
        let entry = revoked("2026-03-02T08:00:00Z");
        let line = serde_json::to_string(&entry).expect("a line");
        assert!(line.starts_with(r#"{"event":"guardianship_revoked","student":"#), "{line}");
        assert_eq!(serde_json::from_str::<Entry>(&line).expect("an entry"), entry);
    }

    #[test]
    fn of_two_times_for_one_persons_tokens_the_later_one_holds() {
        let revoked = |issued_before: &str| {
            let issued_before: DateTime<Utc> = issued_before.parse().expect("a time");
            let (role, subject) = ("GUARDIAN".to_owned(), "gwen".to_owned());
            Entry::SubjectRevoked { role, subject, issued_before, at: issued_before, by: "admin".to_owned() }
        };
        let later = revoked("2026-03-02T08:00:00Z");
        let mut known = Known::default();
        assert!(known.add(&later));
        assert!(!known.add(&revoked("2026-03-01T08:00:00Z")), "an earlier time changes nothing");
        assert_eq!(known.subjects.values().collect::<Vec<_>>(), [&later]);
        assert!(known.add(&revoked("2026-03-03T08:00:00Z")));
    }

    #[test]
    fn what_was_given_back_is_not_revoked_any_more() {
        let granted =
            Entry::GuardianshipGranted { student: Uuid::from_u128(1), guardian: Uuid::from_u128(2) };
        let mut known = Known::default();
        assert!(!known.add(&granted), "nothing was revoked");
        assert!(known.add(&revoked("2026-03-02T08:00:00Z")));
        assert!(!known.add(&revoked("2026-03-02T08:00:00Z")), "it is known");
        assert!(known.add(&granted));
        assert!(known.is_empty());
    }
}
