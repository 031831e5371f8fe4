//! What counts for a student week by week.

use chrono::TimeDelta;
use entity::job::BACKFILL_PRIORITY;
use entity::school;
use serde_json::json;
use tests::past::{WEEK, week_text};
use tests::{Backend, TestApp, on_both_backends};
use worker::rezoning;

/// Ada takes maths and art, each of which has a quiz and an essay.
async fn school(backend: Backend) -> TestApp {
    let app = TestApp::start(backend).await;
    app.student("ada").await;
    for course in ["maths", "art"] {
        app.course(course).await;
        app.quiz(&format!("{course}-quiz"), course).await;
        app.assignment(&format!("{course}-essay"), course).await;
        app.enroll("ada", course, "ACTIVE").await;
    }
    app
}

/// Ada's attempt `name` at the quiz of `course`.
async fn attempt(app: &TestApp, name: &str, course: &str, completed_at: &str, percentage: &str) {
    let input = json!({
        "student": { "sourcedId": "ada" }, "sourcedId": name, "quiz": { "sourcedId": format!("{course}-quiz") },
        "completedAt": completed_at, "score": { "percentage": percentage },
    });
    app.write("recordQuizAttempt", input).await;
}

/// Ada's submission `name` to the essay of `course`.
async fn submission(app: &TestApp, name: &str, course: &str, graded_at: &str, percentage: &str) {
    let input = json!({
        "student": { "sourcedId": "ada" }, "sourcedId": name,
        "assignment": { "sourcedId": format!("{course}-essay") }, "submittedAt": "2026-01-01T10:00:00Z",
        "gradedAt": graded_at, "score": { "percentage": percentage },
    });
    app.write("recordSubmission", input).await;
}

async fn move_to(app: &TestApp, zone: &str) -> bool {
    school::move_to(app.db(), zone.parse().expect("a time zone")).await.expect("the school moves")
}

/// Runs all jobs, and returns those of ada's weeks in which anything counts.
async fn settled(app: &TestApp) -> Vec<String> {
    app.drain().await;
    app.assert_parts_add_up().await;
    app.counted_weeks("ada", "").await
}

