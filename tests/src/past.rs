//! What was: the history of a student's numbers, and what counts week by week, as an admin sees both.

use std::collections::HashMap;

use entity::aggregate::Aggregates;
use entity::calendar::Week;
use entity::id::{CourseId, StudentId};
use entity::sea_orm::sea_query::Expr;
use entity::sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};
use entity::{enrollment, weekly_performance};
use serde_json::{Value, json};

use crate::TestApp;

/// The selection of a week.
pub const WEEK: &str = "week monday quizzesCompleted averageQuizScore assignmentsCompleted averageAssignmentScore \
     itemsCompleted averageScore";
/// The selection of a snapshot.
pub const SNAPSHOT: &str = "version takenAt period cause totalQuizzesCompleted totalAssignmentsCompleted \
     overallQuizAverageScore overallAssignmentAverageScore overallAverageScore";

/// Quizzes, assignments and all, as one reads them: `2 at 85.00, 1 at 70.00, all at 80.00`.
fn numbers(value: &Value, [quizzes, quiz, assignments, assignment, overall]: [&str; 5]) -> String {
    let average = |field: &str| value[field].as_str().unwrap_or("-").to_owned();
    format!(
        "{} at {}, {} at {}, all at {}",
        value[quizzes],
        average(quiz),
        value[assignments],
        average(assignment),
        average(overall)
    )
}

/// A week as one reads it: `2026-W09: 2 at 85.00, 1 at 70.00, all at 80.00`.
pub fn week_text(week: &Value) -> String {
    let fields = [
        "quizzesCompleted",
        "averageQuizScore",
        "assignmentsCompleted",
        "averageAssignmentScore",
        "averageScore",
    ];
    format!("{}: {}", week["week"].as_str().unwrap_or_default(), numbers(week, fields))
}

/// The numbers of a snapshot, in the form of those of a profile.
pub fn snapshot_text(snapshot: &Value) -> String {
    let fields = [
        "totalQuizzesCompleted",
        "overallQuizAverageScore",
        "totalAssignmentsCompleted",
        "overallAssignmentAverageScore",
        "overallAverageScore",
    ];
    numbers(snapshot, fields)
}

impl TestApp {
    /// The id that Tally gave a student.
    pub async fn student_id(&self, student: &str) -> StudentId {
        let query = "query($s: String!) { studentProfile(sourcedId: $s) { student { id } } }";
        let data = self.admin().data(query, json!({ "s": student })).await;
        data["studentProfile"]["student"]["id"]
            .as_str()
            .and_then(|id| id.parse().ok())
            .expect("a student's id")
    }

    /// The id that Tally gave a course.
    pub async fn course_id(&self, course: &str) -> CourseId {
        let payload = self
            .service()
            .mutate("upsertCourse", "UpsertCourseInput", json!({ "sourcedId": course }), "fact { id }")
            .await;
        payload["fact"]["id"].as_str().and_then(|id| id.parse().ok()).expect("a course's id")
    }

    /// A student's weeks. `arguments` are those beside the student, in parentheses, or nothing.
    pub async fn weeks(&self, student: &str, arguments: &str) -> Vec<String> {
        let query = format!(
            "query($s: String!) {{ studentProfile(sourcedId: $s) {{ weeklyPerformance{arguments} {{ {WEEK} }} }} }}"
        );
        let data = self.admin().data(&query, json!({ "s": student })).await;
        let weeks = data["studentProfile"]["weeklyPerformance"].as_array().expect("the student's weeks");
        weeks.iter().map(week_text).collect()
    }

    /// Those of a student's weeks in which anything counts.
    pub async fn counted_weeks(&self, student: &str, arguments: &str) -> Vec<String> {
        let mut weeks = self.weeks(student, arguments).await;
        weeks.retain(|week| !week.ends_with("all at -"));
        weeks
    }

    /// A page of a student's history. `arguments` are those beside the student, in parentheses, or nothing.
    pub async fn snapshots(&self, student: &str, arguments: &str) -> Vec<Value> {
        let query = format!(
            "query($s: String!) {{ studentProfile(sourcedId: $s) {{ history{arguments} {{ nodes {{ {SNAPSHOT} }} }} }} }}"
        );
        let data = self.admin().data(&query, json!({ "s": student })).await;
        data["studentProfile"]["history"]["nodes"].as_array().expect("the student's history").clone()
    }

    /// The numbers of a page of a student's history.
    pub async fn history(&self, student: &str, arguments: &str) -> Vec<String> {
        self.snapshots(student, arguments).await.iter().map(snapshot_text).collect()
    }

    /// All weeks of everybody that are stored.
    pub async fn all_weeks(&self) -> Vec<weekly_performance::Model> {
        weekly_performance::Entity::find().all(self.db().reader()).await.expect("all weeks")
    }

    /// What counts for a student in a course by the weeks.
    pub(crate) async fn sums_of_weeks(&self) -> HashMap<(StudentId, CourseId), Aggregates> {
        let mut sums: HashMap<_, Aggregates> = HashMap::new();
        for week in self.all_weeks().await {
            assert!(week.aggregates().overall().count > 0, "a week without anything has no row: {week:?}");
            let sum = sums.entry((week.student_id, week.course_id)).or_default();
            *sum = [*sum, week.aggregates()].into_iter().sum();
        }
        sums
    }

    /// Replaces the weeks of everybody by wrong ones, and adds weeks that are none.
    pub(crate) async fn spoil_weeks(&self, enrollments: &[enrollment::Model]) {
        use weekly_performance::{ActiveModel, Column, Entity, Model};
        let db = self.db().writer();
        Entity::delete_many().exec(db).await.expect("the weeks can be deleted by hand");
        let wrong = Week::of(chrono::NaiveDate::from_ymd_opt(1999, 1, 4).expect("a day"));
        let row = |row: &enrollment::Model| {
            Model::new(row.student_id, row.course_id, wrong, Aggregates::default())
                .into_active_model()
                .reset_all()
        };
        let mut rows: HashMap<_, ActiveModel> = HashMap::new();
        rows.extend(enrollments.iter().map(|it| ((it.student_id, it.course_id), row(it))));
        if !rows.is_empty() {
            Entity::insert_many(rows.into_values()).exec_without_returning(db).await.expect("wrong weeks");
        }
        Entity::update_many()
            .col_expr(Column::Quizzes, Expr::value(77))
            .col_expr(Column::QuizScoreSum, Expr::value(7777))
            .exec(db)
            .await
            .expect("the weeks can be changed by hand");
    }
}
