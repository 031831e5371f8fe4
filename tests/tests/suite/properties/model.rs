//! What the numbers must be, told by the rules alone and in arithmetic of its own.

use super::facts::{COURSES, Case, Fact, Items, Kind, STUDENTS, TASKS, Thing, enrolled_from_the_start};

/// The numbers of a student, and of each enrolment.
pub type Numbers = Vec<(String, Vec<String>)>;

/// The numbers of each student when all of `case` has been told.
pub fn numbers(case: &Case) -> Numbers {
    (0..STUDENTS).map(|student| numbers_of(student, &case.things)).collect()
}

fn numbers_of(student: usize, things: &[Thing]) -> (String, Vec<String>) {
    let (mut all_quizzes, mut all_assignments, mut parts) = (Vec::new(), Vec::new(), Vec::new());
    for course in 0..COURSES {
        let Some(status) = status(things, student, course) else { continue };
        let counts = matches!(status, "ACTIVE" | "COMPLETED");
        let quizzes = if counts { scores(things, Items::Attempts, student, course) } else { vec![] };
        let assignments = if counts { scores(things, Items::Submissions, student, course) } else { vec![] };
        parts.push(format!("{course}: {}, {}", text(&quizzes), text(&assignments)));
        all_quizzes.extend(quizzes);
        all_assignments.extend(assignments);
    }
    let both = [all_quizzes.clone(), all_assignments.clone()].concat();
    (format!("{}, {}, all at {}", text(&all_quizzes), text(&all_assignments), average(&both)), parts)
}

/// The status of an enrolment, if it is there in the end.
fn status(things: &[Thing], student: usize, course: usize) -> Option<&'static str> {
    match history(things, Kind::Enrollment { student, course }).last() {
        Some(Fact::Status(status)) => Some(status),
        Some(_) => None,
        None => enrolled_from_the_start(student, course).then_some("ACTIVE"),
    }
}

/// The scores of a student's counted items in a course.
fn scores(things: &[Thing], items: Items, student: usize, course: usize) -> Vec<i64> {
    let own = things.iter().filter(
        |thing| matches!(thing.kind, Kind::Item { items: i, student: s, .. } if i == items && s == student),
    );
    own.filter_map(|thing| counted(&thing.history))
        .filter(|(task, _)| course_of(things, items, *task) == course)
        .map(|(_, score)| score)
        .collect()
}

/// The quiz or assignment and the score of an item that counts in the end.
fn counted(history: &[Fact]) -> Option<(usize, i64)> {
    let (mut item, mut standing) = (None, "RESTORE");
    for fact in history {
        match fact {
            Fact::Recorded { task, score, done } => {
                item = score.filter(|_| *done).map(|score| (*task, score));
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
