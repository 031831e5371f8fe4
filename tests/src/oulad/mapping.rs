//! What the rows of the files become.
//!
//! Every `sourcedId` is made of the files' own ids, so that loading a second time names the same things again.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Days, NaiveDate, NaiveTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::files::{AssessmentRow, CourseRow, FileError, Folder, RegistrationRow, ResultRow, StudentRow};

/// What is loaded together, because it depends on nothing but what is loaded before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// All students.
    Students,
    /// A course for each presentation of a module.
    Courses,
    /// Computer-marked assessments.
    Quizzes,
    /// Tutor-marked assessments.
    Assignments,
    /// Registrations.
    Enrollments,
    /// Results of computer-marked assessments.
    QuizAttempts,
    /// Results of tutor-marked assessments.
    Submissions,
}

impl Phase {
    /// All of them, in their order.
    pub const ALL: [Self; 7] = [
        Self::Students,
        Self::Courses,
        Self::Quizzes,
        Self::Assignments,
        Self::Enrollments,
        Self::QuizAttempts,
        Self::Submissions,
    ];

    /// What people call the facts of the phase.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Students => "students",
            Self::Courses => "courses",
            Self::Quizzes => "quizzes",
            Self::Assignments => "assignments",
            Self::Enrollments => "enrolments",
            Self::QuizAttempts => "quiz attempts",
            Self::Submissions => "submissions",
        }
    }

    /// The bulk mutation that writes the facts, and the type of its inputs.
    pub const fn mutation(self) -> (&'static str, &'static str) {
        match self {
            Self::Students => ("upsertStudents", "UpsertStudentInput"),
            Self::Courses => ("upsertCourses", "UpsertCourseInput"),
            Self::Quizzes => ("upsertQuizzes", "UpsertQuizInput"),
            Self::Assignments => ("upsertAssignments", "UpsertAssignmentInput"),
            Self::Enrollments => ("upsertEnrollments", "UpsertEnrollmentInput"),
            Self::QuizAttempts => ("recordQuizAttempts", "RecordQuizAttemptInput"),
            Self::Submissions => ("recordSubmissions", "RecordSubmissionInput"),
        }
    }
}

/// One input of a bulk mutation.
#[derive(Debug)]
pub struct Fact {
    /// Facts with the same key are written one after the other: those of one student, as each call locks its students,
    /// and those of no student, as they are few.
    pub key: u64,
    /// The input.
    pub input: Value,
}

/// The facts of a phase, made one by one while the file is read.
pub type Facts = Box<dyn Iterator<Item = Result<Fact, FileError>> + Send>;

/// Quizzes and assignments; exams are neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Task {
    Quiz,
    Assignment,
}

/// The files, and what must be known of some to understand the others.
#[derive(Clone, Debug)]
pub struct Source {
    folder: Folder,
    /// The first day of each assessment's presentation, and what it is.
    assessments: HashMap<u64, (NaiveDate, Option<Task>)>,
    /// Those who are loaded, if not all.
    students: Option<HashSet<u64>>,
}

