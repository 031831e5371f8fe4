//! The numbers beyond one profile: of each enrolment, of everybody, and after a rebuild from nothing.

use std::collections::HashMap;
use std::fmt;

use api::service::read::{Columns, export_profiles_unscoped};
use entity::aggregate::Aggregates;
use entity::sea_orm::sea_query::{Expr, ExprTrait};
use entity::sea_orm::{EntityTrait, PaginatorTrait, QueryFilter};
use entity::{enrollment, job, student, student_profile};

use serde_json::{Value, json};

use crate::TestApp;
use crate::school::Profile;

const PARTS: &str = "query($id: String!) { studentProfile(sourcedId: $id) { enrollments { course { sourcedId } \
     totalQuizzesTaken averageQuizScore totalAssignmentsCompleted averageAssignmentScore } } }";

/// The numbers as one reads them: `2 at 85.00, 1 at 70.00, all at 80.00`.
impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let average = |average: &Option<String>| average.clone().unwrap_or_else(|| "-".to_owned());
        write!(
            f,
            "{} at {}, {} at {}, all at {}",
            self.quizzes,
            average(&self.quiz_average),
            self.assignments,
            average(&self.assignment_average),
            average(&self.overall)
        )
    }
}

impl TestApp {
    /// What counts in each of a student's courses, as an admin sees it: `maths: 2 at 85.00, 1 at 70.00`.
    pub async fn parts(&self, student: &str) -> Vec<String> {
        let data = self.admin().data(PARTS, json!({ "id": student })).await;
        let enrollments = data["studentProfile"]["enrollments"].as_array().expect("the student's enrolments");
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        let part = |enrollment: &Value| {
            format!(
                "{}: {} at {}, {} at {}",
                text(&enrollment["course"]["sourcedId"]),
                enrollment["totalQuizzesTaken"],
                text(&enrollment["averageQuizScore"]),
                enrollment["totalAssignmentsCompleted"],
                text(&enrollment["averageAssignmentScore"])
            )
        };
        let mut parts: Vec<String> = enrollments.iter().map(part).collect();
        parts.sort();
        parts
    }

    /// Fails unless the exact sums of every student's enrolments add up to the student's, those of the weeks to their
    /// enrolments', and every average is that of its sum.
    pub async fn assert_parts_add_up(&self) {
        let mut weeks = self.sums_of_weeks().await;
        let mut parts: HashMap<_, Vec<Aggregates>> = HashMap::new();
        for part in self.all_enrollments().await {
            let aggregates = part.aggregates();
            assert_eq!(part, part.clone().with_aggregates(aggregates), "an enrolment's averages");
            // Of several enrolments in one course, one at most is not deleted, and the others count for nothing.
            if aggregates != Aggregates::default() {
                let weeks = weeks.remove(&(part.student_id, part.course_id));
                assert_eq!(weeks, Some(aggregates), "the weeks of an enrolment add up");
            }
            parts.entry(part.student_id).or_default().push(aggregates);
        }
        assert!(weeks.is_empty(), "weeks of what does not count: {weeks:?}");
        let profiles = student_profile::Entity::find().all(self.db().reader()).await.expect("all profiles");
        for profile in profiles {
            let parts = parts.remove(&profile.student_id).unwrap_or_default();
            let whole: Aggregates = parts.into_iter().sum();
            assert_eq!(profile.aggregates(), whole, "the enrolments of a student add up");
            assert_eq!(profile.overall_average_score, whole.overall().average(), "an overall average");
        }
    }

    /// The numbers of everybody: the export without its times, and below it each enrolment, and each week.
    pub async fn all_numbers(&self) -> String {
        let mut export = Vec::new();
        export_profiles_unscoped(self.db().reader(), Columns::Numbers, &mut export).await.expect("an export");
        let mut lines: Vec<String> =
            self.all_enrollments().await.iter().map(|row| format!("{} {:?}", row.id, numbers(row))).collect();
        lines.extend(self.all_weeks().await.iter().map(|week| format!("{week:?}")));
        lines.sort();
        format!("{}{}", String::from_utf8(export).expect("an export in UTF-8"), lines.join("\n"))
    }

    /// Replaces all numbers of everybody by wrong ones, and has them recomputed as the sweep does it.
    ///
    /// Wrong ones and not none, so that a rebuild shows that passes over those who have nothing.
    pub async fn rebuild(&self) {
        self.spoil_profiles().await;
        self.spoil_enrollments().await;
        self.spoil_weeks(&self.all_enrollments().await).await;
        let students = student::Entity::find().count(self.db().reader()).await.expect("students are counted");
        let swept = worker::queue::sweep_stale(self.db(), &*self.clock).await.expect("a sweep");
        assert_eq!(u64::try_from(swept).ok(), Some(students), "students that the sweep finds stale");
        self.drain().await;
        assert_eq!(self.stale_students().await, 0, "students that are stale after a rebuild");
    }

    /// How many students have numbers that are older than their facts.
    pub async fn stale_students(&self) -> u64 {
        student_profile::Entity::find()
            .filter(student_profile::Entity::stale())
            .count(self.db().reader())
            .await
            .expect("profiles can be counted")
    }

    /// All jobs of the queue, whatever has become of them.
    pub async fn jobs(&self) -> Vec<job::Model> {
        job::Entity::find().all(self.db().reader()).await.expect("jobs can be read")
    }

    async fn all_enrollments(&self) -> Vec<enrollment::Model> {
        enrollment::Entity::find().all(self.db().reader()).await.expect("all enrolments")
    }

    async fn spoil_profiles(&self) {
        use student_profile::Column;
        student_profile::Entity::update_many()
            .col_expr(Column::TotalQuizzesCompleted, Expr::value(77))
            .col_expr(Column::TotalAssignmentsCompleted, Expr::value(77))
            .col_expr(Column::OverallQuizAverageScore, Expr::value(777))
            .col_expr(Column::OverallAssignmentAverageScore, Expr::value(777))
            .col_expr(Column::OverallAverageScore, Expr::value(777))
            .col_expr(Column::QuizScoreSum, Expr::value(7777))
            .col_expr(Column::AssignmentScoreSum, Expr::value(7777))
            .col_expr(Column::FactsRevision, Expr::col(Column::FactsRevision).add(1))
            .exec(self.db().writer())
            .await
            .expect("the profiles can be changed by hand");
    }

    async fn spoil_enrollments(&self) {
        use enrollment::Column;
        enrollment::Entity::update_many()
            .col_expr(Column::TotalQuizzesTaken, Expr::value(77))
            .col_expr(Column::TotalAssignmentsCompleted, Expr::value(77))
            .col_expr(Column::AverageQuizScore, Expr::value(777))
            .col_expr(Column::AverageAssignmentScore, Expr::value(777))
            .col_expr(Column::QuizScoreSum, Expr::value(7777))
            .col_expr(Column::AssignmentScoreSum, Expr::value(7777))
            .exec(self.db().writer())
            .await
            .expect("the enrolments can be changed by hand");
    }
}

/// An enrolment's numbers. A deleted one has none, and counts for nothing.
fn numbers(row: &enrollment::Model) -> (bool, Aggregates, Option<String>, Option<String>) {
    let text = |score: Option<entity::score::Score>| score.map(|score| score.to_string());
    (
        row.deleted_at.is_some(),
        row.aggregates(),
        text(row.average_quiz_score),
        text(row.average_assignment_score),
    )
}
