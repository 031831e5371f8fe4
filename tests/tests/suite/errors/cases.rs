//! Inputs that are refused, and those that they are made from.

use serde_json::{Value, json};

/// A refused input: the mutation, what is put in the place of the good input's fields, the code, and the field at fault.
pub(super) type Case = (&'static str, Value, &'static str, &'static str);

/// An input that each mutation takes, once the school is there.
pub(super) fn good(mutation: &str) -> Value {
    let of_ada = |more: Value| {
        let mut input = json!({ "student": { "sourcedId": "ada" } });
        for (name, value) in more.as_object().into_iter().flatten() {
            input[name] = value.clone();
        }
        input
    };
    match mutation {
        "upsertStudent" | "upsertGuardian" => json!({ "sourcedId": "new", "displayName": "New" }),
        "upsertCourse" => json!({ "sourcedId": "new", "title": "New" }),
        "upsertQuiz" | "upsertAssignment" => {
            json!({ "sourcedId": "new", "title": "New", "course": { "sourcedId": "maths" } })
        }
        "upsertEnrollment" => of_ada(json!({ "sourcedId": "new", "course": { "sourcedId": "physics" } })),
        "setEnrollmentStatus" => {
            of_ada(json!({ "enrollment": { "sourcedId": "ada-maths" }, "status": "PAUSED" }))
        }
        "deleteEnrollment" => of_ada(json!({ "enrollment": { "sourcedId": "ada-maths" } })),
        "recordQuizAttempt" => of_ada(json!({ "sourcedId": "new", "quiz": { "sourcedId": "q" } })),
        "changeQuizAttemptStanding" => of_ada(json!({ "attempt": { "sourcedId": "a" }, "change": "VOID" })),
        "recordSubmission" => of_ada(json!({ "sourcedId": "new", "assignment": { "sourcedId": "t" } })),
        "gradeSubmission" => {
            of_ada(json!({ "submission": { "sourcedId": "s" }, "score": { "percentage": "50" } }))
        }
        "ungradeSubmission" => of_ada(json!({ "submission": { "sourcedId": "s" } })),
        "changeSubmissionStanding" => of_ada(json!({ "submission": { "sourcedId": "s" }, "change": "VOID" })),
        "grantGuardianship" | "revokeGuardianship" => of_ada(json!({ "guardian": { "sourcedId": "gwen" } })),
        _ => panic!("no input for {mutation}"),
    }
}

const MISSING_ID: &str = "00000000-0000-0000-0000-000000000000";

fn named(prefix: &str) -> Value {
    json!({ "id": format!("{prefix}:{MISSING_ID}") })
}

fn unknown() -> Value {
    json!({ "sourcedId": "unknown" })
}

/// Wrong names: of the wrong type, no names at all, and of what does not exist.
pub(super) fn names() -> Vec<Case> {
    let garbage = |id: &str| json!({ "id": id });
    let mut cases = vec![
        ("upsertStudent", json!({ "sourcedId": null }), "BAD_USER_INPUT", "sourcedId"),
        ("upsertStudent", json!({ "id": format!("student:{MISSING_ID}") }), "BAD_USER_INPUT", "id"),
        ("recordQuizAttempt", json!({ "sourcedId": null }), "BAD_USER_INPUT", "sourcedId"),
        ("recordQuizAttempt", json!({ "student": named("course") }), "BAD_USER_INPUT", "student.id"),
        ("recordQuizAttempt", json!({ "student": garbage("") }), "BAD_USER_INPUT", "student.id"),
        ("recordQuizAttempt", json!({ "student": garbage("student:1") }), "BAD_USER_INPUT", "student.id"),
        ("recordQuizAttempt", json!({ "student": garbage(MISSING_ID) }), "BAD_USER_INPUT", "student.id"),
        ("recordQuizAttempt", json!({ "quiz": named("assignment") }), "BAD_USER_INPUT", "quiz.id"),
        ("recordSubmission", json!({ "assignment": named("quiz") }), "BAD_USER_INPUT", "assignment.id"),
        ("upsertQuiz", json!({ "course": named("quiz") }), "BAD_USER_INPUT", "course.id"),
        ("deleteEnrollment", json!({ "enrollment": named("course") }), "BAD_USER_INPUT", "enrollment.id"),
        ("grantGuardianship", json!({ "guardian": named("student") }), "BAD_USER_INPUT", "guardian.id"),
        (
            "recordQuizAttempt",
            json!({ "student": { "sourcedId": "" } }),
            "BAD_USER_INPUT",
            "student.sourcedId",
        ),
    ];
    for (mutation, prefix) in [
        ("upsertStudent", "student"),
        ("upsertGuardian", "guardian"),
        ("upsertCourse", "course"),
        ("upsertQuiz", "quiz"),
        ("upsertAssignment", "assignment"),
        ("upsertEnrollment", "enrollment"),
        ("recordQuizAttempt", "attempt"),
        ("recordSubmission", "submission"),
    ] {
        let by_id = |prefix: &str| json!({ "sourcedId": null, "id": format!("{prefix}:{MISSING_ID}") });
        cases.push((mutation, by_id(prefix), "NOT_FOUND", "id"));
        cases.push((mutation, by_id("job"), "BAD_USER_INPUT", "id"));
    }
    for (mutation, field, prefix) in [
        ("upsertEnrollment", "student", "student"),
        ("upsertEnrollment", "course", "course"),
        ("setEnrollmentStatus", "student", "student"),
        ("setEnrollmentStatus", "enrollment", "enrollment"),
        ("deleteEnrollment", "student", "student"),
        ("deleteEnrollment", "enrollment", "enrollment"),
        ("upsertQuiz", "course", "course"),
        ("upsertAssignment", "course", "course"),
        ("recordQuizAttempt", "student", "student"),
        ("recordQuizAttempt", "quiz", "quiz"),
        ("changeQuizAttemptStanding", "student", "student"),
        ("changeQuizAttemptStanding", "attempt", "attempt"),
        ("recordSubmission", "student", "student"),
        ("recordSubmission", "assignment", "assignment"),
        ("gradeSubmission", "submission", "submission"),
        ("ungradeSubmission", "submission", "submission"),
        ("changeSubmissionStanding", "submission", "submission"),
        ("grantGuardianship", "student", "student"),
        ("grantGuardianship", "guardian", "guardian"),
        ("revokeGuardianship", "student", "student"),
        ("revokeGuardianship", "guardian", "guardian"),
    ] {
        cases.push((mutation, json!({ field: unknown() }), "NOT_FOUND", field));
        cases.push((mutation, json!({ field: named(prefix) }), "NOT_FOUND", field));
    }
    cases
}

/// What is missing from something new, and what contradicts what is there.
pub(super) fn contradictions() -> Vec<Case> {
    vec![
        ("upsertStudent", json!({ "displayName": null }), "BAD_USER_INPUT", "displayName"),
        ("upsertGuardian", json!({ "displayName": null }), "BAD_USER_INPUT", "displayName"),
        ("upsertCourse", json!({ "title": null }), "BAD_USER_INPUT", "title"),
        ("upsertQuiz", json!({ "title": null }), "BAD_USER_INPUT", "title"),
        ("upsertQuiz", json!({ "course": null }), "BAD_USER_INPUT", "course"),
        ("upsertAssignment", json!({ "title": null }), "BAD_USER_INPUT", "title"),
        ("upsertAssignment", json!({ "course": null }), "BAD_USER_INPUT", "course"),
        ("upsertEnrollment", json!({ "course": null }), "BAD_USER_INPUT", "course"),
        ("recordQuizAttempt", json!({ "quiz": null }), "BAD_USER_INPUT", "quiz"),
        ("recordSubmission", json!({ "assignment": null }), "BAD_USER_INPUT", "assignment"),
        ("upsertEnrollment", json!({ "course": { "sourcedId": "maths" } }), "CONFLICT", "course"),
        (
            "upsertCourse",
            json!({ "sourcedId": "physics", "title": "Late", "occurredAt": "2026-03-01T10:00:00Z" }),
            "CONFLICT",
            "occurredAt",
        ),
        (
            "grantGuardianship",
            json!({ "validFrom": "2026-05-02T00:00:00Z", "validUntil": "2026-05-01T00:00:00Z" }),
            "BAD_USER_INPUT",
            "validUntil",
        ),
        (
            "grantGuardianship",
            json!({ "validFrom": "2026-05-01T00:00:00Z", "validUntil": "2026-05-01T00:00:00Z" }),
            "BAD_USER_INPUT",
            "validUntil",
        ),
    ]
}

/// Scores, times and texts that are none.
pub(super) fn values() -> Vec<Case> {
    let mut cases = Vec::new();
    for percentage in [
        json!("-0.01"),
        json!("999.995"),
        json!("1000"),
        json!(-1),
        json!(1000),
        json!("9999999999999999999999999999"),
    ] {
        cases.push(("score", percentage));
    }
    for percentage in [
        json!("NaN"),
        json!("Infinity"),
        json!(""),
        json!(" 1"),
        json!("1e2"),
        json!("87,5"),
        json!("50%"),
        json!("0x10"),
        json!("١٢"),
        json!(87.5),
        json!(9e300),
        json!("9".repeat(39)),
        json!("9".repeat(1000)),
    ] {
        cases.push(("score.percentage", percentage));
    }
    let mut cases: Vec<Case> = cases
        .into_iter()
        .map(|(field, value)| {
            ("recordQuizAttempt", json!({ "score": { "percentage": value } }), "BAD_USER_INPUT", field)
        })
        .collect();
    let points = |earned: &str, possible: &str| json!({ "score": { "points": { "earned": earned, "possible": possible } } });
    cases.extend([
        ("gradeSubmission", points("1", "0"), "BAD_USER_INPUT", "score"),
        ("gradeSubmission", points("0", "0"), "BAD_USER_INPUT", "score"),
        ("gradeSubmission", points("-1", "5"), "BAD_USER_INPUT", "score"),
        ("gradeSubmission", points("1", "-5"), "BAD_USER_INPUT", "score"),
        ("gradeSubmission", points("10", "1"), "BAD_USER_INPUT", "score"),
        ("gradeSubmission", points("0.1234567891", "1"), "BAD_USER_INPUT", "score"),
        ("gradeSubmission", points("1000000001", "1000000001"), "BAD_USER_INPUT", "score"),
        ("gradeSubmission", points("NaN", "1"), "BAD_USER_INPUT", "score.points.earned"),
        ("gradeSubmission", points("1", "one"), "BAD_USER_INPUT", "score.points.possible"),
        ("recordSubmission", points("1", "0"), "BAD_USER_INPUT", "score"),
    ]);
    for time in [
        "",
        "yesterday",
        "2026-03-01",
        "2026-03-01T10:00:00",
        "2026-02-30T10:00:00Z",
        "1772359200",
        "1899-12-31T23:59:59Z",
        "2201-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "-0001-01-01T00:00:00Z",
        "+262142-01-01T00:00:00Z",
    ] {
        for (mutation, field) in [
            ("upsertStudent", "occurredAt"),
            ("recordQuizAttempt", "startedAt"),
            ("recordQuizAttempt", "completedAt"),
            ("recordSubmission", "submittedAt"),
            ("recordSubmission", "gradedAt"),
            ("gradeSubmission", "gradedAt"),
            ("grantGuardianship", "validFrom"),
            ("grantGuardianship", "validUntil"),
        ] {
            cases.push((mutation, json!({ field: time }), "BAD_USER_INPUT", field));
        }
    }
    for text in [String::new(), "   ".to_owned(), "x".repeat(256), "a\nb".to_owned(), "a\u{0}".to_owned()] {
        for (mutation, field) in [
            ("upsertStudent", "sourcedId"),
            ("upsertStudent", "displayName"),
            ("upsertGuardian", "displayName"),
            ("upsertCourse", "title"),
            ("upsertQuiz", "title"),
            ("recordQuizAttempt", "sourcedId"),
        ] {
            cases.push((mutation, json!({ field: text }), "BAD_USER_INPUT", field));
        }
    }
    cases
}
