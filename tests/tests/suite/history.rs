//! The history of a student's numbers.

use chrono::{DateTime, TimeDelta, Utc};
use entity::clock::Clock as _;
use entity::performance_snapshot;
use entity::school;
use entity::sea_orm::{ConnectionTrait as _, EntityTrait as _, PaginatorTrait as _};
use serde_json::{Value, json};
use tests::past::{SNAPSHOT, snapshot_text};
use tests::{Backend, TestApp, on_both_backends};
use worker::history::{Retention, thin};
use worker::rezoning;

/// Ada takes maths, which has a quiz and an essay, and nothing counts yet.
async fn school(backend: Backend) -> TestApp {
    let app = TestApp::start(backend).await;
    app.student("ada").await;
    app.course("maths").await;
    app.quiz("quiz", "maths").await;
    app.assignment("essay", "maths").await;
    app.enroll("ada", "maths", "ACTIVE").await;
    app.drain().await;
    app
}

/// Has ada's one attempt rescored at each of these times, to 1 %, 2 % and so on.
async fn changed_at(app: &TestApp, times: &[&str]) {
    for (at, percentage) in times.iter().zip(1..) {
        app.clock.set(at.parse().expect("a time"));
        app.attempt("ada", "a", "quiz", &percentage.to_string()).await;
        app.drain().await;
    }
}

/// When each snapshot of a page of ada's history was taken, to the minute.
async fn times(app: &TestApp, arguments: &str) -> Vec<String> {
    let snapshots = app.snapshots("ada", arguments).await;
    snapshots.iter().map(|it| it["takenAt"].as_str().unwrap_or_default()[..16].to_owned()).collect()
}

/// The first days of the periods of a page of ada's history, with the quiz average at their ends.
async fn periods(app: &TestApp, arguments: &str) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let snapshots = app.snapshots("ada", arguments).await;
    snapshots
        .iter()
        .map(|it| format!("{} {}", text(&it["period"]), text(&it["overallQuizAverageScore"])))
        .collect()
}

async fn all_snapshots(app: &TestApp) -> u64 {
    performance_snapshot::Entity::find().count(app.db().reader()).await.expect("snapshots are counted")
}

/// The times of a fortnight at the turn of a year, with several changes on some days.
const TURN_OF_THE_YEAR: [&str; 8] = [
    "2026-12-24T08:00:00Z",
    "2026-12-24T09:00:00Z",
    "2026-12-28T10:00:00Z",
    "2026-12-31T11:00:00Z",
    "2026-12-31T23:59:59Z",
    "2027-01-01T00:00:00Z",
    "2027-01-03T12:00:00Z",
    "2027-01-04T13:00:00Z",
];

