//! The backfill, as admins see it.

use async_graphql::connection::Connection;
use async_graphql::{Context, Description, Enum, ID, Object, Result};
use chrono::{DateTime, Utc};
use entity::access_log::Kind;
use entity::backfill::Run;
use entity::backfill_item::{self, Outcome};
use entity::backfill_run;
use entity::id::{BackfillRunId, StudentId};

use super::{Course, Student, related, student};
use crate::error::database_error;
use crate::schema::context::Resolving;
use crate::schema::paging::{Page, page_size};
use crate::schema::scalars::{Decimal, Time};
use crate::service::backfill;

/// Which students a backfill is about.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "backfill_run::Scope")]
pub enum BackfillScope {
    /// All of them, and those who are created while it goes on.
    All,
    /// Those who are named.
    Students,
    /// Those who have an enrolment in a course, whatever its status.
    Course,
    /// Those whose facts are newer than their aggregates.
    Stale,
    /// Those who failed in an earlier run. Started by `retryBackfillFailures` alone.
    Failures,
}

/// Where a backfill stands.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "backfill_run::State")]
pub enum BackfillState {
    /// Going on, as long as there is a worker.
    Running,
    /// Called off; the jobs that wait for it alone are being taken back.
    Cancelling,
    /// Called off.
    Cancelled,
    /// Every student is done, or has failed.
    Finished,
}

/// A run of the backfill: the aggregates of some students are computed again from the facts. In a dry run they are only
/// compared with what is stored.
#[derive(Clone, Debug, Description)]
pub struct BackfillRun(pub Run);

#[Object(use_type_description)]
impl BackfillRun {
    /// The id, such as `backfillRun:0193…`.
    pub async fn id(&self) -> ID {
        self.0.row.id.to_string().into()
    }

    /// Which students it is about.
    async fn scope(&self) -> BackfillScope {
        self.0.row.scope.into()
    }

    /// The course whose students it is about; null when it is about no course.
    async fn course(&self, ctx: &Context<'_>) -> Result<Option<Course>> {
        match self.0.row.course_id {
            Some(id) => related(ctx, "course", id).await.map(|row| Some(Course(row))),
            None => Ok(None),
        }
    }

    /// The id of the run whose failures it retries; null when it retries none.
    async fn retry_of(&self) -> Option<ID> {
        self.0.row.retry_of.map(|id| id.to_string().into())
    }

    /// Whether it only says what would change: no profile is written, and nothing is stamped.
    async fn dry_run(&self) -> bool {
        self.0.row.dry_run
    }

    /// The priority of its jobs, 0 to 100: smaller is sooner, and that of a live change is 0.
    async fn priority(&self) -> i16 {
        self.0.row.priority
    }

    /// How many students it takes on in a second at most; null when as many as the workers can do.
    async fn rate_per_second(&self) -> Option<i32> {
        self.0.row.rate_per_second
    }

    /// Where it stands.
    async fn state(&self) -> BackfillState {
        self.0.row.state.into()
    }

    /// Who asked for it: the subject of an admin's token, or a command line.
    async fn requested_by(&self) -> &str {
        &self.0.row.requested_by
    }

    /// When it was asked for.
    async fn started_at(&self) -> DateTime<Utc> {
        self.0.row.started_at
    }

    /// When it ended; null while it goes on.
    async fn finished_at(&self) -> Option<DateTime<Utc>> {
        self.0.row.finished_at
    }

    /// How many students it is about, as far as is known: more may be created while it goes on.
    async fn total(&self) -> i64 {
        self.0.total()
    }

    /// How many students it has come by: a job was enqueued for each of them, or in a dry run, the aggregates compared.
    async fn enqueued(&self) -> i64 {
        self.0.row.enqueued
    }

    /// How many students have a job that is to be done.
    async fn pending(&self) -> i64 {
        self.0.pending
    }

    /// How many students have come to an end: changed, unchanged or failed.
    async fn done(&self) -> i64 {
        self.0.done()
    }

    /// How many students' aggregates, or those of their enrolments, were others than before; in a dry run, would be.
    async fn changed(&self) -> i64 {
        self.0.changed
    }

    /// How many students' aggregates were right all along. Students who were deleted meanwhile count here.
    async fn unchanged(&self) -> i64 {
        self.0.unchanged()
    }

    /// How many students could not be recalculated.
    async fn failed(&self) -> i64 {
        self.0.failed
    }

    /// How many students were enqueued and no longer waited for when the run was called off.
    async fn called_off(&self) -> i64 {
        self.0.row.called_off
    }

    /// How many students have come to an end in a second, over the whole run; null before the first.
    async fn students_per_second(&self) -> Option<f64> {
        self.0.per_second()
    }

    /// How many seconds are left at that rate; null before the first student, and when the run has ended.
    async fn seconds_left(&self) -> Option<f64> {
        self.0.time_left().map(|left| left.as_secs_f64())
    }

    /// The students who could not be recalculated.
    #[graphql(complexity = "page_size(first) * child_complexity")]
    async fn failures(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 unless told otherwise.")] first: Option<i32>,
        #[graphql(desc = "Only those after this cursor.")] after: Option<String>,
    ) -> Result<Connection<String, BackfillFailure>> {
        let (page, items) = self.page(ctx, Outcome::Failed, first, after.as_deref()).await?;
        Ok(page.connection(items, |item| (item.student_id.to_string(), BackfillFailure(item))))
    }

