//! Changes of records: each is noted, whichever mutation makes it.

use std::collections::BTreeSet;
use std::time::Duration;

use api::auth::Role;
use chrono::TimeDelta;
use entity::sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use tests::{Backend, Socket, TestApp, on_both_backends};

use super::{grant, log, school, student_id};

/// Mutations about a student's record: of one thing, of many, and their input.
const FACTS: [(&str, &str, &str); 11] = [
    ("upsertStudent", "upsertStudents", "sourcedId: \"{ada}\", displayName: \"Other\""),
    (
        "grantGuardianship",
        "grantGuardianships",
        "student: { sourcedId: \"{ada}\" }, guardian: { sourcedId: \"gwen\" }",
    ),
    (
        "revokeGuardianship",
        "revokeGuardianships",
        "student: { sourcedId: \"{ada}\" }, guardian: { sourcedId: \"gwen\" }",
    ),
    (
        "upsertEnrollment",
        "upsertEnrollments",
        "student: { sourcedId: \"{ada}\" }, sourcedId: \"e\", course: { sourcedId: \"maths\" }, status: ACTIVE",
    ),
    (
        "setEnrollmentStatus",
        "setEnrollmentStatuses",
        "student: { sourcedId: \"{ada}\" }, enrollment: { sourcedId: \"e\" }, status: PAUSED",
    ),
    (
        "deleteEnrollment",
        "deleteEnrollments",
        "student: { sourcedId: \"{ada}\" }, enrollment: { sourcedId: \"e\" }",
    ),
    (
        "recordQuizAttempt",
        "recordQuizAttempts",
        "student: { sourcedId: \"{ada}\" }, sourcedId: \"a\", quiz: { sourcedId: \"q\" }",
    ),
    (
        "changeQuizAttemptStanding",
        "changeQuizAttemptStandings",
        "student: { sourcedId: \"{ada}\" }, attempt: { sourcedId: \"a\" }, change: VOID",
    ),
    (
        "recordSubmission",
        "recordSubmissions",
        "student: { sourcedId: \"{ada}\" }, sourcedId: \"s\", assignment: { sourcedId: \"t\" }",
    ),
    (
        "gradeSubmission",
        "gradeSubmissions",
        "student: { sourcedId: \"{ada}\" }, submission: { sourcedId: \"s\" }, score: { percentage: 1 }",
    ),
    (
        "ungradeSubmission",
        "ungradeSubmissions",
        "student: { sourcedId: \"{ada}\" }, submission: { sourcedId: \"s\" }",
    ),
];

/// Further mutations about a student's record, each of a student of its own.
const OTHERS: &[(&str, &str)] = &[
    (
        "changeSubmissionStanding",
        "input: { student: { sourcedId: \"ada\" }, submission: { sourcedId: \"s\" }, change: VOID }",
    ),
    ("handOverStudent", "student: { sourcedId: \"ada\" }"),
    ("mergeStudents", "from: { sourcedId: \"cid\" }, into: { sourcedId: \"ada\" }"),
    ("deleteStudent", "student: { sourcedId: \"ben\" }"),
];

/// Mutations that are about no student, or whose plural is tried above by another's.
const OF_NOBODY: &[&str] = &[
    "upsertGuardian",
    "upsertGuardians",
    "upsertCourse",
    "upsertCourses",
    "upsertQuiz",
    "upsertQuizzes",
    "upsertAssignment",
    "upsertAssignments",
    "changeSubmissionStandings",
    "retryJob",
    "cancelJob",
    "pauseJobs",
    "resumeJobs",
    "revokeSessions",
    "revokeTokens",
    // Of nobody any more: see `privacy`.
    "eraseStudent",
    // Numbers are computed anew from the same facts: nobody changes what they say.
    "backfillStudentAggregates",
    "cancelBackfill",
    "retryBackfillFailures",
    "recalculateStudents",
];

