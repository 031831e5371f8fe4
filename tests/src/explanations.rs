//! Where the averages of everybody come from, as the API explains it.

use entity::sea_orm::EntityTrait;
use entity::student;
use serde_json::{Value, json};

use crate::TestApp;

/// How many students are asked for in one request, within the limit on its complexity.
const STUDENTS_PER_REQUEST: usize = 20;

const EXPLANATION: &str = "fragment all on Explanation {
    isStale version student { sourcedId profile { version totalQuizzesCompleted totalAssignmentsCompleted
        overallQuizAverageScore overallAssignmentAverageScore overallAverageScore } }
    quizzes { ...whole } assignments { ...whole } overall { ...whole }
    leftOutCounts { reason count }
}
fragment whole on ExplainedAverage {
    sum count average parts { enrollment { sourcedId } share { sum count points } }
}";

impl TestApp {
    /// Each student's explanation as lines of text, in their order: `student,enrolment,sum,count,sum,count` with the exact
    /// sums of the quizzes and the assignments, and `student,reason,count` of what is left out.
    ///
    /// Fails unless in each of them the parts add up to the whole, and the whole is what the profile says.
    pub async fn explanations(&self) -> String {
        let students = student::Entity::find().all(self.db().reader()).await.expect("all students");
        let mut lines = Vec::new();
        for students in students.chunks(STUDENTS_PER_REQUEST) {
            let asked = students.iter().enumerate();
            let fields = asked
                .map(|(at, student)| format!("e{at}: explain(studentId: \"{}\") {{ ...all }}", student.id));
            let query = format!("{{ {} }} {EXPLANATION}", fields.collect::<Vec<_>>().join(" "));
            let data = self.admin().data(&query, json!({})).await;
            for explanation in data.as_object().into_iter().flatten().map(|(_, explanation)| explanation) {
                assert_adds_up(explanation);
                write_lines(explanation, &mut lines);
            }
        }
        lines.sort_unstable();
        lines.concat()
    }
}

/// Fails unless the parts of each of the three averages add up to it, and it is that of the profile.
pub fn assert_adds_up(explanation: &Value) {
    let profile = &explanation["student"]["profile"];
    assert_eq!(explanation["isStale"], false, "{explanation:#}");
    assert_eq!(explanation["version"], profile["version"], "{explanation:#}");
    for (whole, average) in [
        ("quizzes", "overallQuizAverageScore"),
        ("assignments", "overallAssignmentAverageScore"),
        ("overall", "overallAverageScore"),
    ] {
        let whole = &explanation[whole];
        assert_eq!(whole["average"], profile[average], "{explanation:#}");
        let shares: Vec<&Value> =
            whole["parts"].as_array().into_iter().flatten().map(|part| &part["share"]).collect();
        let total = |field: &str| -> i64 { shares.iter().map(|share| hundredths(&share[field])).sum() };
        assert_eq!(total("sum"), hundredths(&whole["sum"]), "{explanation:#}");
        assert_eq!(total("points"), hundredths(&whole["average"]), "{explanation:#}");
        let count: i64 = shares.iter().filter_map(|share| share["count"].as_i64()).sum();
        assert_eq!(whole["count"], count, "{explanation:#}");
    }
    assert_eq!(explanation["quizzes"]["count"], profile["totalQuizzesCompleted"], "{explanation:#}");
    assert_eq!(explanation["assignments"]["count"], profile["totalAssignmentsCompleted"], "{explanation:#}");
}

/// The hundredths in a decimal number with two decimals; 0 for null.
fn hundredths(decimal: &Value) -> i64 {
    let digits = decimal.as_str().unwrap_or("0.00").replace('.', "");
    digits.parse().expect("a decimal number")
}

fn write_lines(explanation: &Value, lines: &mut Vec<String>) {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let student = text(&explanation["student"]["sourcedId"]);
    let parts = |whole: &str| explanation[whole]["parts"].as_array().cloned().unwrap_or_default();
    for (quizzes, assignments) in parts("quizzes").iter().zip(parts("assignments")) {
        let enrollment = text(&quizzes["enrollment"]["sourcedId"]);
        let [quizzes, assignments] = [quizzes, &assignments]
            .map(|part| format!("{},{}", text(&part["share"]["sum"]), part["share"]["count"]));
        lines.push(format!("{student},{enrollment},{quizzes},{assignments}\n"));
    }
    for left_out in explanation["leftOutCounts"].as_array().into_iter().flatten() {
        lines.push(format!("{student},{},{}\n", text(&left_out["reason"]), left_out["count"]));
    }
}
