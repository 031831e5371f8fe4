//! The invented school of `tally-api --demo`.

use std::collections::{BTreeMap, BTreeSet};

use api::auth::Role;
use api::demo::{self, Filled};
use api::error::{ApiError, ErrorCode};
use api::service::read::{self, Columns};
use chrono::{DateTime, TimeDelta, Utc};
use entity::clock::Clock as _;
use entity::database::Database;
use entity::enrollment::Status;
use entity::score::Score;
use entity::sea_orm::{EntityTrait, QueryOrder};
use entity::standing::Standing;
use entity::{assignment, assignment_submission, course, enrollment, quiz, quiz_attempt, student};
use serde_json::{Value, json};
use tests::{TestApp, on_both_backends};

on_both_backends! {
    async fn filling_a_second_time_changes_nothing_and_enqueues_nothing(backend) {
        let app = TestApp::start(backend).await;
        let first = fill(&app).await;
        assert!(!first.already_there);
        app.drain().await;
        let before = (export(app.db(), Columns::All).await, Facts::read(app.db()).await);

        app.advance(TimeDelta::days(3));
        let second = fill(&app).await;

        assert_eq!(second, Filled { already_there: true, ..first });
        app.assert_waiting_jobs(0).await;
        assert_eq!((export(app.db(), Columns::All).await, Facts::read(app.db()).await), before);
    }

    async fn the_same_moment_brings_the_same_school(backend) {
        let (one, other) = (TestApp::start(backend).await, TestApp::start(backend).await);
        for app in [&one, &other] {
            fill(app).await;
            app.drain().await;
        }
        let numbers = export(one.db(), Columns::Numbers).await;
        assert_eq!(numbers, export(other.db(), Columns::Numbers).await);
        assert_eq!(numbers.lines().count(), 41, "a line for each student and a header");
        assert_eq!(Facts::read(one.db()).await.told(), Facts::read(other.db()).await.told());
    }

    async fn a_database_with_other_students_is_refused_and_left_alone(backend) {
        let app = TestApp::start(backend).await;
        app.student("ada").await;

        let Err(ApiError::User(error)) = demo::fill(app.db(), app.clock.now()).await else {
            panic!("the database holds a student and was filled")
        };

        assert_eq!(error.code, ErrorCode::Conflict);
        assert!(error.message.starts_with("--demo is for an empty database"), "{}", error.message);
        let students = student::Entity::find().all(app.db().reader()).await.expect("students");
        assert_eq!(students.len(), 1);
        assert_eq!(course::Entity::find().all(app.db().reader()).await.expect("courses"), []);
    }

    /// A process may be killed while it fills.
    async fn a_school_that_was_begun_is_completed(backend) {
        let app = TestApp::start(backend).await;
        app.student("demo-student-01").await;
        app.course("demo-course-biology").await;
        app.quiz("demo-quiz-biology-1", "demo-course-biology").await;
        assert!(!fill(&app).await.already_there);
        app.drain().await;

        let whole = TestApp::start(backend).await;
        fill(&whole).await;
        whole.drain().await;
        assert_eq!(
            export(app.db(), Columns::Numbers).await,
            export(whole.db(), Columns::Numbers).await
        );
    }

    async fn a_dashboard_of_the_guardian_shows_four_children_who_differ(backend) {
        let app = TestApp::start(backend).await;
        let filled = fill(&app).await;
        app.drain().await;

        let children = children(&app, &filled.guardian).await;

        assert_eq!(children.len(), 4);
        for child in &children {
            assert_eq!(child["isStale"], false, "{child:#}");
        }
        let averages: BTreeSet<_> =
            children.iter().map(|child| child["overallAverageScore"].to_string()).collect();
        assert_eq!(averages.len(), 4, "each has another average: {averages:?}");
        assert!(averages.contains("null"), "one has nothing counted yet: {averages:?}");
        assert!(children.iter().any(|child| child["student"]["sourcedId"] == filled.student.as_str()));
        let own = app.client(Role::Student, &filled.student);
        let me = own.data("{ me { profile { student { sourcedId } } } }", json!({})).await;
        assert_eq!(me["me"]["profile"]["student"]["sourcedId"], filled.student.as_str());
    }

    async fn guardians_have_one_to_four_children_and_some_have_none_now(backend) {
        let app = TestApp::start(backend).await;
        fill(&app).await;
        let now = families(&app).await;
        let sizes: BTreeSet<usize> = now.values().map(BTreeSet::len).collect();
        assert_eq!(sizes, BTreeSet::from([0, 1, 2, 3, 4]));
        let guarded: Vec<&String> = now.values().flatten().collect();
        let students: BTreeSet<_> = guarded.iter().collect();
        assert_eq!(students.len(), 40, "every student has a guardian");
        assert!(guarded.len() > students.len(), "some have two");

        app.advance(TimeDelta::days(60));
        let later = families(&app).await;

        let begun: Vec<_> = now.keys().filter(|id| now[*id] != later[*id]).collect();
        assert_eq!(begun.len(), 1, "the right of one guardian begins in the future");
        let none: Vec<_> = later.iter().filter(|(_, children)| children.is_empty()).collect();
        assert_eq!(none.len(), 1, "the right of one guardian was revoked");
    }

    async fn the_numbers_are_of_every_kind(backend) {
        let app = TestApp::start(backend).await;
        let filled = fill(&app).await;
        app.drain().await;
        assert_eq!((filled.students, filled.courses), (40, 8));
        let mut nothing = 0;
        let mut zero = 0;
        for number in 1..=filled.students {
            let profile = app.profile(&format!("demo-student-{number:02}")).await;
            assert!(!profile.stale, "student {number}");
            match profile.overall.as_deref() {
                None => nothing += 1,
                Some("0.00") => zero += 1,
                Some(_) => assert!(profile.quizzes > 0 && profile.assignments > 0, "{profile:?}"),
            }
        }
        assert_eq!((nothing, zero), (1, 1));
    }

    async fn the_facts_are_of_every_kind(backend) {
        let app = TestApp::start(backend).await;
        fill(&app).await;
        let facts = Facts::read(app.db()).await;
        facts.has_every_kind_of_enrollment();
        facts.has_every_kind_of_item();
        facts.lies_within_the_term(app.clock.now());
    }

    async fn students_improve_and_decline(backend) {
        let app = TestApp::start(backend).await;
        fill(&app).await;
        let facts = Facts::read(app.db()).await;
        let change = facts.changes_over_the_term(app.clock.now());
        assert!(change.values().filter(|change| **change > 500).count() >= 5, "{change:?}");
        assert!(change.values().filter(|change| **change < -500).count() >= 5, "{change:?}");
    }
}

