//! All profiles, enrolments and weeks, computed straight from the files.
//!
//! This shares nothing with the product or the loader, and goes another way on purpose: everything is text until it is
//! added up, students are brought together by sorting and scanning, and averages come from long division. An error would
//! have to be made twice, in two ways, to stay unseen.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs::File;
use std::io;
use std::iter::Peekable;
use std::path::Path;

use csv::StringRecord;
use flate2::read::MultiGzDecoder;

use super::weeks;

const HEADER: &str = "sourced_id,total_quizzes_completed,total_assignments_completed,\
    overall_quiz_average_score,overall_assignment_average_score,overall_average_score";

const WEEKS_HEADER: &str = "sourced_id,course_sourced_id,week,monday,quizzes_completed,average_quiz_score,\
    assignments_completed,average_assignment_score,average_score";

/// The expected text of the exports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// What `tally-api export profiles --without-update-time` prints.
    pub profiles: String,
    /// What `tally-api export weeks` prints.
    pub weeks: String,
    /// `student,enrolment,quizzes,quiz average,assignments,assignment average` of each enrolment, without a header.
    pub enrollments: String,
    /// `student,enrolment,sum of the quizzes,count,sum of the assignments,count` of each enrolment, and
    /// `student,reason,count` of what is left out, without a header.
    pub explanations: String,
}

/// The numbers of the first `limit_students` students in the files, or of all.
///
/// # Errors
/// Whatever is wrong with the files.
pub fn expected(data: &Path, limit_students: Option<usize>) -> io::Result<Expected> {
    let students = students(data, limit_students)?;
    let (kept, dropped) = enrollments(data, &students)?;
    let (mut items, left_out) = results(data, &students, &kept, &dropped)?;
    items.sort_unstable();

    let profiles = profiles(&students, &items);
    let weeks = week_lines(&items);
    let explanations = explanation_lines(&items, &kept, &dropped, &left_out);
    Ok(Expected { profiles, weeks, enrollments: enrollment_lines(&items, &kept, &dropped), explanations })
}

fn profiles(students: &BTreeSet<String>, items: &[Item]) -> String {
    let mut lines = vec![format!("{HEADER}\n")];
    let mut scan = items.iter().peekable();
    for student in students {
        let (quizzes, assignments) = tallies(&mut scan, |item| item.student == *student);
        let overall = together(quizzes, assignments);
        let counts = format!("{},{}", quizzes.count, assignments.count);
        let averages = [quizzes, assignments, overall].map(Tally::average).join(",");
        lines.push(format!("oulad-{student},{counts},{averages}\n"));
    }
    lines.concat()
}

fn enrollment_lines(items: &[Item], kept: &BTreeSet<Enrollment>, dropped: &BTreeSet<Enrollment>) -> String {
    let mut lines = Vec::new();
    let mut scan = items.iter().peekable();
    for (student, course) in kept {
        let (quizzes, assignments) =
            tallies(&mut scan, |item| item.student == *student && item.course == *course);
        let quizzes = format!("{},{}", quizzes.count, quizzes.average());
        let assignments = format!("{},{}", assignments.count, assignments.average());
        lines.push(format!("oulad-{student},oulad-{course},{quizzes},{assignments}\n"));
    }
    lines.extend(dropped.iter().map(|(student, course)| format!("oulad-{student},oulad-{course},0,,0,\n")));
    lines.sort_unstable();
    lines.concat()
}

/// The items are sorted, so that those of a week of a student's course are next to each other, and the weeks in order.
fn week_lines(items: &[Item]) -> String {
    let mut lines = vec![format!("{WEEKS_HEADER}\n")];
    let mut scan = items.iter().peekable();
    while let Some(Item { student, course, monday, .. }) = scan.peek().copied() {
        let (quizzes, assignments) = tallies(&mut scan, |item| {
            item.student == *student && item.course == *course && item.monday == *monday
        });
        let overall = together(quizzes, assignments).average();
        let quizzes = format!("{},{}", quizzes.count, quizzes.average());
        let assignments = format!("{},{}", assignments.count, assignments.average());
        let week = weeks::text(*monday);
        lines.push(format!("oulad-{student},oulad-{course},{week},{quizzes},{assignments},{overall}\n"));
    }
    lines.concat()
}

fn together(one: Tally, other: Tally) -> Tally {
    Tally { sum: one.sum + other.sum, count: one.count + other.count }
}

