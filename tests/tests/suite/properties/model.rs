//! What the numbers must be, told by the rules alone and in arithmetic of its own.

use std::collections::BTreeMap;

use super::facts::{COURSES, Case, DONE, Fact, Items, Kind, STUDENTS, TASKS, Thing, enrolled_from_the_start};

/// The numbers of a student, of each enrolment, and of each week.
pub type Numbers = Vec<(String, Vec<String>, Vec<String>)>;

/// An item that counts: its week and its score.
type Counted = (&'static str, i64);

/// The numbers of each student when all of `case` has been told.
pub fn numbers(case: &Case) -> Numbers {
    (0..STUDENTS).map(|student| numbers_of(student, &case.things)).collect()
}

fn numbers_of(student: usize, things: &[Thing]) -> (String, Vec<String>, Vec<String>) {
    let (mut all_quizzes, mut all_assignments, mut parts) = (Vec::new(), Vec::new(), Vec::new());
    for course in 0..COURSES {
        let Some(status) = status(things, student, course) else { continue };
        let counts = matches!(status, "ACTIVE" | "COMPLETED");
        let quizzes = if counts { items_of(things, Items::Attempts, student, course) } else { vec![] };
        let assignments = if counts { items_of(things, Items::Submissions, student, course) } else { vec![] };
        parts.push(format!("{course}: {}, {}", text(&scores_of(&quizzes)), text(&scores_of(&assignments))));
        all_quizzes.extend(quizzes);
        all_assignments.extend(assignments);
    }
    let mut weeks: BTreeMap<&str, (Vec<i64>, Vec<i64>)> = BTreeMap::new();
    for (week, score) in &all_quizzes {
        weeks.entry(week).or_default().0.push(*score);
    }
    for (week, score) in &all_assignments {
        weeks.entry(week).or_default().1.push(*score);
    }
    let weeks = weeks
        .into_iter()
        .map(|(week, (quizzes, assignments))| format!("{week}: {}", together(&quizzes, &assignments)));
    (together(&scores_of(&all_quizzes), &scores_of(&all_assignments)), parts, weeks.collect())
}

fn scores_of(items: &[Counted]) -> Vec<i64> {
    items.iter().map(|(_, score)| *score).collect()
}

fn together(quizzes: &[i64], assignments: &[i64]) -> String {
    let both = [quizzes, assignments].concat();
    format!("{}, {}, all at {}", text(quizzes), text(assignments), average(&both))
}

/// The status of an enrolment, if it is there in the end.
fn status(things: &[Thing], student: usize, course: usize) -> Option<&'static str> {
    match history(things, Kind::Enrollment { student, course }).last() {
        Some(Fact::Status(status)) => Some(status),
        Some(_) => None,
        None => enrolled_from_the_start(student, course).then_some("ACTIVE"),
    }
}

/// A student's counted items in a course.
fn items_of(things: &[Thing], items: Items, student: usize, course: usize) -> Vec<Counted> {
    let own = things.iter().filter(
        |thing| matches!(thing.kind, Kind::Item { items: i, student: s, .. } if i == items && s == student),
    );
    own.filter_map(|thing| counted(&thing.history))
        .filter(|(task, _)| course_of(things, items, *task) == course)
        .map(|(_, item)| item)
        .collect()
}

/// The quiz or assignment of an item that counts in the end, and what it counts.
fn counted(history: &[Fact]) -> Option<(usize, Counted)> {
    let (mut item, mut standing) = (None, "RESTORE");
    for fact in history {
        match fact {
            Fact::Recorded { task, score, done } => {
                item = score.zip(*done).map(|(score, done)| (*task, (DONE[done].1, score)));
                // What was deleted and is recorded anew exists again; what was voided stays so.
                standing = if standing == "DELETE" { "RESTORE" } else { standing };
            }
            Fact::Standing(change) => standing = change,
            _ => {}
        }
    }
    item.filter(|_| standing == "RESTORE")
}

fn course_of(things: &[Thing], items: Items, number: usize) -> usize {
    assert!(number < TASKS, "there is no such quiz or assignment");
    match history(things, Kind::Task { items, number }).last() {
        Some(Fact::Moved { course }) => *course,
        _ => number,
    }
}

fn history(things: &[Thing], kind: Kind) -> &[Fact] {
    things.iter().find(|thing| thing.kind == kind).map_or(&[], |thing| &thing.history)
}

fn text(scores: &[i64]) -> String {
    format!("{} at {}", scores.len(), average(scores))
}

/// The average of scores in hundredths, rounded half up.
fn average(scores: &[i64]) -> String {
    let Ok(count) = i64::try_from(scores.len()) else { return "too many".to_owned() };
    if count == 0 {
        return "-".to_owned();
    }
    let sum: i64 = scores.iter().sum();
    let up = i64::from(sum % count * 2 >= count);
    let hundredths = sum / count + up;
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}