on_both_backends! {
    async fn the_quizzes_and_assignments_of_a_week_are_averaged_together(backend) {
        let app = school(backend).await;
        attempt(&app, "a1", "maths", "2026-02-23T00:00:00Z", "85").await;
        attempt(&app, "a2", "art", "2026-02-25T10:00:00Z", "90").await;
        attempt(&app, "a3", "maths", "2026-03-01T23:59:59.999999Z", "88").await;
        assert_eq!(settled(&app).await, ["2026-W09: 3 at 87.67, 0 at -, all at 87.67"]);
        submission(&app, "s1", "maths", "2026-02-24T10:00:00Z", "92").await;
        submission(&app, "s2", "art", "2026-02-28T10:00:00Z", "88").await;
        assert_eq!(settled(&app).await, ["2026-W09: 3 at 87.67, 2 at 90.00, all at 88.60"]);
    }

    async fn a_week_belongs_to_the_year_of_its_thursday(backend) {
        let app = school(backend).await;
        attempt(&app, "a1", "maths", "2021-01-01T10:00:00Z", "85").await;
        submission(&app, "s1", "maths", "2024-12-30T10:00:00Z", "70").await;
        app.drain().await;
        let weeks = app.counted_weeks("ada", "(from: \"2021-01-01\", to: \"2024-12-30\")").await;
        assert_eq!(weeks, ["2020-W53: 1 at 85.00, 0 at -, all at 85.00", "2025-W01: 0 at -, 1 at 70.00, all at 70.00"]);
    }

    async fn a_submission_lies_in_the_week_in_which_it_was_graded(backend) {
        let app = school(backend).await;
        let ungraded = json!({
            "student": { "sourcedId": "ada" }, "sourcedId": "s1", "assignment": { "sourcedId": "maths-essay" },
            "submittedAt": "2026-02-10T10:00:00Z", "score": { "percentage": "70" },
        });
        app.write("recordSubmission", ungraded).await;
        assert_eq!(settled(&app).await, Vec::<String>::new());
        submission(&app, "s1", "maths", "2026-02-20T10:00:00Z", "70").await;
        assert_eq!(settled(&app).await, ["2026-W08: 0 at -, 1 at 70.00, all at 70.00"]);
    }

    async fn whatever_moves_an_item_moves_its_week(backend) {
        let app = school(backend).await;
        attempt(&app, "a1", "maths", "2026-02-04T10:00:00Z", "80").await;
        attempt(&app, "a2", "maths", "2026-02-11T10:00:00Z", "60").await;
        let (w06, w07) = ("2026-W06: 1 at 80.00, 0 at -, all at 80.00", "2026-W07: 1 at 60.00, 0 at -, all at 60.00");
        assert_eq!(settled(&app).await, [w06, w07]);

        // Its date, and nothing else: the five numbers stay.
        attempt(&app, "a2", "maths", "2026-02-05T10:00:00Z", "60").await;
        assert_eq!(settled(&app).await, ["2026-W06: 2 at 70.00, 0 at -, all at 70.00"]);
        attempt(&app, "a2", "maths", "2026-02-11T10:00:00Z", "60").await;
        assert_eq!(settled(&app).await, [w06, w07]);

        attempt(&app, "a1", "maths", "2026-02-04T10:00:00Z", "81.5").await;
        assert_eq!(settled(&app).await, ["2026-W06: 1 at 81.50, 0 at -, all at 81.50", w07]);

        for (change, there) in [("VOID", false), ("RESTORE", true), ("EXCUSE", false), ("RESTORE", true), ("DELETE", false)] {
            let input = json!({
                "student": { "sourcedId": "ada" }, "attempt": { "sourcedId": "a1" }, "change": change,
            });
            app.write("changeQuizAttemptStanding", input).await;
            assert_eq!(settled(&app).await.len(), 1 + usize::from(there), "{change}");
        }
        for (status, there) in [("DROPPED", 0), ("ACTIVE", 1), ("PAUSED", 0), ("COMPLETED", 1)] {
            app.enroll("ada", "maths", status).await;
            assert_eq!(settled(&app).await.len(), there, "{status}");
        }
        let enrollment = json!({ "student": { "sourcedId": "ada" }, "enrollment": { "sourcedId": "ada-maths" } });
        app.write("deleteEnrollment", enrollment).await;
        assert_eq!(settled(&app).await, Vec::<String>::new());
        app.enroll("ada", "maths", "ACTIVE").await;
        assert_eq!(settled(&app).await, [w07]);
    }

    async fn the_weeks_of_a_course_are_those_of_its_items(backend) {
        let app = school(backend).await;
        attempt(&app, "a1", "maths", "2026-02-04T10:00:00Z", "80").await;
        attempt(&app, "a2", "art", "2026-02-04T10:00:00Z", "60").await;
        app.drain().await;
        let of = async |course: &str| {
            let id = app.course_id(course).await;
            app.counted_weeks("ada", &format!("(courseId: \"{id}\")")).await
        };
        assert_eq!(of("maths").await, ["2026-W06: 1 at 80.00, 0 at -, all at 80.00"]);
        assert_eq!(of("art").await, ["2026-W06: 1 at 60.00, 0 at -, all at 60.00"]);
        app.quiz("art-quiz", "maths").await;
        assert_eq!(settled(&app).await, ["2026-W06: 2 at 70.00, 0 at -, all at 70.00"]);
        assert_eq!(of("maths").await, ["2026-W06: 2 at 70.00, 0 at -, all at 70.00"]);
        assert_eq!(of("art").await, Vec::<String>::new());
    }

    async fn weeks_without_items_are_there_and_empty(backend) {
        let app = school(backend).await;
        assert_eq!(app.weeks("ada", "").await, Vec::<String>::new());
        let nothing = |week| format!("{week}: 0 at -, 0 at -, all at -");
        let asked = app.weeks("ada", "(from: \"2026-02-15\", to: \"2026-02-16\")").await;
        assert_eq!(asked, [nothing("2026-W07"), nothing("2026-W08")]);

        // A true zero is none of them.
        attempt(&app, "a1", "maths", "2026-02-10T10:00:00Z", "0").await;
        app.drain().await;
        let until_today = [
            "2026-W07: 1 at 0.00, 0 at -, all at 0.00".to_owned(),
            nothing("2026-W08"),
            nothing("2026-W09"),
            nothing("2026-W10"),
        ];
        assert_eq!(app.weeks("ada", "").await, until_today);
        // What lies ahead is shown, too.
        attempt(&app, "a2", "maths", "2026-03-10T10:00:00Z", "50").await;
        app.drain().await;
        assert_eq!(app.weeks("ada", "").await.last().map(String::as_str), Some("2026-W11: 1 at 50.00, 0 at -, all at 50.00"));
    }

    async fn both_ways_to_the_weeks_lead_to_the_same(backend) {
        let app = school(backend).await;
        attempt(&app, "a1", "maths", "2026-02-10T10:00:00Z", "75").await;
        app.drain().await;
        let query = format!("query($id: ID!) {{ weeklyPerformance(studentId: $id) {{ {WEEK} }} }}");
        let data = app.admin().data(&query, json!({ "id": app.student_id("ada").await.to_string() })).await;
        let weeks = data["weeklyPerformance"].as_array().expect("weeks");
        assert_eq!(weeks.iter().map(week_text).collect::<Vec<_>>(), app.weeks("ada", "").await);
        assert_eq!(weeks[0]["monday"], "2026-02-09");
        assert_eq!(weeks[0]["itemsCompleted"], 1);
    }

    async fn too_many_weeks_are_refused_and_five_years_are_not(backend) {
        let app = school(backend).await;
        let weeks = "(from: \"2021-03-15\", to: \"2026-03-02\")";
        assert_eq!(app.weeks("ada", weeks).await.len(), 260);
        let refused = async |arguments: &str| {
            let query = format!("query($s: String!) {{ studentProfile(sourcedId: $s) {{ weeklyPerformance({arguments}) {{ week }} }} }}");
            let error = app.admin().error(&query, json!({ "s": "ada" })).await;
            (error.code, error.field.unwrap_or_default())
        };
        let told = |code: &str, field: &str| (code.to_owned(), field.to_owned());
        assert_eq!(refused("from: \"2021-03-14\", to: \"2026-03-02\"").await, told("LIMIT_EXCEEDED", "from"));
        assert_eq!(refused("from: \"2026-03-02\", to: \"2026-03-01\"").await, told("BAD_USER_INPUT", "to"));
        assert_eq!(refused("from: \"2026-02-30\"").await, told("BAD_USER_INPUT", "from"));
        assert_eq!(refused("to: \"12026-02-30\"").await, told("BAD_USER_INPUT", "to"));
        assert_eq!(refused("courseId: \"maths\"").await, told("BAD_USER_INPUT", "courseId"));
        // Unless a first day is given, the weeks begin where five years end.
        attempt(&app, "a1", "maths", "2014-02-10T10:00:00Z", "75").await;
        app.drain().await;
        let weeks = app.weeks("ada", "").await;
        assert_eq!((weeks.len(), weeks[259].split(':').next()), (260, Some("2026-W10")));
    }

    async fn weeks_begin_at_midnight_of_the_schools_monday(backend) {
        let app = school(backend).await;
        // Summer time began in Lisbon on the Sunday of week 13, so that its Monday midnight is at 23:00 UTC.
        attempt(&app, "a1", "maths", "2026-03-22T23:30:00Z", "60").await;
        attempt(&app, "a2", "maths", "2026-03-29T22:59:59.999999Z", "80").await;
        attempt(&app, "a3", "maths", "2026-03-29T23:00:00Z", "90").await;
        assert_eq!(settled(&app).await, [
            "2026-W12: 1 at 60.00, 0 at -, all at 60.00",
            "2026-W13: 2 at 85.00, 0 at -, all at 85.00",
        ]);
        app.student("bo").await;
        let before = app.settled_profile("ada").await;

        assert!(move_to(&app, "Europe/Lisbon").await);
        assert!(!move_to(&app, "Europe/Lisbon").await, "it is there already");
        app.advance(TimeDelta::minutes(1));
        assert_eq!(rezoning::enqueue_due(app.db(), &*app.clock).await.expect("jobs are enqueued"), 2);
        assert_eq!(rezoning::enqueue_due(app.db(), &*app.clock).await.expect("nothing is left to do"), 0);
        let waiting = app.jobs().await.into_iter().filter(|job| job.state == entity::job::State::Available);
        assert!(waiting.into_iter().all(|job| job.priority == BACKFILL_PRIORITY), "live changes come first");
        assert_eq!(settled(&app).await, [
            "2026-W12: 1 at 60.00, 0 at -, all at 60.00",
            "2026-W13: 1 at 80.00, 0 at -, all at 80.00",
            "2026-W14: 1 at 90.00, 0 at -, all at 90.00",
        ]);
        assert_eq!(app.profile("ada").await.numbers(), before.numbers());
        assert_eq!(app.snapshots("ada", "").await.len(), 1, "no number has changed");

        // West of Greenwich, Monday begins later.
        assert!(move_to(&app, "America/New_York").await);
        rezoning::enqueue_due(app.db(), &*app.clock).await.expect("jobs are enqueued");
        assert_eq!(settled(&app).await, [
            "2026-W12: 1 at 60.00, 0 at -, all at 60.00",
            "2026-W13: 2 at 85.00, 0 at -, all at 85.00",
        ]);
    }

    /// Whoever is recalculated before the sweep comes round has the weeks of the new zone.
    async fn a_recalculation_goes_by_the_time_zone_that_the_school_has_now(backend) {
        let app = school(backend).await;
        attempt(&app, "a1", "maths", "2026-03-29T23:30:00Z", "90").await;
        assert!(move_to(&app, "Europe/Lisbon").await);
        assert_eq!(settled(&app).await, ["2026-W14: 1 at 90.00, 0 at -, all at 90.00"]);
    }

    async fn a_merged_student_has_the_weeks_of_both(backend) {
        let app = school(backend).await;
        attempt(&app, "a1", "maths", "2026-02-04T10:00:00Z", "80").await;
        app.student("ada-again").await;
        app.enroll("ada-again", "maths", "ACTIVE").await;
        app.attempt("ada-again", "b1", "maths-quiz", "60").await;
        app.drain().await;
        let call = "mutation { mergeStudents(from: { sourcedId: \"ada-again\" }, into: { sourcedId: \"ada\" }) { sourcedId } }";
        app.service().data(call, json!({})).await;
        assert_eq!(settled(&app).await, [
            "2026-W06: 1 at 80.00, 0 at -, all at 80.00",
            "2026-W09: 1 at 60.00, 0 at -, all at 60.00",
        ]);
        app.service().data("mutation { deleteStudent(student: { sourcedId: \"ada\" }) { deletedId } }", json!({})).await;
        assert_eq!(app.all_weeks().await, []);
    }
}

