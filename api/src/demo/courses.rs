//! The courses, with their quizzes and assignments.

use super::named;
use super::pupils::Scale;
use crate::service::facts::{UpsertAssignment, UpsertCourse, UpsertQuiz};

/// A course of the school.
#[derive(Debug)]
pub struct Course {
    /// What its `sourcedId` and those of its parts end with.
    pub key: &'static str,
    title: &'static str,
    /// In the order in which they are sat.
    pub quizzes: [&'static str; 6],
    /// In the order in which they are due.
    pub assignments: [&'static str; 4],
    /// How its assignments are graded.
    pub grading: Scale,
    /// By how many days it runs behind the other courses; so not everything happens on one day.
    pub behind: i64,
}

/// All courses.
pub const COURSES: [Course; 8] = [
    Course {
        key: "biology",
        title: "Biology",
        quizzes: ["Cells", "Photosynthesis", "Genetics", "Ecosystems", "The heart", "Evolution"],
        assignments: ["Microscope report", "Pond survey", "A family tree of finches", "Field notebook"],
        grading: Scale::Points(40),
        behind: 0,
    },
    Course {
        key: "mathematics",
        title: "Mathematics",
        quizzes: ["Fractions", "Equations", "Triangles", "Functions", "Probability", "Vectors"],
        assignments: ["Measuring the school yard", "A fair game", "Proofs by picture", "Budget for a trip"],
        grading: Scale::Percentage,
        behind: 3,
    },
    Course {
        key: "history",
        title: "World history",
        quizzes: ["Rivers and cities", "Trade roads", "Printing", "Revolutions", "Steam", "The vote"],
        assignments: [
            "A letter from Carthage",
            "Map of the spice trade",
            "Two views of 1848",
            "An interview",
        ],
        grading: Scale::Points(25),
        behind: 1,
    },
    Course {
        key: "literature",
        title: "Literature",
        quizzes: ["Fables", "Metre", "The short story", "Narrators", "Tragedy", "Translation"],
        assignments: ["A fable of your own", "Sonnet", "Book review", "Scene for the stage"],
        grading: Scale::Percentage,
        behind: 4,
    },
    Course {
        key: "chemistry",
        title: "Chemistry",
        quizzes: ["Atoms", "The periodic table", "Bonds", "Acids and bases", "Reaction rates", "Carbon"],
        assignments: ["Crystal garden", "Red cabbage indicator", "Lab safety poster", "Rust diary"],
        grading: Scale::Points(30),
        behind: 2,
    },
    Course {
        key: "computing",
        title: "Computing",
        quizzes: ["Binary", "Loops", "Sorting", "Networks", "Databases", "Privacy"],
        assignments: ["Guessing game", "Maze solver", "Web page for a club", "Weather station"],
        grading: Scale::Points(50),
        behind: 0,
    },
    Course {
        key: "geography",
        title: "Geography",
        quizzes: ["Maps", "Rivers", "Climate zones", "Earthquakes", "Cities", "Oceans"],
        assignments: ["Walk with a map", "Rain gauge", "Portrait of a harbour", "Plan for a park"],
        grading: Scale::Percentage,
        behind: 3,
    },
    Course {
        key: "music",
        title: "Music",
        quizzes: ["Notation", "Intervals", "Rhythm", "Instruments", "Harmony", "Forms"],
        assignments: ["Listening diary", "Eight bars", "Build an instrument", "Class concert"],
        grading: Scale::Points(20),
        behind: 1,
    },
];

/// The `sourcedId` of a course.
pub fn course_id(course: &Course) -> String {
    format!("demo-course-{}", course.key)
}

/// The `sourcedId` of a course's quiz, by its place in the course.
pub fn quiz_id(course: &Course, place: usize) -> String {
    format!("demo-quiz-{}-{}", course.key, place + 1)
}

/// The `sourcedId` of a course's assignment, by its place in the course.
pub fn assignment_id(course: &Course, place: usize) -> String {
    format!("demo-assignment-{}-{}", course.key, place + 1)
}

/// The courses as facts.
pub fn courses() -> Vec<UpsertCourse> {
    let fact = |course| UpsertCourse {
        course: named(course_id(course)),
        title: Some(course.title.to_owned()),
        occurred_at: None,
    };
    COURSES.iter().map(fact).collect()
}

/// The quizzes of all courses as facts.
pub fn quizzes() -> Vec<UpsertQuiz> {
    let fact = |course, place, title: &str| UpsertQuiz {
        quiz: named(quiz_id(course, place)),
        course: Some(named(course_id(course))),
        title: Some(title.to_owned()),
        occurred_at: None,
    };
    let of = |course: &'static Course| {
        course.quizzes.iter().enumerate().map(move |(place, title)| fact(course, place, title))
    };
    COURSES.iter().flat_map(of).collect()
}

/// The assignments of all courses as facts.
pub fn assignments() -> Vec<UpsertAssignment> {
    let fact = |course, place, title: &str| UpsertAssignment {
        assignment: named(assignment_id(course, place)),
        course: Some(named(course_id(course))),
        title: Some(title.to_owned()),
        occurred_at: None,
    };
    let of = |course: &'static Course| {
        course.assignments.iter().enumerate().map(move |(place, title)| fact(course, place, title))
    };
    COURSES.iter().flat_map(of).collect()
}
