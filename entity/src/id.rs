//! Typed ids: a UUID, version 7, that knows which table it belongs to.
//!
//! At the edge an id is written `student:0193…`; an id of another type is refused instead of finding nothing.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use sea_orm::DeriveValueType;
use uuid::{NoContext, Timestamp, Uuid};

/// Why a text is not the id that was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be an id of the form \"{expected}:<uuid>\"")]
pub struct ParseIdError {
    /// The prefix that the id should have had.
    pub expected: &'static str,
}

/// A time-ordered UUID, version 7: new rows land at the end of their index.
fn uuid_v7(at: DateTime<Utc>) -> Uuid {
    let seconds = u64::try_from(at.timestamp()).unwrap_or(0);
    Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, at.timestamp_subsec_nanos()))
}

macro_rules! typed_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, DeriveValueType)]
        pub struct $name(pub Uuid);

        impl $name {
            /// What stands before the colon when the id is written out.
            pub const PREFIX: &'static str = $prefix;

            /// A new id that sorts by `at`.
            pub fn new(at: DateTime<Utc>) -> Self {
                Self(uuid_v7(at))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}:{}", Self::PREFIX, self.0)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.strip_prefix(Self::PREFIX)
                    .and_then(|rest| rest.strip_prefix(':'))
                    .and_then(|uuid| Uuid::try_parse(uuid).ok())
                    .map(Self)
                    .ok_or(ParseIdError { expected: Self::PREFIX })
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl sea_orm::TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, sea_orm::DbErr> {
                Err(sea_orm::DbErr::ConvertFromU64(stringify!($name)))
            }
        }
    };
}

typed_id!(/** A student. */ StudentId, "student");
typed_id!(/** A guardian ("parent" in text that people read). */ GuardianId, "guardian");
typed_id!(/** A course. */ CourseId, "course");
typed_id!(/** A student's enrolment in a course. */ EnrollmentId, "enrollment");
typed_id!(/** A quiz of a course. */ QuizId, "quiz");
typed_id!(/** A student's attempt at a quiz. */ QuizAttemptId, "attempt");
typed_id!(/** An assignment of a course. */ AssignmentId, "assignment");
typed_id!(/** A student's submission to an assignment. */ AssignmentSubmissionId, "submission");
typed_id!(/** A job of the queue. */ JobId, "job");
typed_id!(/** A run of the backfill. */ BackfillRunId, "backfillRun");
typed_id!(/** An entry of the access log. */ AccessId, "access");

impl AccessId {
    /// The bound between entries made before `at` and those made since, to the millisecond that ids are made of.
    pub fn bound(at: DateTime<Utc>) -> Self {
        let millis = u128::try_from(at.timestamp_millis()).unwrap_or(0);
        Self(Uuid::from_u128(millis << 80))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_being_written_and_read() {
        let id = StudentId::new(DateTime::UNIX_EPOCH);
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn an_id_of_another_type_is_refused() {
        let course = CourseId::new(DateTime::UNIX_EPOCH).to_string();
        assert_eq!(course.parse::<StudentId>(), Err(ParseIdError { expected: "student" }));
        assert!("student:".parse::<StudentId>().is_err());
        assert!("student".parse::<StudentId>().is_err());
    }

    #[test]
    fn a_bound_lies_between_what_was_made_before_and_what_was_made_since() {
        let at = DateTime::UNIX_EPOCH + chrono::TimeDelta::days(20_000);
        let millisecond = chrono::TimeDelta::milliseconds(1);
        assert!(AccessId::new(at - millisecond) < AccessId::bound(at));
        assert!(AccessId::bound(at) < AccessId::new(at));
    }

    #[test]
    fn later_ids_sort_after_earlier_ones() {
        let early = QuizId::new(DateTime::UNIX_EPOCH);
        let late = QuizId::new(DateTime::UNIX_EPOCH + chrono::TimeDelta::seconds(1));
        assert!(early < late);
    }
}