    /// The students whose aggregates were others than before; in a dry run, would be.
    #[graphql(complexity = "page_size(first) * child_complexity")]
    async fn changes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 unless told otherwise.")] first: Option<i32>,
        #[graphql(desc = "Only those after this cursor.")] after: Option<String>,
    ) -> Result<Connection<String, BackfillChange, ChangesTotal>> {
        let (page, items) = self.page(ctx, Outcome::Changed, first, after.as_deref()).await?;
        let rows = page.connection(items, |item| (item.student_id.to_string(), BackfillChange(item)));
        let total = ChangesTotal(self.0.row.id);
        let mut changes =
            Connection::with_additional_fields(rows.has_previous_page, rows.has_next_page, total);
        changes.edges = rows.edges;
        Ok(changes)
    }

    /// Where this server gives out all changes as CSV, with the same token.
    async fn changes_csv(&self) -> String {
        format!("/backfills/{}/changes.csv", self.0.row.id)
    }
}

impl BackfillRun {
    async fn page(
        &self,
        ctx: &Context<'_>,
        outcome: Outcome,
        first: Option<i32>,
        after: Option<&str>,
    ) -> Result<(Page<StudentId>, Vec<backfill_item::Model>)> {
        let page = Page::read(first, after)?;
        let db = &ctx.services()?.db;
        let items = backfill::items(db, self.0.row.id, outcome, page.after, page.limit + 1).await;
        let items = items.map_err(|error| database_error(&error))?;
        ctx.note(Kind::Read, items.iter().take(page.rows() - 1).map(|item| item.student_id))?;
        Ok((page, items))
    }
}

/// What the connection of changes has beside its pages.
#[derive(Clone, Copy, Debug)]
pub struct ChangesTotal(BackfillRunId);

#[Object]
impl ChangesTotal {
    /// How many changes there are on all pages.
    async fn total_count(&self, ctx: &Context<'_>) -> Result<u64> {
        let count = backfill::count_items(&ctx.services()?.db, self.0, Outcome::Changed).await;
        count.map_err(|error| database_error(&error))
    }
}

/// A student who could not be recalculated in a backfill.
#[derive(Clone, Debug, Description)]
pub struct BackfillFailure(backfill_item::Model);

#[Object(use_type_description)]
impl BackfillFailure {
    /// The student; null when the student is no more.
    async fn student(&self, ctx: &Context<'_>) -> Result<Option<Student>> {
        student(ctx, self.0.student_id).await
    }

    /// What went wrong at last.
    async fn error(&self) -> &str {
        self.0.error.as_deref().unwrap_or_default()
    }

    /// How often it was tried.
    async fn attempts(&self) -> i32 {
        self.0.attempts
    }
}

/// A student whose aggregates, or those of whose enrolments, were changed by a backfill; in a dry run, would be.
#[derive(Clone, Debug, Description)]
pub struct BackfillChange(backfill_item::Model);

#[Object(use_type_description)]
impl BackfillChange {
    /// The student; null when the student is no more.
    async fn student(&self, ctx: &Context<'_>) -> Result<Option<Student>> {
        student(ctx, self.0.student_id).await
    }

    /// Whether the facts were newer than the aggregates at that moment: a change was on its way then.
    async fn is_stale(&self) -> bool {
        self.0.stale
    }

    /// How many of the student's enrolments have other aggregates, too.
    async fn enrollments(&self) -> i64 {
        self.0.enrollments
    }

    /// The aggregates as they were stored.
    async fn before(&self) -> BackfillAggregates {
        let item = &self.0;
        BackfillAggregates {
            quizzes: item.quizzes_before,
            assignments: item.assignments_before,
            quiz_average: item.quiz_average_before.map(Into::into),
            assignment_average: item.assignment_average_before.map(Into::into),
            average: item.average_before.map(Into::into),
            update: item.update_before.map(Into::into),
        }
    }

    /// The aggregates as they follow from the facts.
    async fn after(&self) -> BackfillAggregates {
        let item = &self.0;
        BackfillAggregates {
            quizzes: item.quizzes_after,
            assignments: item.assignments_after,
            quiz_average: item.quiz_average_after.map(Into::into),
            assignment_average: item.assignment_average_after.map(Into::into),
            average: item.average_after.map(Into::into),
            update: item.update_after.map(Into::into),
        }
    }
}

/// The six aggregate fields of a student, before or after a change.
#[derive(Clone, Copy, Debug, Description)]
pub struct BackfillAggregates {
    quizzes: i64,
    assignments: i64,
    quiz_average: Option<Decimal>,
    assignment_average: Option<Decimal>,
    average: Option<Decimal>,
    update: Option<Time>,
}

#[Object(use_type_description)]
impl BackfillAggregates {
    /// The number of counted quiz attempts.
    async fn total_quizzes_completed(&self) -> i64 {
        self.quizzes
    }

    /// The number of counted assignment submissions.
    async fn total_assignments_completed(&self) -> i64 {
        self.assignments
    }

    /// The average of the counted quiz attempts in percent; null when there is none.
    async fn overall_quiz_average_score(&self) -> Option<Decimal> {
        self.quiz_average
    }

    /// The average of the counted submissions in percent; null when there is none.
    async fn overall_assignment_average_score(&self) -> Option<Decimal> {
        self.assignment_average
    }

    /// The average of both together in percent; null when there is none.
    async fn overall_average_score(&self) -> Option<Decimal> {
        self.average
    }

    /// When these fields were written; null before the first time, and after a dry run, which writes nothing.
    async fn last_performance_update(&self) -> Option<Time> {
        self.update
    }
}