on_both_backends! {
    async fn every_mutation_of_a_record_is_noted(backend) {
        let app = TestApp::start(backend).await;
        school(&app).await;
        let noted = async |student: &str, mutation: &str| {
            let entries = log(&app, &format!("studentId: \"{student}\", first: 100")).await;
            let entry = format!("{mutation} CHANGED SERVICE lms 1");
            assert!(entries.contains(&entry), "{entry} is not among {entries:#?}");
        };
        let (ada, ben) = (student_id(&app.admin(), "ada").await, student_id(&app.admin(), "ben").await);
        for (one, many, input) in FACTS {
            let (of_ada, of_ben) = (input.replace("{ada}", "ada"), input.replace("{ada}", "ben"));
            app.service().data(&format!("mutation {{ {one}(input: {{ {of_ada} }}) {{ outcome }} }}"), json!({})).await;
            app.service().data(&format!("mutation {{ {many}(inputs: [{{ {of_ben} }}]) {{ written }} }}"), json!({})).await;
            // The school was set up by these.
            if !["upsertStudent", "grantGuardianship"].contains(&one) {
                noted(&ada, one).await;
            }
            noted(&ben, many).await;
        }
        grant(&app, "gwen").await;
        for (mutation, arguments) in OTHERS {
            app.service().data(&format!("mutation {{ {mutation}({arguments}) {{ __typename }} }}"), json!({})).await;
            noted(if *mutation == "deleteStudent" { &ben } else { &ada }, mutation).await;
        }
        let schema = app.admin().data("{ __schema { mutationType { fields { name } } } }", json!({})).await;
        let fields = schema["__schema"]["mutationType"]["fields"].as_array().expect("fields").iter();
        let fields: BTreeSet<&str> = fields.filter_map(|field| field["name"].as_str()).collect();
        let tried = FACTS.iter().flat_map(|(one, many, _)| [*one, *many]);
        let tried = tried.chain(OTHERS.iter().map(|(name, _)| *name)).chain(OF_NOBODY.iter().copied()).collect();
        assert_eq!(fields, tried, "say here whether a new mutation is about a student's record");
    }

    async fn a_call_of_many_facts_is_one_entry_for_each_student(backend) {
        let app = TestApp::start(backend).await;
        school(&app).await;
        let item = |n: usize| json!({
            "student": { "sourcedId": if n.is_multiple_of(2) { "ada" } else { "ben" } },
            "sourcedId": format!("a{n}"),
            "quiz": { "sourcedId": "q" },
        });
        let inputs: Vec<Value> = (0..1000).map(item).collect();
        let bulk = "mutation($inputs: [RecordQuizAttemptInput!]!) { recordQuizAttempts(inputs: $inputs) \
            { written results { fact { student { displayName } } } } }";
        app.service().data(bulk, json!({ "inputs": inputs })).await;
        let entries = log(&app, "subject: \"lms\", first: 100").await;
        let of_bulk: Vec<&String> = entries.iter().filter(|it| it.starts_with("recordQuizAttempts CHANGED")).collect();
        assert_eq!(of_bulk, ["recordQuizAttempts CHANGED SERVICE lms 1"; 2]);
    }

    async fn a_profile_that_was_waited_for_is_read(backend) {
        let app = TestApp::start(backend).await;
        school(&app).await;
        app.advance(TimeDelta::minutes(2));
        let write = "mutation { recordQuizAttempt(awaitRecalculation: 0, input: { student: { sourcedId: \"ada\" }, \
            sourcedId: \"a\", quiz: { sourcedId: \"q\" } }) { profile { version } } }";
        app.service().data(write, json!({})).await;
        let noted: BTreeSet<String> = log(&app, "subject: \"lms\", first: 2").await.into_iter().collect();
        let both = ["CHANGED", "READ"].map(|kind| format!("recordQuizAttempt {kind} SERVICE lms 1"));
        assert_eq!(noted, BTreeSet::from(both));
    }

    async fn a_change_whose_caller_has_hung_up_is_noted(backend) {
        let app = TestApp::start(backend).await;
        school(&app).await;
        let (ada, ben) = (student_id(&app.service(), "ada").await, student_id(&app.service(), "ben").await);
        let rename = "mutation { upsertStudent(input: { sourcedId: \"ada\", displayName: \"Other\" }) { outcome } }";
        let record = "mutation { recordQuizAttempt(input: { student: { sourcedId: \"ben\" }, sourcedId: \"a\", \
            quiz: { sourcedId: \"q\" } }) { outcome } }";
        app.advance(TimeDelta::minutes(2));
        let held = app.db().begin_write().await.unwrap();
        if backend == Backend::Postgres {
            held.execute_unprepared("LOCK TABLE student_profile, student").await.unwrap();
        }
        let mut socket = Socket::connect(&app.url, &app.token(Role::Service, "socket")).await;
        socket.subscribe("1", rename, json!({})).await;
        // Operations of a socket are begun in their order: once the second is answered, the first is under way.
        socket.subscribe("2", "{ me { role } }", json!({})).await;
        assert_eq!(socket.next().await["id"], "2");
        drop(socket);
        let over_http = app.service();
        let waited = tokio::time::timeout(Duration::from_millis(300), over_http.send(record, json!({}))).await;
        assert!(waited.is_err(), "nothing can be written for now");
        drop(held);
        for (student, entry) in [
            (&ada, "upsertStudent CHANGED SERVICE socket 1"),
            (&ben, "recordQuizAttempt CHANGED SERVICE lms 1"),
        ] {
            let noted = async || log(&app, &format!("studentId: \"{student}\", first: 1")).await == [entry];
            let patience = tokio::time::Instant::now() + Duration::from_secs(30);
            while !noted().await {
                assert!(tokio::time::Instant::now() < patience, "{entry} was not noted");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
}
