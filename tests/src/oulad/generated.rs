//! Small invented files of the dataset's shape, the same for the same seed.
//!
//! The real files hold whole scores alone, and no attempt that was not completed. These also have scores with decimals and
//! attempts without a score, so that more than the real data is covered.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

use csv::{QuoteStyle, WriterBuilder};
use flate2::Compression;
use flate2::write::GzEncoder;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom as _, SliceRandom as _};
use rand::{Rng as _, SeedableRng as _};

const STUDENTS: u64 = 60;
const COURSES: [(&str, &str); 5] =
    [("AAA", "2013J"), ("AAA", "2014J"), ("BBB", "2013B"), ("BBB", "2014B"), ("CCC", "2014J")];
/// The assessments of every course, with an exam at the end.
const KINDS: [&str; 8] = ["TMA", "CMA", "CMA", "TMA", "CMA", "TMA", "CMA", "Exam"];
const FIRST_ASSESSMENT: u64 = 1752;

/// A table: the names of its columns, and then its rows.
type Table = Vec<Vec<String>>;

/// Writes the five files into `folder`.
///
/// # Errors
/// When they cannot be written.
pub fn write(folder: &Path, seed: u64) -> io::Result<()> {
    let mut rng = StdRng::seed_from_u64(seed);
    let [info, registrations, results] = students(&mut rng);
    let mut courses = vec![row(["code_module", "code_presentation", "module_presentation_length"])];
    courses.extend(COURSES.map(|(module, presentation)| row([module, presentation, "268"])));
    save(folder, "courses", &courses)?;
    save(folder, "assessments", &assessments())?;
    save(folder, "studentInfo", &info)?;
    save(folder, "studentRegistration", &registrations)?;
    save(folder, "studentAssessment", &results)
}

fn row<const N: usize>(fields: [&str; N]) -> Vec<String> {
    fields.map(str::to_owned).into()
}

fn assessment_id(course: usize, number: usize) -> u64 {
    FIRST_ASSESSMENT + (course * KINDS.len() + number) as u64
}

/// As in the real data, some exams have no day.
fn assessments() -> Table {
    let columns = ["code_module", "code_presentation", "id_assessment", "assessment_type", "date", "weight"];
    let mut table = vec![row(columns)];
    for (course, (module, presentation)) in COURSES.into_iter().enumerate() {
        for (number, kind) in KINDS.into_iter().enumerate() {
            let id = assessment_id(course, number).to_string();
            let day = if kind == "Exam" { String::new() } else { (20 + 30 * number).to_string() };
            table.push(row([module, presentation, &id, kind, &day, "10"]));
        }
    }
    table
}

/// The students with their registrations and results. The results come by assessment, as in the real data.
fn students(rng: &mut StdRng) -> [Table; 3] {
    let mut info = vec![row(["code_module", "code_presentation", "id_student", "gender", "final_result"])];
    let columns =
        ["code_module", "code_presentation", "id_student", "date_registration", "date_unregistration"];
    let mut registrations = vec![row(columns)];
    let mut results = Vec::new();
    // Ids of different lengths: their order as text is not their order as numbers.
    let mut ids: Vec<u64> = (1..=STUDENTS).map(|number| 17 * number * number).collect();
    ids.shuffle(rng);
    for id in ids {
        let several = rng.random_range(1..=3);
        let courses: Vec<usize> = (0..COURSES.len()).collect();
        for &course in courses.choose_multiple(rng, several) {
            let (module, presentation) = COURSES[course];
            let left =
                if rng.random_ratio(3, 10) { rng.random_range(-10..200).to_string() } else { String::new() };
            let result = if left.is_empty() { "Pass" } else { "Withdrawn" };
            let id = id.to_string();
            info.push(row([module, presentation, &id, "F", result]));
            registrations.push(row([module, presentation, &id, "-30", &left]));
            results.extend(results_of(rng, &id, course));
        }
    }
    results.sort_by_key(|(assessment, _)| *assessment);
    let mut table = vec![row(["id_assessment", "id_student", "date_submitted", "is_banked", "score"])];
    table.extend(results.into_iter().map(|(_, row)| row));
    [info, registrations, table]
}

/// What one student has handed in for a course, each with the assessment before it.
fn results_of(rng: &mut StdRng, student: &str, course: usize) -> Vec<(u64, Vec<String>)> {
    let nothing_at_all = rng.random_ratio(1, 8);
    let mut results = Vec::new();
    for (number, due) in (0..KINDS.len()).zip((20_i64..).step_by(30)) {
        if nothing_at_all || rng.random_ratio(1, 5) {
            continue;
        }
        let id = assessment_id(course, number);
        let banked = rng.random_ratio(1, 12);
        let day = if banked { -1 } else { due + rng.random_range(-5..40) };
        let banked = if banked { "1" } else { "0" };
        results.push((id, row([&id.to_string(), student, &day.to_string(), banked, &score(rng)])));
    }
    results
}

fn score(rng: &mut StdRng) -> String {
    match rng.random_range(0..20) {
        0 | 1 => String::new(),
        2 => "0".to_owned(),
        3 | 4 => "100".to_owned(),
        5..8 => format!("{}.{:02}", rng.random_range(0..100), rng.random_range(0..100)),
        8 => format!("{}.5", rng.random_range(0..100)),
        _ => rng.random_range(20..100).to_string(),
    }
}

fn save(folder: &Path, name: &str, table: &Table) -> io::Result<()> {
    let file = File::create(folder.join(format!("{name}.csv.gz")))?;
    let packed = GzEncoder::new(file, Compression::fast());
    let mut csv = WriterBuilder::new().quote_style(QuoteStyle::Always).from_writer(packed);
    for row in table {
        csv.write_record(row)?;
    }
    let packed = csv.into_inner().map_err(csv::IntoInnerError::into_error)?;
    packed.finish()?.flush()
}