async fn fill(app: &TestApp) -> Filled {
    match demo::fill(app.db(), app.clock.now()).await {
        Ok(filled) => filled,
        Err(error) => panic!("{error:?}"),
    }
}

async fn export(db: &Database, columns: Columns) -> String {
    let mut csv = Vec::new();
    read::export_profiles_unscoped(db.reader(), columns, &mut csv).await.expect("an export");
    String::from_utf8(csv).expect("text")
}

async fn children(app: &TestApp, guardian: &str) -> Vec<Value> {
    let query = "{ myChildren { isStale overallAverageScore student { sourcedId } } }";
    let data = app.client(Role::Guardian, guardian).data(query, json!({})).await;
    data["myChildren"].as_array().expect("a list").clone()
}

/// The children whom each guardian may see now.
async fn families(app: &TestApp) -> BTreeMap<String, BTreeSet<String>> {
    let guardians = entity::guardian::Entity::find().all(app.db().reader()).await.expect("guardians");
    let mut families = BTreeMap::new();
    for guardian in guardians {
        let children = children(app, &guardian.sourced_id).await;
        let ids = children.iter().map(|child| child["student"]["sourcedId"].to_string()).collect();
        families.insert(guardian.sourced_id, ids);
    }
    families
}

/// What cannot be seen through the API.
#[derive(Debug, PartialEq)]
struct Facts {
    courses: Vec<course::Model>,
    quizzes: Vec<quiz::Model>,
    assignments: Vec<assignment::Model>,
    enrollments: Vec<enrollment::Model>,
    attempts: Vec<quiz_attempt::Model>,
    submissions: Vec<assignment_submission::Model>,
}

impl Facts {
    async fn read(db: &Database) -> Self {
        macro_rules! all {
            ($entity:ident) => {
                $entity::Entity::find()
                    .order_by_asc($entity::Column::SourcedId)
                    .all(db.reader())
                    .await
                    .expect("facts can be read")
            };
        }
        Self {
            courses: all!(course),
            quizzes: all!(quiz),
            assignments: all!(assignment),
            enrollments: all!(enrollment),
            attempts: all!(quiz_attempt),
            submissions: all!(assignment_submission),
        }
    }

