//! Inputs about people.

use async_graphql::{ID, InputObject, MaybeUndefined};
use entity::id::{GuardianId, StudentId};

use super::FactInput;
use super::common::{Ref, clearable, optional_text, optional_time, own, time};
use crate::error::UserError;
use crate::schema::scalars::Time;
use crate::service::facts::{GrantGuardianship, RevokeGuardianship, UpsertGuardian, UpsertStudent};

/// Creates a student, or changes its name. Named by `id` or by `sourcedId`; only the latter creates.
#[derive(InputObject, Clone, Debug)]
pub struct UpsertStudentInput {
    /// The id that Tally gave it.
    pub id: Option<ID>,
    /// The writing system's own id.
    pub sourced_id: Option<String>,
    /// The name that people read, 1 to 255 characters; needed for a new one.
    pub display_name: Option<String>,
    /// When this happened. An event that is not newer than the last accepted one about the same thing is a CONFLICT.
    pub occurred_at: Option<Time>,
}

impl FactInput for UpsertStudentInput {
    type Command = UpsertStudent;

    fn read(self) -> Result<UpsertStudent, UserError> {
        Ok(UpsertStudent {
            student: own::<StudentId>(self.id, self.sourced_id)?,
            display_name: optional_text("displayName", self.display_name)?,
            occurred_at: optional_time("occurredAt", self.occurred_at)?,
        })
    }
}

/// Creates a guardian, or changes its name. Named by `id` or by `sourcedId`; only the latter creates.
#[derive(InputObject, Clone, Debug)]
pub struct UpsertGuardianInput {
    /// The id that Tally gave it.
    pub id: Option<ID>,
    /// The writing system's own id.
    pub sourced_id: Option<String>,
    /// The name that people read, 1 to 255 characters; needed for a new one.
    pub display_name: Option<String>,
    /// When this happened. An event that is not newer than the last accepted one about the same thing is a CONFLICT.
    pub occurred_at: Option<Time>,
}

impl FactInput for UpsertGuardianInput {
    type Command = UpsertGuardian;

    fn read(self) -> Result<UpsertGuardian, UserError> {
        Ok(UpsertGuardian {
            guardian: own::<GuardianId>(self.id, self.sourced_id)?,
            display_name: optional_text("displayName", self.display_name)?,
            occurred_at: optional_time("occurredAt", self.occurred_at)?,
        })
    }
}

/// Grants a guardian the right to see a student's record, or changes its dates.
#[derive(InputObject, Clone, Debug)]
pub struct GrantGuardianshipInput {
    /// The student who may be seen.
    pub student: Ref,
    /// The guardian who may see.
    pub guardian: Ref,
    /// The first moment of the right; now, unless told otherwise or granted already.
    pub valid_from: Option<Time>,
    /// The first moment after the right. Left out, it stays as it is; null leaves the right open.
    pub valid_until: MaybeUndefined<Time>,
    /// When this happened. An event that is not newer than the last accepted one about the same thing is a CONFLICT.
    pub occurred_at: Option<Time>,
}

impl FactInput for GrantGuardianshipInput {
    type Command = GrantGuardianship;

    fn read(self) -> Result<GrantGuardianship, UserError> {
        Ok(GrantGuardianship {
            student: self.student.read::<StudentId>("student")?,
            guardian: self.guardian.read::<GuardianId>("guardian")?,
            valid_from: optional_time("validFrom", self.valid_from)?,
            valid_until: clearable(self.valid_until, |value| time("validUntil", value))?,
            occurred_at: optional_time("occurredAt", self.occurred_at)?,
        })
    }
}

/// Revokes a guardian's right to see a student's record, at once and whatever its dates.
#[derive(InputObject, Clone, Debug)]
pub struct RevokeGuardianshipInput {
    /// The student.
    pub student: Ref,
    /// The guardian.
    pub guardian: Ref,
    /// When this happened. An event that is not newer than the last accepted one about the same thing is a CONFLICT.
    pub occurred_at: Option<Time>,
}

impl FactInput for RevokeGuardianshipInput {
    type Command = RevokeGuardianship;

    fn read(self) -> Result<RevokeGuardianship, UserError> {
        Ok(RevokeGuardianship {
            student: self.student.read::<StudentId>("student")?,
            guardian: self.guardian.read::<GuardianId>("guardian")?,
            occurred_at: optional_time("occurredAt", self.occurred_at)?,
        })
    }
}