impl Source {
    /// Reads what is needed beforehand. Facts of students are left out for all but the first `limit_students`.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn open(folder: Folder, limit_students: Option<usize>) -> Result<Self, FileError> {
        let mut assessments = HashMap::new();
        for row in folder.rows::<AssessmentRow>()? {
            let row = row?;
            assessments.insert(row.id_assessment, (first_day(&row.code_presentation)?, task(&row)?));
        }
        let mut students = None;
        if let Some(limit) = limit_students {
            let mut first = HashSet::new();
            let mut rows = folder.rows::<StudentRow>()?;
            while first.len() < limit
                && let Some(row) = rows.next()
            {
                first.insert(row?.id_student);
            }
            students = Some(first);
        }
        Ok(Self { folder, assessments, students })
    }

    /// The facts of `phase`.
    ///
    /// # Errors
    /// [`FileError`] when the file cannot be opened.
    pub fn facts(&self, phase: Phase) -> Result<Facts, FileError> {
        match phase {
            Phase::Students => self.students(),
            Phase::Courses => self.courses(),
            Phase::Quizzes => self.tasks(Task::Quiz),
            Phase::Assignments => self.tasks(Task::Assignment),
            Phase::Enrollments => self.enrollments(),
            Phase::QuizAttempts => self.results(Task::Quiz),
            Phase::Submissions => self.results(Task::Assignment),
        }
    }

    /// Whoever is in the file several times is one student. The ids are the only thing that is remembered of a whole file.
    fn students(&self) -> Result<Facts, FileError> {
        let rows = self.folder.rows::<StudentRow>()?;
        let (wanted, mut seen) = (self.students.clone(), HashSet::new());
        Ok(Box::new(rows.filter_map(move |row| match row {
            Ok(StudentRow { id_student }) => {
                let new = is_wanted(wanted.as_ref(), id_student) && seen.insert(id_student);
                let fact = || {
                    let display_name = format!("Student {id_student}");
                    json!({ "sourcedId": sourced_id(id_student), "displayName": display_name })
                };
                new.then(|| Ok(Fact { key: id_student, input: fact() }))
            }
            Err(error) => Some(Err(error)),
        })))
    }

    fn courses(&self) -> Result<Facts, FileError> {
        let rows = self.folder.rows::<CourseRow>()?;
        Ok(Box::new(rows.map(|row| {
            let CourseRow { code_module, code_presentation } = row?;
            let title = format!("{code_module} {code_presentation}");
            let input = json!({ "sourcedId": course(&code_module, &code_presentation), "title": title });
            Ok(Fact { key: 0, input })
        })))
    }

    fn tasks(&self, wanted: Task) -> Result<Facts, FileError> {
        let rows = self.folder.rows::<AssessmentRow>()?;
        let fact = move |row: AssessmentRow| {
            let input = json!({
                "sourcedId": sourced_id(row.id_assessment),
                "title": format!("{} {}", row.assessment_type, row.id_assessment),
                "course": { "sourcedId": course(&row.code_module, &row.code_presentation) },
            });
            Ok((task(&row)? == Some(wanted)).then_some(Fact { key: 0, input }))
        };
        Ok(Box::new(rows.filter_map(move |row| row.and_then(fact).transpose())))
    }

    fn enrollments(&self) -> Result<Facts, FileError> {
        let rows = self.folder.rows::<RegistrationRow>()?;
        let wanted = self.students.clone();
        let fact = move |row: RegistrationRow| {
            let course = course(&row.code_module, &row.code_presentation);
            let status = if row.date_unregistration.is_some() { "DROPPED" } else { "ACTIVE" };
            let input = json!({
                "student": { "sourcedId": sourced_id(row.id_student) },
                "sourcedId": course,
                "course": { "sourcedId": course },
                "status": status,
            });
            is_wanted(wanted.as_ref(), row.id_student).then_some(Fact { key: row.id_student, input })
        };
        Ok(Box::new(rows.filter_map(move |row| row.map(&fact).transpose())))
    }

    fn results(&self, wanted: Task) -> Result<Facts, FileError> {
        let rows = self.folder.rows::<ResultRow>()?;
        let source = self.clone();
        let fact = move |row: ResultRow| {
            let (first_day, task) = source.assessments.get(&row.id_assessment).copied().ok_or_else(|| {
                FileError::Unknown(format!(
                    "the assessment {} is not in assessments.csv.gz",
                    row.id_assessment
                ))
            })?;
            if task != Some(wanted) || !is_wanted(source.students.as_ref(), row.id_student) {
                return Ok(None);
            }
            let input =
                if wanted == Task::Quiz { attempt(&row, first_day)? } else { submission(&row, first_day)? };
            Ok(Some(Fact { key: row.id_student, input }))
        };
        Ok(Box::new(rows.filter_map(move |row| row.and_then(&fact).transpose())))
    }
}