/// A program that was told a time zone tells the others by the database.
#[tokio::test]
async fn the_time_zone_is_set_when_the_program_starts() {
    let api = tests::binary::TallyApi::new();
    let migrate =
        async |env: &[(&str, &str)]| api.run(&["migrate", "--database-url", "sqlite:tally.db"], env).await;
    let zone = async || {
        let url = format!("sqlite:{}", api.folder().join("tally.db").display());
        let db = entity::database::Database::connect(&url, 2).await.expect("the database opens");
        school::Model::read(db.reader()).await.expect("the school").time_zone
    };
    assert_eq!(migrate(&[]).await.code, Some(0));
    assert_eq!(zone().await, "UTC");
    assert_eq!(migrate(&[("TALLY_TIME_ZONE", "Europe/Lisbon")]).await.code, Some(0));
    assert_eq!(zone().await, "Europe/Lisbon");
    assert_eq!(migrate(&[("TALLY_TIME_ZONE", "")]).await.code, Some(0));
    assert_eq!(zone().await, "Europe/Lisbon", "a start that is told nothing changes nothing");
    let ended = migrate(&[("TALLY_TIME_ZONE", "Lisbon")]).await;
    assert_eq!(ended.code, Some(2));
    assert!(
        ended.stderr.contains("--time-zone") && ended.stderr.contains("Europe/Lisbon"),
        "{}",
        ended.stderr
    );
}