fn explanation_lines(
    items: &[Item],
    kept: &BTreeSet<Enrollment>,
    dropped: &BTreeSet<Enrollment>,
    left_out: &LeftOut,
) -> String {
    let mut lines = Vec::new();
    let mut scan = items.iter().peekable();
    for (student, course) in kept {
        let (quizzes, assignments) =
            tallies(&mut scan, |item| item.student == *student && item.course == *course);
        lines.push(format!("oulad-{student},oulad-{course},{},{}\n", quizzes.exact(), assignments.exact()));
    }
    lines.extend(
        dropped.iter().map(|(student, course)| format!("oulad-{student},oulad-{course},0.00,0,0.00,0\n")),
    );
    lines.extend(
        left_out.iter().map(|((student, reason), count)| format!("oulad-{student},{reason},{count}\n")),
    );
    lines.sort_unstable();
    lines.concat()
}

/// How many results of a student do not count for a reason.
type LeftOut = BTreeMap<(String, &'static str), usize>;

/// A student and a course, such as `AAA-2013J`.
type Enrollment = (String, String);

/// A result that counts. In the order of its fields: a student's are next to each other, and so are a course's.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Item {
    student: String,
    course: String,
    /// The first day of the week, in days since 1970.
    monday: i64,
    is_quiz: bool,
    hundredths: u128,
}

#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    sum: u128,
    count: u128,
}

impl Tally {
    /// The sum with its two decimals, and the count.
    fn exact(self) -> String {
        format!("{}.{:02},{}", self.sum / 100, self.sum % 100, self.count)
    }

    /// Digit by digit, as on paper: the whole part, two decimals, and one up if what is left is half a unit or more.
    fn average(self) -> String {
        if self.count == 0 {
            return String::new();
        }
        let unit = self.count * 100;
        let (mut digits, mut rest) = (self.sum / unit, self.sum % unit);
        for _ in 0..2 {
            rest *= 10;
            digits = digits * 10 + rest / unit;
            rest %= unit;
        }
        if rest >= unit - rest {
            digits += 1;
        }
        let text = format!("{digits:03}");
        let (whole, decimals) = text.split_at(text.len() - 2);
        format!("{whole}.{decimals}")
    }
}

/// Adds up the items at the head of the scan that are `wanted`: quizzes and assignments.
fn tallies<'a>(
    scan: &mut Peekable<impl Iterator<Item = &'a Item>>,
    wanted: impl Fn(&Item) -> bool,
) -> (Tally, Tally) {
    let (mut quizzes, mut assignments) = (Tally::default(), Tally::default());
    while let Some(item) = scan.next_if(|item| wanted(item)) {
        let tally = if item.is_quiz { &mut quizzes } else { &mut assignments };
        tally.sum += item.hundredths;
        tally.count += 1;
    }
    (quizzes, assignments)
}

/// The students, in the order of their ids as text: the order of their `sourced_id`.
fn students(data: &Path, limit: Option<usize>) -> io::Result<BTreeSet<String>> {
    let mut students = BTreeSet::new();
    for row in rows(data, "studentInfo", ["id_student"])? {
        if limit.is_some_and(|limit| students.len() >= limit) {
            break;
        }
        let [student] = row?;
        students.insert(student);
    }
    Ok(students)
}

/// Those enrolments that count, and those that were dropped.
fn enrollments(
    data: &Path,
    students: &BTreeSet<String>,
) -> io::Result<(BTreeSet<Enrollment>, BTreeSet<Enrollment>)> {
    let (mut kept, mut dropped) = (BTreeSet::new(), BTreeSet::new());
    let columns = ["code_module", "code_presentation", "id_student", "date_unregistration"];
    for row in rows(data, "studentRegistration", columns)? {
        let [module, presentation, student, left] = row?;
        if students.contains(&student) {
            let into = if left.is_empty() { &mut kept } else { &mut dropped };
            into.insert((student, format!("{module}-{presentation}")));
        }
    }
    Ok((kept, dropped))
}

