//! Worked cases: facts in, numbers out, each figure worked out by hand or taken from where the rule comes from.

use serde_json::{Value, json};
use tests::{TestApp, on_both_backends};

/// One student with the same facts as nobody else: steps of facts, each with the numbers after it.
struct Case {
    name: &'static str,
    steps: &'static [(&'static [Fact], &'static str)],
}

/// A fact about the student of a case. Scores are percentages, or points such as `1/3`.
enum Fact {
    /// So many attempts at the quiz of a course, all with one score.
    Quizzes(&'static str, &'static str, usize),
    /// So many graded submissions in a course, all with one score.
    Assignments(&'static str, &'static str, usize),
    /// An attempt that later steps name again.
    Attempt(&'static str, &'static str),
    /// A submission that nobody has graded, although a score is shown.
    Provisional(&'static str),
    /// A change of an attempt's standing.
    Standing(&'static str, &'static str),
    /// The status of the enrolment in a course.
    Status(&'static str, &'static str),
}
use Fact::{Assignments, Attempt, Provisional, Quizzes, Standing, Status};

const THREE_COURSES: &[Fact] = &[Quizzes("a", "80", 3), Quizzes("b", "90", 2), Quizzes("c", "85", 5)];
const TWO_COURSES: &[Fact] = &[Assignments("a", "75", 5), Assignments("b", "88", 3)];
const A_WEEK: &[Fact] = &[Quizzes("a", "85", 1), Quizzes("a", "90", 1), Quizzes("a", "88", 1)];
const FIRST: &str = "first";
const SECOND: &str = "second";

const CASES: &[Case] = &[
    Case {
        name: "quizzes of three courses: each item has the same weight, not each course",
        steps: &[(THREE_COURSES, "10 at 84.50, 0 at -, all at 84.50")],
    },
    Case {
        name: "assignments of two courses: 79.875 is rounded half up",
        steps: &[(TWO_COURSES, "0 at -, 8 at 79.88, all at 79.88")],
    },
    Case {
        name: "both: 1484 / 18, neither the mean of the averages (82.19) nor from rounded ones (82.45)",
        steps: &[
            (THREE_COURSES, "10 at 84.50, 0 at -, all at 84.50"),
            (TWO_COURSES, "10 at 84.50, 8 at 79.88, all at 82.44"),
        ],
    },
    Case {
        name: "a week's quizzes, and then its assignments",
        steps: &[
            (A_WEEK, "3 at 87.67, 0 at -, all at 87.67"),
            (&[Assignments("b", "92", 1), Assignments("b", "88", 1)], "3 at 87.67, 2 at 90.00, all at 88.60"),
        ],
    },
    Case {
        name: "nothing counted is null and not zero; with quizzes alone, the overall average is theirs",
        steps: &[
            (&[], "0 at -, 0 at -, all at -"),
            (&[Quizzes("a", "70.5", 2)], "2 at 70.50, 0 at -, all at 70.50"),
        ],
    },
    Case {
        name: "with assignments alone, the overall average is theirs",
        steps: &[(&[Assignments("c", "64.25", 2)], "0 at -, 2 at 64.25, all at 64.25")],
    },
    Case {
        name: "a true zero counts, and is not null",
        steps: &[(&[Quizzes("a", "0", 1)], "1 at 0.00, 0 at -, all at 0.00")],
    },
    Case {
        name: "a voided item counts for nothing until it is restored",
        steps: &[
            (&[Attempt(FIRST, "2/5"), Attempt(SECOND, "4/5")], "2 at 60.00, 0 at -, all at 60.00"),
            (&[Standing(SECOND, "VOID")], "1 at 40.00, 0 at -, all at 40.00"),
            (&[Standing(SECOND, "RESTORE")], "2 at 60.00, 0 at -, all at 60.00"),
        ],
    },
    Case {
        name: "a submission that awaits grading does not count, whatever score it shows",
        steps: &[(
            &[Provisional("25/50"), Assignments("a", "50/50", 1)],
            "0 at -, 1 at 100.00, all at 100.00",
        )],
    },
    Case {
        name: "extra credit is not cut off",
        steps: &[(&[Quizzes("a", "11/10", 1)], "1 at 110.00, 0 at -, all at 110.00")],
    },
    Case {
        name: "a rescored item counts once, with its new score",
        steps: &[
            (
                &[Attempt(FIRST, "40"), Quizzes("a", "80", 1), Quizzes("b", "90", 1)],
                "3 at 70.00, 0 at -, all at 70.00",
            ),
            (&[Attempt(FIRST, "95")], "3 at 88.33, 0 at -, all at 88.33"),
        ],
    },
    Case {
        name: "an average does not drift: a running mean kept at two decimals ends at 72.04",
        steps: &[
            (&[Quizzes("a", "33.33", 1)], "1 at 33.33, 0 at -, all at 33.33"),
            (&[Quizzes("a", "33.33", 1)], "2 at 33.33, 0 at -, all at 33.33"),
            (&[Quizzes("a", "91.67", 1)], "3 at 52.78, 0 at -, all at 52.78"),
            (&[Quizzes("a", "100", 1)], "4 at 64.58, 0 at -, all at 64.58"),
            (&[Quizzes("a", "91.67", 1)], "5 at 70.00, 0 at -, all at 70.00"),
            (&[Quizzes("a", "87.5", 1)], "6 at 72.92, 0 at -, all at 72.92"),
            (&[Quizzes("a", "66.67", 1)], "7 at 72.02, 0 at -, all at 72.02"),
        ],
    },
    Case {
        name: "the items of a dropped enrolment leave both averages and counts, and come back with it",
        steps: &[
            (
                &[
                    Quizzes("a", "60", 2),
                    Assignments("a", "50", 1),
                    Quizzes("b", "90", 1),
                    Assignments("b", "80", 2),
                ],
                "3 at 70.00, 3 at 70.00, all at 70.00",
            ),
            (&[Status("a", "DROPPED")], "1 at 90.00, 2 at 80.00, all at 83.33"),
            (&[Status("a", "ACTIVE")], "3 at 70.00, 3 at 70.00, all at 70.00"),
        ],
    },
    Case {
        name: "points become percentages of two decimals one by one, and then their average is exact",
        steps: &[
            (&[Quizzes("a", "1/3", 1)], "1 at 33.33, 0 at -, all at 33.33"),
            (&[Quizzes("a", "2/3", 1)], "2 at 50.00, 0 at -, all at 50.00"),
        ],
    },
];

fn score(text: &str) -> Value {
    match text.split_once('/') {
        Some((earned, possible)) => json!({ "points": { "earned": earned, "possible": possible } }),
        None => json!({ "percentage": text }),
    }
}

fn attempt(student: &str, attempt: &str, course: &str, of: &str) -> Value {
    json!({
        "student": { "sourcedId": student },
        "sourcedId": attempt,
        "quiz": { "sourcedId": format!("quiz-{course}") },
        "completedAt": "2026-03-01T10:00:00Z",
        "score": score(of),
    })
}

fn submission(student: &str, submission: &str, course: &str, of: &str, graded_at: Option<&str>) -> Value {
    json!({
        "student": { "sourcedId": student },
        "sourcedId": submission,
        "assignment": { "sourcedId": format!("task-{course}") },
        "gradedAt": graded_at,
        "score": score(of),
    })
}

/// Writes a fact about `student`. `step` makes the ids of items that nobody names differ.
async fn write(app: &TestApp, student: &str, step: &str, fact: &Fact) {
    match *fact {
        Quizzes(course, score, count) => {
            let item = |n| attempt(student, &format!("{step}-{n}"), course, score);
            let items: Vec<Value> = (0..count).map(item).collect();
            app.write_all("recordQuizAttempt", &items, false).await;
        }
        Assignments(course, score, count) => {
            let graded_at = Some("2026-03-01T12:00:00Z");
            let item = |n| submission(student, &format!("{step}-{n}"), course, score, graded_at);
            let items: Vec<Value> = (0..count).map(item).collect();
            app.write_all("recordSubmission", &items, false).await;
        }
        Attempt(name, score) => {
            app.write("recordQuizAttempt", attempt(student, name, "a", score)).await;
        }
        Provisional(score) => {
            app.write("recordSubmission", submission(student, step, "a", score, None)).await;
        }
        Standing(name, change) => {
            let input = json!({
                "student": { "sourcedId": student }, "attempt": { "sourcedId": name }, "change": change,
            });
            app.write("changeQuizAttemptStanding", input).await;
        }
        Status(course, status) => {
            app.enroll(student, course, status).await;
        }
    }
}

/// A server with three courses, each with a quiz and an assignment.
async fn school(backend: tests::Backend) -> TestApp {
    let app = TestApp::start(backend).await;
    for course in ["a", "b", "c"] {
        app.course(course).await;
        app.quiz(&format!("quiz-{course}"), course).await;
        app.assignment(&format!("task-{course}"), course).await;
    }
    app
}

/// A new student, enrolled in all three courses.
async fn enrolled(app: &TestApp, student: &str) {
    app.student(student).await;
    for course in ["a", "b", "c"] {
        app.enroll(student, course, "ACTIVE").await;
    }
}

on_both_backends! {
    /// Every case of the table, each for a student of its own, before and after all numbers are rebuilt.
    async fn facts_give_the_numbers_that_were_worked_out_for_them(backend) {
        let app = school(backend).await;
        for (at, case) in CASES.iter().enumerate() {
            let student = format!("student-{at}");
            enrolled(&app, &student).await;
            for (step, (facts, expected)) in case.steps.iter().enumerate() {
                for (fact, of) in facts.iter().enumerate() {
                    write(&app, &student, &format!("{step}-{fact}"), of).await;
                }
                let profile = app.settled_profile(&student).await;
                assert_eq!(profile.to_string(), *expected, "{}, step {step}", case.name);
            }
        }
        app.assert_parts_add_up().await;
        let before = app.all_numbers().await;
        app.rebuild().await;
        assert_eq!(app.all_numbers().await, before);
    }

    /// The score of an item is rounded once on the way in, and shown as it is kept.
    async fn points_are_kept_as_a_percentage_of_two_decimals(backend) {
        let app = school(backend).await;
        enrolled(&app, "ada").await;
        for (points, percentage) in [("1/3", "33.33"), ("2/3", "66.67"), ("11/10", "110.00")] {
            let kept = app
                .service()
                .mutate(
                    "recordQuizAttempt",
                    "RecordQuizAttemptInput",
                    attempt("ada", points, "a", points),
                    "fact { score }",
                )
                .await;
            assert_eq!(kept["fact"]["score"], percentage, "{points}");
        }
    }
}
