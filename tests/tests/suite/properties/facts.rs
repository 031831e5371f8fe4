//! Generated facts: several things, each with a history of its own, and an order in which the histories are told.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// How many students there are, and courses, and quizzes and assignments of each kind.
pub const STUDENTS: usize = 3;
pub const COURSES: usize = 3;
pub const TASKS: usize = 3;

/// When items are completed or graded, and in which week that is.
pub const DONE: [(&str, &str); 4] = [
    ("2026-03-01T10:00:00Z", "2026-W09"),
    ("2026-03-01T23:59:59.999999Z", "2026-W09"),
    ("2026-03-02T00:00:00Z", "2026-W10"),
    ("2024-12-30T10:00:00Z", "2025-W01"),
];

/// Whether a student is enrolled in a course before anything is told: in two of three, so that most items count.
pub const fn enrolled_from_the_start(student: usize, course: usize) -> bool {
    !(student + course).is_multiple_of(3)
}

/// Everything that is told.
#[derive(Clone, Debug)]
pub struct Case {
    /// The things, each different from all others.
    pub things: Vec<Thing>,
    /// The steps of telling them one by one.
    pub steps: Vec<Step>,
}

/// A step of telling facts one by one.
#[derive(Clone, Debug)]
pub enum Step {
    /// The next fact about the thing with this number, if there is one.
    Tell(usize),
    /// The newest fact about the thing with this number once more, if there is one.
    Repeat(usize),
    /// All jobs run.
    Drain,
    /// A call that is refused as a whole, although part of it would have changed this student's items.
    Refused(usize),
}

/// Something that facts are about.
#[derive(Clone, Debug)]
pub struct Thing {
    /// What it is.
    pub kind: Kind,
    /// What is told about it, in this order.
    pub history: Vec<Fact>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The enrolment of a student in a course.
    Enrollment { student: usize, course: usize },
    /// An item of a student.
    Item { items: Items, student: usize, number: usize },
    /// A quiz or an assignment. It begins in the course of its own number.
    Task { items: Items, number: usize },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Items {
    Attempts,
    Submissions,
}

#[derive(Clone, Debug)]
pub enum Fact {
    /// An enrolment has this status, be it new, deleted or there.
    Status(&'static str),
    /// An enrolment is deleted.
    Unenrolled,
    /// An item belongs to this quiz or assignment, and has this score in hundredths, and is completed or graded
    /// at that one of the times of [`DONE`], if it is.
    Recorded { task: usize, score: Option<i64>, done: Option<usize> },
    /// An item's standing changes: `VOID`, `EXCUSE`, `DELETE` or `RESTORE`.
    Standing(&'static str),
    /// A quiz or an assignment is moved to this course.
    Moved { course: usize },
}

/// A case: up to 18 things, and the steps in any order.
pub fn case() -> impl Strategy<Value = Case> {
    vec(thing(), 8..=18).prop_map(without_doubles).prop_flat_map(|things| {
        let tellings = things
            .iter()
            .enumerate()
            .flat_map(|(thing, Thing { history, .. })| history.iter().map(move |_| Step::Tell(thing)))
            .collect::<Vec<Step>>();
        let between = vec(between(things.len()), 3..=8);
        let steps = between.prop_map(move |between| [tellings.clone(), between].concat()).prop_shuffle();
        (Just(things), steps).prop_map(|(things, steps)| Case { things, steps })
    })
}

fn between(things: usize) -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => Just(Step::Drain),
        1 => (0..things).prop_map(Step::Repeat),
        1 => (0..STUDENTS).prop_map(Step::Refused),
    ]
}

fn without_doubles(things: Vec<Thing>) -> Vec<Thing> {
    let mut different: Vec<Thing> = Vec::new();
    for thing in things {
        if different.iter().all(|other| other.kind != thing.kind) {
            different.push(thing);
        }
    }
    different
}

fn thing() -> impl Strategy<Value = Thing> {
    let enrollment =
        (0..STUDENTS, 0..COURSES).prop_map(|(student, course)| Kind::Enrollment { student, course });
    let items = || select(vec![Items::Attempts, Items::Submissions]);
    let item = (items(), 0..STUDENTS, 0..4_usize).prop_map(|(items, student, number)| Kind::Item {
        items,
        student,
        number,
    });
    let task = (items(), 0..TASKS).prop_map(|(items, number)| Kind::Task { items, number });
    prop_oneof![
        3 => thing_of(enrollment, status(), prop_oneof![3 => status(), 1 => Just(Fact::Unenrolled)]),
        8 => thing_of(item, recorded(), prop_oneof![recorded(), standing()]),
        1 => thing_of(task, moved(), moved()),
    ]
}

fn thing_of(
    kind: impl Strategy<Value = Kind>,
    first: impl Strategy<Value = Fact>,
    later: impl Strategy<Value = Fact>,
) -> impl Strategy<Value = Thing> {
    (kind, first, vec(later, 0..3)).prop_map(|(kind, first, later)| {
        let mut history = vec![first];
        history.extend(later);
        Thing { kind, history: possible(history) }
    })
}

/// What is deleted can be neither excused nor voided, so it is restored instead.
fn possible(mut history: Vec<Fact>) -> Vec<Fact> {
    let mut deleted = false;
    for fact in &mut history {
        match fact {
            Fact::Standing("DELETE") => deleted = true,
            Fact::Standing(change) if deleted => {
                *change = "RESTORE";
                deleted = false;
            }
            _ => deleted = false,
        }
    }
    history
}

fn status() -> impl Strategy<Value = Fact> {
    let statuses = vec!["ACTIVE", "ACTIVE", "COMPLETED", "DROPPED", "PAUSED", "PENDING", "SUSPENDED"];
    select(statuses).prop_map(Fact::Status)
}

fn recorded() -> impl Strategy<Value = Fact> {
    let score = prop_oneof![8 => (0..=99_999_i64).prop_map(Some), 1 => Just(Some(0)), 1 => Just(None)];
    (0..TASKS, score, prop::option::weighted(0.9, 0..DONE.len()))
        .prop_map(|(task, score, done)| Fact::Recorded { task, score, done })
}

fn standing() -> impl Strategy<Value = Fact> {
    select(vec!["VOID", "EXCUSE", "DELETE", "RESTORE"]).prop_map(Fact::Standing)
}

fn moved() -> impl Strategy<Value = Fact> {
    (0..COURSES).prop_map(|course| Fact::Moved { course })
}
