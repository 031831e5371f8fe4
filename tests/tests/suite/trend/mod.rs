//! Whether results are getting better or worse, by weighted least squares.

mod pupils;

use chrono::TimeDelta;
use serde_json::{Value, json};
use tests::app::start_of_time;
use tests::{Backend, TestApp, on_both_backends};

const TREND: &str =
    "direction slope { pointsPerWeek low high } since until itemCount weekCount firstAt lastAt";

/// How many students `expected.csv` has.
const PUPILS: u64 = 200;

/// The trend of a student, by the arguments of the field `trend`, such as `(window: 8)`.
async fn trend(app: &TestApp, student: &str, arguments: &str) -> Value {
    let query = format!(
        "query($id: String!) {{ studentProfile(sourcedId: $id) {{ trend{arguments} {{ {TREND} }} }} }}"
    );
    app.admin().data(&query, json!({ "id": student })).await["studentProfile"]["trend"].clone()
}

/// A school with one student and a quiz in each of two courses.
async fn school(backend: Backend) -> TestApp {
    let app = TestApp::start(backend).await;
    app.student("ada").await;
    for course in ["maths", "art"] {
        app.course(course).await;
        app.quiz(course, course).await;
        app.enroll("ada", course, "ACTIVE").await;
    }
    app
}

/// Ada's attempts in maths, so many hours ago and with these percentages.
async fn attempts(app: &TestApp, results: &[(i64, &str)]) {
    for (hours, percentage) in results {
        let at = start_of_time() - TimeDelta::hours(*hours);
        let input = json!({
            "student": { "sourcedId": "ada" },
            "sourcedId": format!("{hours} hours ago"),
            "quiz": { "sourcedId": "maths" },
            "completedAt": at.to_rfc3339(),
            "score": { "percentage": percentage },
        });
        app.write("recordQuizAttempt", input).await;
    }
}

const WEEK: i64 = 7 * 24;

/// Equal to six digits.
fn same(found: &Value, expected: &str) -> bool {
    let (found, expected) = (found.as_f64().unwrap(), expected.parse::<f64>().unwrap());
    (found - expected).abs() <= 1e-6 * expected.abs() + 1e-12
}