fn is_wanted(students: Option<&HashSet<u64>>, student: u64) -> bool {
    students.is_none_or(|students| students.contains(&student))
}

/// An attempt without a score was begun and never completed. What is not is said, so that a later load can take it back.
fn attempt(row: &ResultRow, first_day: NaiveDate) -> Result<Value, FileError> {
    let at = time(first_day, row.date_submitted)?;
    Ok(json!({
        "student": { "sourcedId": sourced_id(row.id_student) },
        "sourcedId": sourced_id(row.id_assessment),
        "quiz": { "sourcedId": sourced_id(row.id_assessment) },
        "completedAt": row.score.as_ref().map(|_| at),
        "score": row.score.as_ref().map(|score| json!({ "percentage": score })),
    }))
}

/// A submission without a score is awaiting its grade.
fn submission(row: &ResultRow, first_day: NaiveDate) -> Result<Value, FileError> {
    let at = time(first_day, row.date_submitted)?;
    Ok(json!({
        "student": { "sourcedId": sourced_id(row.id_student) },
        "sourcedId": sourced_id(row.id_assessment),
        "assignment": { "sourcedId": sourced_id(row.id_assessment) },
        "submittedAt": at,
        "gradedAt": row.score.as_ref().map(|_| &at),
        "score": row.score.as_ref().map(|score| json!({ "percentage": score })),
    }))
}

fn task(row: &AssessmentRow) -> Result<Option<Task>, FileError> {
    match row.assessment_type.as_str() {
        "CMA" => Ok(Some(Task::Quiz)),
        "TMA" => Ok(Some(Task::Assignment)),
        "Exam" => Ok(None),
        other => Err(FileError::Unknown(format!("the assessment {} is a {other:?}", row.id_assessment))),
    }
}

fn sourced_id(id: u64) -> String {
    format!("oulad-{id}")
}

fn course(module: &str, presentation: &str) -> String {
    format!("oulad-{module}-{presentation}")
}

/// The first day of a presentation. The dataset tells the month alone.
fn first_day(presentation: &str) -> Result<NaiveDate, FileError> {
    let month = match presentation.chars().last() {
        Some('J') => 10,
        Some('B') => 2,
        _ => 0,
    };
    let year = presentation.get(..4).and_then(|year| year.parse().ok());
    year.filter(|_| presentation.len() == 5)
        .and_then(|year| NaiveDate::from_ymd_opt(year, month, 1))
        .ok_or_else(|| FileError::Unknown(format!("{presentation:?} is no presentation, such as 2013J")))
}

/// Midnight of a day that is counted from the first one.
fn time(first_day: NaiveDate, day: i64) -> Result<String, FileError> {
    let days = Days::new(day.unsigned_abs());
    let date = if day < 0 { first_day.checked_sub_days(days) } else { first_day.checked_add_days(days) };
    let date = date.ok_or_else(|| FileError::Unknown(format!("{day} is no day of a presentation")))?;
    let at: DateTime<Utc> = date.and_time(NaiveTime::MIN).and_utc();
    Ok(at.to_rfc3339_opts(SecondsFormat::Secs, true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_from_the_first_day_of_the_presentation() {
        let of = |presentation, day| time(first_day(presentation).unwrap(), day).unwrap();
        assert_eq!(of("2013J", 0), "2013-10-01T00:00:00Z");
        assert_eq!(of("2014B", 28), "2014-03-01T00:00:00Z");
        assert_eq!(of("2014B", -1), "2014-01-31T00:00:00Z");
    }

    #[test]
    fn what_is_no_presentation_is_refused() {
        for text in ["", "J", "2013", "2013K", "20133J", "abcdJ"] {
            assert!(first_day(text).is_err(), "{text}");
        }
    }
}
