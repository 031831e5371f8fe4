//! All profiles as CSV.

use std::io::Write;

use chrono::SecondsFormat;
use entity::sea_orm::{
    ColumnTrait, DatabaseConnection, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use entity::{student, student_profile};

const PAGE: u64 = 2000;

const HEADER: [&str; 7] = [
    "sourced_id",
    "total_quizzes_completed",
    "total_assignments_completed",
    "overall_quiz_average_score",
    "overall_assignment_average_score",
    "overall_average_score",
    "last_performance_update",
];

/// Which columns are exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Columns {
    /// All of them.
    All,
    /// All but the time of the last update: what two databases with the same facts have in common.
    Numbers,
}

impl Columns {
    const fn count(self) -> usize {
        match self {
            Self::All => HEADER.len(),
            Self::Numbers => HEADER.len() - 1,
        }
    }
}

/// Why an export ended early.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The database's fault.
    #[error("the profiles could not be read: {0}")]
    Database(#[from] DbErr),
    /// The receiver's fault.
    #[error("the export could not be written: {0}")]
    Write(#[from] csv::Error),
    /// A student without a profile, or a profile without a student: neither can be.
    #[error("the student {0} has no profile")]
    NoProfile(String),
}

/// Writes the stored profiles of all students as CSV with a header, in the order of their `sourced_id`: that id and the
/// six fields. Numbers have two decimals; what there is not is empty. Returns how many there are.
///
/// # Errors
/// [`ExportError`].
pub async fn export_profiles_unscoped(
    db: &DatabaseConnection,
    columns: Columns,
    to: impl Write,
) -> Result<u64, ExportError> {
    let mut csv = csv::Writer::from_writer(to);
    csv.write_record(&HEADER[..columns.count()])?;
    let mut after = String::new();
    let mut written = 0;
    loop {
        let page = student::Entity::find()
            .find_also_linked(ProfileLink)
            .filter(student::Column::SourcedId.gt(after.as_str()))
            .order_by_asc(student::Column::SourcedId)
            .limit(PAGE)
            .all(db)
            .await?;
        let Some((last, _)) = page.last() else { break };
        after.clone_from(&last.sourced_id);
        for (student, profile) in page {
            let profile = profile.ok_or_else(|| ExportError::NoProfile(student.sourced_id.clone()))?;
            csv.write_record(&record(student, &profile)[..columns.count()])?;
            written += 1;
        }
    }
    csv.flush().map_err(csv::Error::from)?;
    Ok(written)
}

struct ProfileLink;

impl entity::sea_orm::Linked for ProfileLink {
    type FromEntity = student::Entity;
    type ToEntity = student_profile::Entity;

    fn link(&self) -> Vec<entity::sea_orm::RelationDef> {
        vec![entity::sea_orm::RelationTrait::def(&student_profile::Relation::Student).rev()]
    }
}

fn record(student: student::Model, profile: &student_profile::Model) -> [String; 7] {
    let text = |score: Option<entity::score::Score>| score.map(|score| score.to_string()).unwrap_or_default();
    let updated = profile.last_performance_update.map(|at| at.to_rfc3339_opts(SecondsFormat::Micros, true));
    [
        student.sourced_id,
        profile.total_quizzes_completed.to_string(),
        profile.total_assignments_completed.to_string(),
        text(profile.overall_quiz_average_score),
        text(profile.overall_assignment_average_score),
        text(profile.overall_average_score),
        updated.unwrap_or_default(),
    ]
}