on_both_backends! {
    async fn two_hundred_students_have_the_slopes_of_statsmodels(backend) {
        let app = TestApp::start(backend).await;
        pupils::write(&app, PUPILS).await;
        let mut rows = csv::Reader::from_reader(include_str!("expected.csv").as_bytes());
        let mut compared = 0;
        for row in rows.records() {
            let row = row.unwrap();
            let student = row[0].parse().unwrap();
            let found = trend(&app, &pupils::name(student), "").await;
            let counts = [&found["itemCount"], &found["weekCount"], &found["direction"]].map(|it| {
                it.as_str().map_or_else(|| it.to_string(), str::to_owned)
            });
            assert_eq!(counts, [&row[1], &row[2], &row[3]], "student {student}");
            let slope = &found["slope"];
            assert_eq!(slope.is_null(), row[4].is_empty(), "student {student}");
            for (field, expected) in [("pointsPerWeek", &row[4]), ("low", &row[5]), ("high", &row[6])] {
                if !slope.is_null() {
                    assert!(same(&slope[field], expected), "student {student}: {field} of {found} is not {expected}");
                }
            }
            compared += 1;
        }
        assert_eq!(compared, PUPILS);
    }

    async fn a_direction_needs_five_items_in_three_weeks(backend) {
        let app = school(backend).await;
        let found = trend(&app, "ada", "").await;
        assert_eq!(found["direction"], "INSUFFICIENT_DATA");
        assert_eq!((&found["itemCount"], &found["firstAt"], &found["lastAt"]), (&json!(0), &Value::Null, &Value::Null));
        // Four items in four weeks, and then a fifth.
        attempts(&app, &[(1, "90"), (WEEK, "80"), (2 * WEEK, "70"), (3 * WEEK, "60")]).await;
        let found = trend(&app, "ada", "").await;
        assert_eq!((&found["direction"], &found["slope"]), (&json!("INSUFFICIENT_DATA"), &Value::Null));
        attempts(&app, &[(4 * WEEK, "50")]).await;
        let found = trend(&app, "ada", "").await;
        assert_eq!(found["direction"], "IMPROVING");
        assert_eq!((&found["itemCount"], &found["weekCount"]), (&json!(5), &json!(5)));
        assert_eq!(found["lastAt"], "2026-03-02T07:00:00+00:00");
        assert_eq!(found["firstAt"], "2026-02-02T08:00:00+00:00");

        // The clock stands in the first hours of a Monday: nine hours ago is the week before.
        let app = school(backend).await;
        attempts(&app, &[(1, "90"), (2, "88"), (3, "86"), (9, "80"), (10, "78"), (WEEK, "60")]).await;
        let found = trend(&app, "ada", "").await;
        assert_eq!((&found["direction"], &found["weekCount"]), (&json!("INSUFFICIENT_DATA"), &json!(2)));
    }

    async fn a_slope_counts_from_half_a_point_a_week(backend) {
        for (step, direction) in [
            (50, "IMPROVING"), (49, "STEADY"), (0, "STEADY"), (-49, "STEADY"), (-50, "DECLINING"),
        ] {
            let app = school(backend).await;
            let scores: Vec<(i64, String)> = (0..6)
                .map(|weeks| (weeks * WEEK, 8000 - step * weeks))
                .map(|(hours, hundredths)| (hours, format!("{}.{:02}", hundredths / 100, hundredths % 100)))
                .collect();
            let scores: Vec<(i64, &str)> = scores.iter().map(|(hours, score)| (*hours, score.as_str())).collect();
            attempts(&app, &scores).await;
            let found = trend(&app, "ada", "").await;
            assert_eq!(found["direction"], direction, "{step}: {found}");
            let width = found["slope"]["high"].as_f64().unwrap() - found["slope"]["low"].as_f64().unwrap();
            assert!(width.abs() < 1e-9, "a perfect line leaves nothing over: {found}");
        }
    }

    async fn only_what_counts_within_the_window_is_part_of_it(backend) {
        let app = school(backend).await;
        attempts(&app, &[(0, "90"), (WEEK, "80"), (2 * WEEK, "70"), (3 * WEEK, "60"), (4 * WEEK, "50")]).await;
        // After now, at the very beginning, and left out.
        attempts(&app, &[(-1, "10"), (8 * WEEK, "99"), (5 * WEEK, "1")]).await;
        let void = json!({
            "student": { "sourcedId": "ada" }, "attempt": { "sourcedId": "840 hours ago" }, "change": "VOID",
        });
        app.write("changeQuizAttemptStanding", void).await;
        let found = trend(&app, "ada", "").await;
        assert_eq!((&found["itemCount"], &found["direction"]), (&json!(5), &json!("IMPROVING")));
        assert!(same(&found["slope"]["pointsPerWeek"], "10"), "{found}");
        assert_eq!(found["since"], "2026-01-05T08:00:00+00:00");
        assert_eq!(found["until"], "2026-03-02T08:00:00+00:00");
        assert_eq!(trend(&app, "ada", "(window: 9)").await["itemCount"], 6);
        assert_eq!(trend(&app, "ada", "(window: 4)").await["itemCount"], 4);
        // An hour later, the attempt of then is of now.
        app.advance(TimeDelta::hours(1));
        assert_eq!(trend(&app, "ada", "").await["itemCount"], 6);
        app.enroll("ada", "maths", "DROPPED").await;
        assert_eq!(trend(&app, "ada", "").await["itemCount"], 0);
    }

    async fn it_can_be_of_one_course(backend) {
        let app = school(backend).await;
        attempts(&app, &[(0, "90"), (WEEK, "80"), (2 * WEEK, "70"), (3 * WEEK, "60"), (4 * WEEK, "50")]).await;
        app.attempt("ada", "art", "art", "20").await;
        let query = "query($id: String!) { studentProfile(sourcedId: $id) { trend { itemCount }
            student { id } enrollments { course { id } trend(window: 5) { itemCount items { nodes { title } } } } } }";
        let profile = &app.admin().data(query, json!({ "id": "ada" })).await["studentProfile"];
        assert_eq!(profile["trend"]["itemCount"], 6);
        let by_course = "query($student: ID!, $course: ID!) { trend(studentId: $student, courseId: $course) { itemCount } }";
        let mut courses = Vec::new();
        for part in profile["enrollments"].as_array().unwrap() {
            let variables = json!({ "student": profile["student"]["id"], "course": part["course"]["id"] });
            let one = app.admin().data(by_course, variables).await;
            assert_eq!(one["trend"]["itemCount"], part["trend"]["itemCount"]);
            let trend = &part["trend"];
            courses.push(format!("{} {}", trend["itemCount"], trend["items"]["nodes"][0]["title"]));
        }
        courses.sort();
        assert_eq!(courses, ["1 \"Quiz art\"", "5 \"Quiz maths\""]);
    }

    async fn a_window_has_one_to_fifty_two_weeks(backend) {
        let app = school(backend).await;
        for window in [0, 53, -1, 300] {
            let query = format!("{{ studentProfile(sourcedId: \"ada\") {{ trend(window: {window}) {{ direction }} }} }}");
            let error = app.admin().error(&query, json!({})).await;
            assert_eq!((error.code.as_str(), error.field.as_deref()), ("BAD_USER_INPUT", Some("window")));
        }
        for window in [1, 52] {
            let found = trend(&app, "ada", &format!("(window: {window})")).await;
            assert_eq!(found["direction"], "INSUFFICIENT_DATA");
        }
    }
}
