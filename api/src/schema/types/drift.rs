//! Aggregates that are not what the facts say.

use async_graphql::{Context, Description, ID, Object, Result};
use entity::aggregate_drift;
use entity::id::EnrollmentId;

use super::{Student, related};
use crate::schema::scalars::Time;

/// A student whose stored aggregates are not what the facts say, as the audit found them. There should never be any: it
/// means a fault of the software or of the storage, or a change by hand. A recalculation of the student repairs it.
#[derive(Clone, Debug, Description)]
pub struct AggregateDrift(pub aggregate_drift::Model);

#[Object(use_type_description)]
impl AggregateDrift {
    /// The student.
    async fn student(&self, ctx: &Context<'_>) -> Result<Student> {
        related(ctx, "student", self.0.student_id).await.map(Student)
    }

    /// When it was found.
    async fn found_at(&self) -> Time {
        self.0.found_at.into()
    }

    /// What differs.
    async fn differences(&self) -> Vec<DriftDifference> {
        self.0.differences.0.iter().cloned().map(DriftDifference).collect()
    }
}

/// One field whose stored value is not what the facts say.
#[derive(Clone, Debug, Description)]
pub struct DriftDifference(pub aggregate_drift::Difference);

#[Object(use_type_description)]
impl DriftDifference {
    /// The id of the enrolment whose field it is, such as `enrollment:0193…`; null when it is one of the profile.
    async fn enrollment_id(&self) -> Option<ID> {
        self.0.enrollment.map(|id| EnrollmentId(id).to_string().into())
    }

    /// The field's name in this schema, or `quizScoreSum` or `assignmentScoreSum` for the exact sums, in hundredths, that
    /// the averages come from.
    async fn field(&self) -> &str {
        &self.0.field
    }

    /// What is stored.
    async fn stored(&self) -> Option<&str> {
        self.0.stored.as_deref()
    }

    /// What the facts say.
    async fn computed(&self) -> Option<&str> {
        self.0.computed.as_deref()
    }
}