on_both_backends! {
    async fn every_change_that_was_seen_is_in_the_history_and_nothing_else(backend) {
        let app = school(backend).await;
        let mut seen = Vec::new();
        let profile = "query { studentProfile(sourcedId: \"ada\") { version lastPerformanceUpdate } }";
        for (facts, changes) in [
            (vec![], false),
            (vec![("q1", "80")], true),
            (vec![("q2", "60")], true),
            // The averages stay, although the scores do not.
            (vec![("q1", "60"), ("q2", "80")], false),
            (vec![("q3", "70")], true),
            (vec![("q3", "70")], false),
        ] {
            app.advance(TimeDelta::hours(1));
            for (attempt, score) in facts {
                app.attempt("ada", attempt, "quiz", score).await;
            }
            let now = app.settled_profile("ada").await;
            if changes {
                let marks = app.admin().data(profile, json!({})).await["studentProfile"].clone();
                seen.push((now.to_string(), marks["version"].clone(), marks["lastPerformanceUpdate"].clone()));
            }
        }
        app.enroll("ada", "maths", "DROPPED").await;
        app.drain().await;
        let told = app.snapshots("ada", "").await;
        let last = told.last().expect("a snapshot");
        assert_eq!(snapshot_text(last), "0 at -, 0 at -, all at -");
        let told: Vec<_> = told[..told.len() - 1]
            .iter()
            .map(|it| (snapshot_text(it), it["version"].clone(), it["takenAt"].clone()))
            .collect();
        assert_eq!(told, seen);
    }

    async fn a_snapshot_tells_whether_facts_had_changed(backend) {
        let app = school(backend).await;
        app.attempt("ada", "a", "quiz", "80").await;
        app.drain().await;
        let by_hand = "UPDATE student_profile SET total_quizzes_completed = 7";
        app.db().writer().execute_unprepared(by_hand).await.expect("a change by hand");
        // Nobody is told a fact, and yet everybody is recalculated.
        school::move_to(app.db(), "Europe/Lisbon".parse().expect("a time zone")).await.expect("the school moves");
        rezoning::enqueue_due(app.db(), &*app.clock).await.expect("jobs are enqueued");
        app.drain().await;
        let causes: Vec<_> = app.snapshots("ada", "").await.iter().map(|it| it["cause"].clone()).collect();
        assert_eq!(causes, ["FACTS_CHANGED", "REBUILT"]);
        assert_eq!(app.history("ada", "").await[1], "1 at 80.00, 0 at -, all at 80.00");
    }

    async fn a_history_can_be_told_by_day_week_and_month(backend) {
        let app = school(backend).await;
        changed_at(&app, &TURN_OF_THE_YEAR).await;
        assert_eq!(times(&app, "(every: EVENT)").await, TURN_OF_THE_YEAR.map(|time| &time[..16]));
        assert_eq!(periods(&app, "(every: DAY)").await, [
            "2026-12-24 2.00",
            "2026-12-28 3.00",
            "2026-12-31 5.00",
            "2027-01-01 6.00",
            "2027-01-03 7.00",
            "2027-01-04 8.00",
        ]);
        assert_eq!(periods(&app, "(every: WEEK)").await, ["2026-12-21 2.00", "2026-12-28 7.00", "2027-01-04 8.00"]);
        assert_eq!(periods(&app, "(every: MONTH)").await, ["2026-12-01 5.00", "2027-01-01 8.00"]);
        // In New York, the new year begins five hours later.
        school::move_to(app.db(), "America/New_York".parse().expect("a time zone")).await.expect("the school moves");
        assert_eq!(periods(&app, "(every: MONTH)").await, ["2026-12-01 6.00", "2027-01-01 8.00"]);
    }

    async fn a_history_comes_in_pages_and_within_bounds(backend) {
        let app = school(backend).await;
        changed_at(&app, &TURN_OF_THE_YEAR).await;
        for every in ["EVENT", "DAY", "WEEK", "MONTH"] {
            let all = periods(&app, &format!("(every: {every})")).await;
            let mut paged = Vec::new();
            let mut after = String::new();
            loop {
                let query = format!(
                    "query($s: String!) {{ studentProfile(sourcedId: $s) {{ history(every: {every}, first: 2{after}) {{ \
                     nodes {{ period overallQuizAverageScore }} pageInfo {{ hasNextPage endCursor }} }} }} }}"
                );
                let data = app.admin().data(&query, json!({ "s": "ada" })).await;
                let page = &data["studentProfile"]["history"];
                for node in page["nodes"].as_array().expect("nodes") {
                    let text = |field: &str| node[field].as_str().unwrap_or_default().to_owned();
                    paged.push(format!("{} {}", text("period"), text("overallQuizAverageScore")));
                }
                if page["pageInfo"]["hasNextPage"] == false {
                    break;
                }
                after = format!(", after: {}", page["pageInfo"]["endCursor"]);
            }
            assert_eq!(paged, all, "{every}");
        }
        let bounds = "from: \"2026-12-28T10:00:00Z\", to: \"2026-12-31T23:59:59Z\"";
        assert_eq!(times(&app, &format!("({bounds})")).await, ["2026-12-28T10:00", "2026-12-31T11:00"]);
        assert_eq!(periods(&app, &format!("(every: DAY, {bounds})")).await, ["2026-12-28 3.00", "2026-12-31 4.00"]);
        for (arguments, field) in [
            ("from: \"2027-01-01T00:00:00Z\", to: \"2026-01-01T00:00:00Z\"", "to"),
            ("from: \"yesterday\"", "from"),
            ("after: \"x\"", "after"),
            ("first: 101", "first"),
        ] {
            let query = format!("{{ studentProfile(sourcedId: \"ada\") {{ history({arguments}) {{ nodes {{ version }} }} }} }}");
            let error = app.admin().error(&query, json!({})).await;
            assert_eq!((error.code.as_str(), error.field.as_deref()), ("BAD_USER_INPUT", Some(field)));
        }
    }

    async fn both_ways_to_the_history_lead_to_the_same(backend) {
        let app = school(backend).await;
        changed_at(&app, &TURN_OF_THE_YEAR).await;
        let query = format!(
            "query($id: ID!) {{ performanceHistory(studentId: $id, every: WEEK) {{ nodes {{ {SNAPSHOT} }} }} }}"
        );
        let data = app.admin().data(&query, json!({ "id": app.student_id("ada").await.to_string() })).await;
        assert_eq!(data["performanceHistory"]["nodes"], json!(app.snapshots("ada", "(every: WEEK)").await));
    }

    async fn old_history_keeps_the_ends_of_days_then_of_weeks_and_months(backend) {
        let app = school(backend).await;
        changed_at(&app, &TURN_OF_THE_YEAR).await;
        let retention = Retention { events: 90, days: 400 };
        let told = async |every: &str| periods(&app, &format!("(every: {every})")).await;
        let (days, weeks, months) = (told("DAY").await, told("WEEK").await, told("MONTH").await);
        let thinned = async || thin(app.db(), app.clock.now(), retention).await.expect("the history is thinned");

        assert_eq!(thinned().await, 0, "all is young");
        let last: DateTime<Utc> = TURN_OF_THE_YEAR[7].parse().expect("a time");
        app.clock.set(last + TimeDelta::days(90));
        assert_eq!(thinned().await, 2, "two days had two changes");
        assert_eq!(thinned().await, 0);
        assert_eq!((told("EVENT").await, told("WEEK").await, told("MONTH").await), (days, weeks.clone(), months.clone()));

        app.clock.set(last + TimeDelta::days(401));
        assert_eq!(thinned().await, 2, "of six days, three end a week and one more a month");
        assert_eq!(thinned().await, 0);
        assert_eq!(times(&app, "").await, ["2026-12-24T09:00", "2026-12-31T23:59", "2027-01-03T12:00", "2027-01-04T13:00"]);
        assert_eq!((told("WEEK").await, told("MONTH").await), (weeks, months));
        app.clock.set(last + TimeDelta::days(9000));
        assert_eq!(thinned().await, 0, "what is left stays for ever");
    }

    /// Days end at midnight of the school, and what is not yet old stays whole.
    async fn history_is_thinned_by_the_days_of_the_school(backend) {
        let app = school(backend).await;
        school::move_to(app.db(), "America/New_York".parse().expect("a time zone")).await.expect("the school moves");
        let changes = ["2026-12-31T23:00:00Z", "2027-01-01T04:59:59Z", "2027-01-01T05:00:00Z", "2027-03-31T06:00:00Z", "2027-03-31T07:00:00Z"];
        changed_at(&app, &changes).await;
        app.advance(TimeDelta::days(5));
        assert_eq!(thin(app.db(), app.clock.now(), Retention::default()).await.expect("the history is thinned"), 1);
        assert_eq!(times(&app, "").await, changes[1..].iter().map(|time| &time[..16]).collect::<Vec<_>>());
    }

    async fn a_long_history_is_thinned_and_told_in_pages(backend) {
        let app = school(backend).await;
        app.attempt("ada", "a", "quiz", "80").await;
        app.drain().await;
        let start = app.clock.now();
        let student = app.student_id("ada").await;
        let only = performance_snapshot::Entity::find().one(app.db().reader()).await.expect("it is read").expect("a snapshot");
        // One change every hour for half a year, as if they had been made.
        let rows: Vec<_> = (1..=24 * 180)
            .map(|hours| performance_snapshot::Model {
                version: only.version + hours,
                taken_at: start + TimeDelta::hours(hours),
                total_quizzes_completed: hours,
                ..only.clone()
            })
            .collect();
        for page in rows.chunks(1000) {
            use entity::sea_orm::{ActiveModelTrait as _, IntoActiveModel as _};
            let rows = page.iter().map(|row| row.clone().into_active_model().reset_all());
            performance_snapshot::Entity::insert_many(rows).exec_without_returning(app.db().writer()).await.expect("rows");
        }
        assert_eq!(only.student_id, student);
        app.clock.set(start + TimeDelta::days(180));
        let weeks = app.history("ada", "(every: WEEK, first: 100)").await;
        assert_eq!(weeks.len(), 26);
        thin(app.db(), app.clock.now(), Retention { events: 90, days: 100 }).await.expect("the history is thinned");
        assert_eq!(app.history("ada", "(every: WEEK, first: 100)").await, weeks);
        let kept = all_snapshots(&app).await;
        assert!((24 * 90..24 * 90 + 40).contains(&kept), "{kept} are left");
    }

    async fn the_history_goes_with_its_student_and_a_merged_one_goes_on(backend) {
        let app = school(backend).await;
        app.attempt("ada", "a", "quiz", "80").await;
        app.student("ada-again").await;
        app.enroll("ada-again", "maths", "ACTIVE").await;
        app.attempt("ada-again", "b", "quiz", "60").await;
        app.drain().await;
        assert_eq!(all_snapshots(&app).await, 2);
        let call = "mutation { mergeStudents(from: { sourcedId: \"ada-again\" }, into: { sourcedId: \"ada\" }) { sourcedId } }";
        app.service().data(call, json!({})).await;
        app.drain().await;
        assert_eq!(app.history("ada", "").await, ["1 at 80.00, 0 at -, all at 80.00", "2 at 70.00, 0 at -, all at 70.00"]);
        app.service().data("mutation { deleteStudent(student: { sourcedId: \"ada\" }) { deletedId } }", json!({})).await;
        assert_eq!(all_snapshots(&app).await, 0);
    }
}
