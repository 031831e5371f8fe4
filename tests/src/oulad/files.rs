//! The CSV files of the dataset, each packed with gzip, and those columns of theirs that are loaded.

use std::fs::File;
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Why the files cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// A file cannot be opened.
    #[error("cannot open {}: {source}", path.display())]
    Open {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A row cannot be read.
    #[error("cannot read {file}.csv.gz: {source}")]
    Row {
        /// Which file.
        file: &'static str,
        /// Why.
        source: csv::Error,
    },
    /// A row says something that this program does not know.
    #[error("{0}")]
    Unknown(String),
}

/// The folder that holds the files.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// The files in `path`.
    pub fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// The rows of one kind, read one by one.
    ///
    /// # Errors
    /// [`FileError`] when there is no such file.
    pub fn rows<T: FileRow>(
        &self,
    ) -> Result<impl Iterator<Item = Result<T, FileError>> + Send + use<T>, FileError> {
        let path = self.0.join(format!("{}.csv.gz", T::FILE));
        let file = File::open(&path).map_err(|source| FileError::Open { path, source })?;
        let rows = csv::Reader::from_reader(MultiGzDecoder::new(file)).into_deserialize();
        Ok(rows.map(|row| row.map_err(|source| FileError::Row { file: T::FILE, source })))
    }
}

/// A row of one of the files.
pub trait FileRow: DeserializeOwned + Send + 'static {
    /// The name of the file, without its endings.
    const FILE: &'static str;
}

/// A row of `courses`.
#[derive(Debug, Deserialize)]
pub struct CourseRow {
    /// The module.
    pub code_module: String,
    /// The presentation.
    pub code_presentation: String,
}

/// A row of `assessments`.
#[derive(Debug, Deserialize)]
pub struct AssessmentRow {
    /// The module.
    pub code_module: String,
    /// The presentation.
    pub code_presentation: String,
    /// The assessment.
    pub id_assessment: u64,
    /// TMA, CMA or Exam.
    pub assessment_type: String,
}

/// A row of `studentInfo`: a student, once for every registration.
#[derive(Debug, Deserialize)]
pub struct StudentRow {
    /// The student.
    pub id_student: u64,
}

/// A row of `studentRegistration`.
#[derive(Debug, Deserialize)]
pub struct RegistrationRow {
    /// The module.
    pub code_module: String,
    /// The presentation.
    pub code_presentation: String,
    /// The student.
    pub id_student: u64,
    /// The day on which the student left, if so.
    pub date_unregistration: Option<i64>,
}

/// A row of `studentAssessment`.
#[derive(Debug, Deserialize)]
pub struct ResultRow {
    /// The assessment.
    pub id_assessment: u64,
    /// The student.
    pub id_student: u64,
    /// The day of the submission.
    pub date_submitted: i64,
    /// The percentage, as it is written.
    pub score: Option<String>,
}

impl FileRow for CourseRow {
    const FILE: &'static str = "courses";
}

impl FileRow for AssessmentRow {
    const FILE: &'static str = "assessments";
}

impl FileRow for StudentRow {
    const FILE: &'static str = "studentInfo";
}

impl FileRow for RegistrationRow {
    const FILE: &'static str = "studentRegistration";
}

impl FileRow for ResultRow {
    const FILE: &'static str = "studentAssessment";
}
