//! Queries.

mod access;
mod backfill;
mod core;
mod drift;
mod guardianships;
mod history;
mod insight;
mod privacy;
mod students;

use access::AccessQuery;
use async_graphql::MergedObject;
use backfill::BackfillQuery;
use core::CoreQuery;
use drift::DriftQuery;
use guardianships::GuardianshipsQuery;
use history::HistoryQuery;
use insight::InsightQuery;
use privacy::PrivacyQuery;
use students::StudentsQuery;

pub(super) use insight::read_course;

/// What can be read.
#[derive(Debug, Default, MergedObject)]
pub struct Query(
    CoreQuery,
    HistoryQuery,
    InsightQuery,
    StudentsQuery,
    BackfillQuery,
    DriftQuery,
    AccessQuery,
    PrivacyQuery,
    GuardianshipsQuery,
);