    /// What the learning system tells, without the ids that Tally gives: the same for the same school.
    fn told(&self) -> Vec<String> {
        let titles = self.courses.iter().map(|row| format!("{} {}", row.sourced_id, row.title));
        let enrollments = self.enrollments.iter().map(|row| format!("{} {:?}", row.sourced_id, row.status));
        let attempts = self.attempts.iter().map(|row| {
            let times = (row.started_at, row.completed_at);
            format!("{} {times:?} {:?} {:?}", row.sourced_id, row.score, row.standing)
        });
        let submissions = self.submissions.iter().map(|row| {
            let times = (row.submitted_at, row.graded_at);
            format!("{} {times:?} {:?} {:?}", row.sourced_id, row.score, row.standing)
        });
        titles.chain(enrollments).chain(attempts).chain(submissions).collect()
    }

    fn has_every_kind_of_enrollment(&self) {
        use Status::{Active, Completed, Dropped, Paused, Pending, Suspended};
        for status in [Active, Completed, Dropped, Paused, Pending, Suspended] {
            let count = self.enrollments.iter().filter(|row| row.status == status).count();
            assert!(count >= 2, "{status:?}: {count}");
        }
        for course in &self.courses {
            assert!(self.quizzes.iter().any(|quiz| quiz.course_id == course.id), "{course:?}");
            assert!(self.assignments.iter().any(|task| task.course_id == course.id), "{course:?}");
            assert!(self.enrollments.iter().any(|row| row.course_id == course.id), "{course:?}");
        }
    }

    fn has_every_kind_of_item(&self) {
        let attempts = |is: fn(&&quiz_attempt::Model) -> bool| self.attempts.iter().filter(is).count();
        assert!(attempts(|row| row.standing == Standing::Excused) > 1, "excused attempts");
        assert!(attempts(|row| row.standing == Standing::Voided) > 1, "voided attempts");
        assert_eq!(attempts(|row| row.standing == Standing::Deleted), 1, "deleted attempts");
        assert!(attempts(|row| row.completed_at.is_none()) > 1, "attempts under way");
        assert!(attempts(|row| row.sourced_id.ends_with("-2")) > 1, "second attempts");

        let submissions =
            |is: fn(&&assignment_submission::Model) -> bool| self.submissions.iter().filter(is).count();
        assert!(submissions(|row| row.standing == Standing::Excused) > 1, "excused submissions");
        assert!(submissions(|row| row.standing == Standing::Voided) > 1, "voided submissions");
        assert!(submissions(|row| row.graded_at.is_none() && row.score.is_some()) > 1, "provisional scores");
        assert!(submissions(|row| row.graded_at.is_none() && row.score.is_none()) > 1, "awaiting grading");
        assert!(submissions(|row| row.score.map_or(0, Score::hundredths) > 10_000) > 1, "extra credit");
    }

    /// Nothing lies in the future, the term has fourteen weeks, and something has happened within the last of them.
    fn lies_within_the_term(&self, now: DateTime<Utc>) {
        let attempts = self.attempts.iter().flat_map(|row| [row.started_at, row.completed_at]);
        let submissions = self.submissions.iter().flat_map(|row| [row.submitted_at, row.graded_at]);
        let times: BTreeSet<DateTime<Utc>> = attempts.chain(submissions).flatten().collect();
        let (first, last) = (times.first().expect("a time"), times.last().expect("a time"));
        assert!(*last <= now, "{last}");
        assert!(*first >= now - TimeDelta::weeks(14), "{first}");
        assert!(*first < now - TimeDelta::weeks(12), "{first}");
        let counted = self.attempts.iter().filter(|row| row.score.is_some());
        let recent = counted.filter_map(|row| row.completed_at).filter(|at| *at > now - TimeDelta::weeks(1));
        assert!(recent.count() > 10, "attempts of the last week");
    }

    /// By how much the quiz average of each student's last seven weeks is above that of the weeks before.
    fn changes_over_the_term(&self, now: DateTime<Utc>) -> BTreeMap<String, i32> {
        let middle = now - TimeDelta::weeks(7);
        let mut scores: BTreeMap<String, [Vec<i32>; 2]> = BTreeMap::new();
        for row in &self.attempts {
            if let (Some(at), Some(score)) = (row.completed_at, row.score) {
                let half = usize::from(at > middle);
                scores.entry(row.student_id.to_string()).or_default()[half].push(score.hundredths());
            }
        }
        let average = |scores: &[i32]| {
            scores.iter().sum::<i32>() / i32::try_from(scores.len()).expect("a small number").max(1)
        };
        let change = |[before, after]: [Vec<i32>; 2]| average(&after) - average(&before);
        let whole = scores.into_iter().filter(|(_, halves)| halves.iter().all(|half| half.len() > 3));
        whole.map(|(student, halves)| (student, change(halves))).collect()
    }
}
