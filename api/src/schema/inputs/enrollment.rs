//! Inputs about enrolments.

use async_graphql::{ID, InputObject};
use entity::id::{CourseId, EnrollmentId, StudentId};

use super::FactInput;
use super::common::{Ref, optional_time, own};
use crate::error::UserError;
use crate::schema::enums::EnrollmentStatus;
use crate::schema::scalars::Time;
use crate::service::facts::{DeleteEnrollment, SetEnrollmentStatus, UpsertEnrollment};

/// Enrols a student in a course, or changes the enrolment. Named by `id` or by `sourcedId`; only the latter creates.
#[derive(InputObject, Clone, Debug)]
pub struct UpsertEnrollmentInput {
    /// The student.
    pub student: Ref,
    /// The id that Tally gave it.
    pub id: Option<ID>,
    /// The writing system's own id; unique for the student.
    pub sourced_id: Option<String>,
    /// The course; needed for a new one. A student has at most one enrolment in a course.
    pub course: Option<Ref>,
    /// Where it stands; a new one is active unless told otherwise.
    pub status: Option<EnrollmentStatus>,
    /// When this happened. An event that is not newer than the last accepted one about the same thing is a CONFLICT.
    pub occurred_at: Option<Time>,
}

impl FactInput for UpsertEnrollmentInput {
    type Command = UpsertEnrollment;

    fn read(self) -> Result<UpsertEnrollment, UserError> {
        Ok(UpsertEnrollment {
            student: self.student.read::<StudentId>("student")?,
            enrollment: own::<EnrollmentId>(self.id, self.sourced_id)?,
            course: self.course.map(|course| course.read::<CourseId>("course")).transpose()?,
            status: self.status.map(Into::into),
            occurred_at: optional_time("occurredAt", self.occurred_at)?,
        })
    }
}

/// Changes the status of an enrolment.
#[derive(InputObject, Clone, Debug)]
pub struct SetEnrollmentStatusInput {
    /// The student.
    pub student: Ref,
    /// The enrolment.
    pub enrollment: Ref,
    /// Where it stands now.
    pub status: EnrollmentStatus,
    /// When this happened. An event that is not newer than the last accepted one about the same thing is a CONFLICT.
    pub occurred_at: Option<Time>,
}

impl FactInput for SetEnrollmentStatusInput {
    type Command = SetEnrollmentStatus;

    fn read(self) -> Result<SetEnrollmentStatus, UserError> {
        Ok(SetEnrollmentStatus {
            student: self.student.read::<StudentId>("student")?,
            enrollment: self.enrollment.read::<EnrollmentId>("enrollment")?,
            status: self.status.into(),
            occurred_at: optional_time("occurredAt", self.occurred_at)?,
        })
    }
}

/// Deletes an enrolment. The items stay, and count again if the student is enrolled in the course anew.
#[derive(InputObject, Clone, Debug)]
pub struct DeleteEnrollmentInput {
    /// The student.
    pub student: Ref,
    /// The enrolment.
    pub enrollment: Ref,
    /// When this happened. An event that is not newer than the last accepted one about the same thing is a CONFLICT.
    pub occurred_at: Option<Time>,
}

impl FactInput for DeleteEnrollmentInput {
    type Command = DeleteEnrollment;

    fn read(self) -> Result<DeleteEnrollment, UserError> {
        Ok(DeleteEnrollment {
            student: self.student.read::<StudentId>("student")?,
            enrollment: self.enrollment.read::<EnrollmentId>("enrollment")?,
            occurred_at: optional_time("occurredAt", self.occurred_at)?,
        })
    }
}
