//! What the parts of an average bring to it.

use async_graphql::{Description, Object, SimpleObject};
use entity::enrollment;
use entity::share::Share as EntityShare;

use super::Enrollment;
use crate::schema::scalars::Decimal;
use crate::service::read;

/// What an enrolment brings to an average. Each of these numbers, added up over all enrolments of the student, gives
/// exactly that of the whole.
#[derive(Clone, Copy, Debug, Description)]
pub struct Share(pub EntityShare);

#[Object(use_type_description)]
impl Share {
    /// The exact sum of the counted scores in percent.
    async fn sum(&self) -> Decimal {
        Decimal::of_hundredths(self.0.part.hundredths)
    }

    /// How many items count.
    async fn count(&self) -> i64 {
        self.0.part.count
    }

    /// How many points of the average come from here: the sum over the count of the whole, to two decimals, rounded up or
    /// down so that all points add up to the average. Null when nothing counts anywhere.
    async fn points(&self) -> Option<Decimal> {
        self.0.points.map(Into::into)
    }

    /// How many percent of the counted items are here, to two decimals, rounded up or down so that all weights add up to
    /// 100.00. Null when nothing counts anywhere.
    async fn weight(&self) -> Option<Decimal> {
        self.0.weight.map(Into::into)
    }
}

/// An enrolment with its share of an average.
#[derive(SimpleObject, Clone, Debug)]
pub struct EnrollmentShare {
    /// The enrolment.
    pub enrollment: Enrollment,
    /// What it brings to the average.
    pub share: Share,
}

/// An average and what it consists of: the sum over the count, rounded half up to two decimals once.
#[derive(Clone, Debug, Description)]
pub struct ExplainedAverage(pub read::ExplainedAverage);

#[Object(use_type_description)]
impl ExplainedAverage {
    /// The exact sum of all counted scores in percent.
    async fn sum(&self) -> Decimal {
        Decimal::of_hundredths(self.0.whole.hundredths)
    }

    /// How many items count.
    async fn count(&self) -> i64 {
        self.0.whole.count
    }

    /// The average in percent; null when nothing counts.
    async fn average(&self) -> Option<Decimal> {
        self.0.whole.average().map(Into::into)
    }

    /// What each of the student's enrolments brings, also where that is nothing, in the order in which they were made.
    async fn parts(&self) -> Vec<EnrollmentShare> {
        let part = |(row, share): &(enrollment::Model, EntityShare)| EnrollmentShare {
            enrollment: row.clone().into(),
            share: Share(*share),
        };
        self.0.parts.iter().map(part).collect()
    }
}