/// The results that count, and how many do not.
fn results(
    data: &Path,
    students: &BTreeSet<String>,
    kept: &BTreeSet<Enrollment>,
    dropped: &BTreeSet<Enrollment>,
) -> io::Result<(Vec<Item>, LeftOut)> {
    let mut exams = HashSet::new();
    let mut tasks = BTreeMap::new();
    let columns = ["id_assessment", "code_module", "code_presentation", "assessment_type"];
    for row in rows(data, "assessments", columns)? {
        let [assessment, module, presentation, kind] = row?;
        match kind.as_str() {
            "CMA" => _ = tasks.insert(assessment, (format!("{module}-{presentation}"), true)),
            "TMA" => _ = tasks.insert(assessment, (format!("{module}-{presentation}"), false)),
            _ => _ = exams.insert(assessment),
        }
    }
    let (mut items, mut left_out) = (Vec::new(), LeftOut::new());
    for row in rows(data, "studentAssessment", ["id_assessment", "id_student", "date_submitted", "score"])? {
        let [assessment, student, day, score] = row?;
        let Some((course, is_quiz)) = tasks.get(&assessment) else {
            if exams.contains(&assessment) {
                continue;
            }
            return Err(io::Error::other(format!("the assessment {assessment} is unknown")));
        };
        let enrollment = (student, course.clone());
        let reason = match (score.is_empty(), *is_quiz) {
            _ if !students.contains(&enrollment.0) => continue,
            (true, true) => Some("NOT_COMPLETED"),
            (true, false) => Some("NOT_GRADED"),
            _ if kept.contains(&enrollment) => None,
            _ if dropped.contains(&enrollment) => Some("ENROLLMENT_DROPPED"),
            _ => Some("NOT_ENROLLED"),
        };
        if let Some(reason) = reason {
            *left_out.entry((enrollment.0, reason)).or_default() += 1;
            continue;
        }
        let hundredths = hundredths(&score)?;
        let monday = weeks::monday(course, &day)?;
        items.push(Item {
            student: enrollment.0,
            course: enrollment.1,
            monday,
            is_quiz: *is_quiz,
            hundredths,
        });
    }
    Ok((items, left_out))
}

/// `78` is 7800, and so is `78.00`. More than two decimals would have to be rounded, and are not in the files.
fn hundredths(score: &str) -> io::Result<u128> {
    let (whole, decimals) = score.split_once('.').unwrap_or((score, ""));
    let digits = format!("{whole}{decimals:0<2}");
    let plain =
        !whole.is_empty() && decimals.len() <= 2 && digits.bytes().all(|digit| digit.is_ascii_digit());
    plain
        .then(|| digits.parse().ok())
        .flatten()
        .ok_or_else(|| io::Error::other(format!("{score:?} is not a percentage with at most two decimals")))
}

/// The named columns of a file, in the order of the names.
fn rows<const N: usize>(
    data: &Path,
    file: &str,
    columns: [&str; N],
) -> io::Result<impl Iterator<Item = io::Result<[String; N]>> + use<N>> {
    let path = data.join(format!("{file}.csv.gz"));
    let packed = File::open(&path)
        .map_err(|error| io::Error::new(error.kind(), format!("cannot open {}: {error}", path.display())))?;
    let mut csv = csv::Reader::from_reader(MultiGzDecoder::new(packed));
    let header = csv.headers()?.clone();
    let mut at = [0; N];
    for (at, column) in at.iter_mut().zip(columns) {
        *at = header
            .iter()
            .position(|name| name == column)
            .ok_or_else(|| io::Error::other(format!("{file} has no column {column}")))?;
    }
    Ok(csv.into_records().map(move |row| Ok(pick(&row?, at))))
}

fn pick<const N: usize>(row: &StringRecord, at: [usize; N]) -> [String; N] {
    at.map(|at| row.get(at).unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn averages_are_rounded_half_up_from_the_exact_sum() {
        let average = |sum, count| Tally { sum, count }.average();
        assert_eq!(average(0, 0), "");
        assert_eq!(average(0, 3), "0.00");
        assert_eq!(average(148_400, 18), "82.44");
        assert_eq!(average(63_900, 8), "79.88");
        assert_eq!(average(10_000, 3), "33.33");
        assert_eq!(average(20_000, 3), "66.67");
        assert_eq!(average(9, 2), "0.05");
        assert_eq!(average(99_999, 1), "999.99");
    }

    #[test]
    fn scores_are_read_as_text() {
        let read = |text| hundredths(text).ok();
        assert_eq!(read("78"), Some(7800));
        assert_eq!(read("87.5"), Some(8750));
        assert_eq!(read("0.05"), Some(5));
        for text in ["", "x", "-1", "1.234", "1.2.3"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
