//! Asking for a run.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult,
    IntoActiveModel, QueryFilter, Statement,
};

use crate::backfill_item::{self, Outcome};
use crate::backfill_run::{self, Column, Entity, Model, Scope, State};
use crate::database::{Database, UnitOfWork, WriteTransaction};
use crate::id::{BackfillRunId, CourseId, StudentId};

/// Which students.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// All of them.
    All,
    /// Those whose facts are newer than their aggregates.
    Stale,
    /// Those who have an enrolment in a course.
    Course(CourseId),
    /// These, a thousand at most.
    Students(BTreeSet<StudentId>),
    /// Those whose recalculation failed in an earlier run.
    FailuresOf(BackfillRunId),
}

/// What somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Which students.
    pub target: Target,
    /// Whether only to say what would change.
    pub dry_run: bool,
    /// The priority of the jobs, of [`backfill_run::PRIORITIES`].
    pub priority: i16,
    /// How many students may be enqueued in a second; as many as the workers can do when none.
    pub rate_per_second: Option<i32>,
    /// Who asks.
    pub requested_by: String,
}

/// A run that goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Started {
    /// The run.
    pub run: BackfillRunId,
    /// Whether it is new. Otherwise it was going already.
    pub is_new: bool,
}

/// Writes down a run for the workers to walk, and wakes them.
///
/// While a run over the same scope is going, that one is returned instead: a second one would do all the work again that
/// the first has done already. Students who were named are no such scope; their runs share the jobs that wait.
///
/// # Errors
/// Whatever the database reports.
pub async fn start(db: &Database, request: &Request, now: DateTime<Utc>) -> Result<Started, DbErr> {
    let total = count(db, &request.target).await?;
    db.write(&Start { request, total, now }).await
}

struct Start<'a> {
    request: &'a Request,
    total: i64,
    now: DateTime<Utc>,
}

impl UnitOfWork for Start<'_> {
    type Output = Started;
    type Error = DbErr;

    async fn run(&self, txn: &WriteTransaction) -> Result<Started, DbErr> {
        let scope_key = scope_key(self.request);
        if let Some(key) = &scope_key
            && let Some(run) = going(txn, key).await?
        {
            return Ok(Started { run: run.id, is_new: false });
        }
        let (course_id, retry_of) = match self.request.target {
            Target::Course(course) => (Some(course), None),
            Target::FailuresOf(run) => (None, Some(run)),
            _ => (None, None),
        };
        let id = BackfillRunId::new(self.now);
        let run = backfill_run::ActiveModel {
            id: Set(id),
            scope: Set(scope(&self.request.target)),
            scope_key: Set(scope_key),
            course_id: Set(course_id),
            retry_of: Set(retry_of),
            dry_run: Set(self.request.dry_run),
            priority: Set(self.request.priority),
            rate_per_second: Set(self.request.rate_per_second),
            state: Set(State::Running),
            requested_by: Set(self.request.requested_by.clone()),
            total: Set(self.total),
            ..Default::default()
        };
        run.insert(&**txn).await?;
        if let Target::Students(students) = &self.request.target {
            list(txn, id, students).await?;
        }
        txn.wake_on_commit();
        Ok(Started { run: id, is_new: true })
    }
}

async fn going(txn: &WriteTransaction, scope_key: &str) -> Result<Option<Model>, DbErr> {
    Entity::find()
        .filter(Column::ScopeKey.eq(scope_key))
        .filter(Column::State.eq(State::Running))
        .one(&**txn)
        .await
}

async fn list(
    txn: &WriteTransaction,
    run: BackfillRunId,
    students: &BTreeSet<StudentId>,
) -> Result<(), DbErr> {
    let items = students.iter().map(|student| backfill_item::Model::new(run, *student, Outcome::Listed));
    backfill_item::Entity::insert_many(items.map(|item| item.into_active_model().reset_all()))
        .exec_without_returning(&**txn)
        .await?;
    Ok(())
}

const fn scope(target: &Target) -> Scope {
    match target {
        Target::All => Scope::All,
        Target::Stale => Scope::Stale,
        Target::Course(_) => Scope::Course,
        Target::Students(_) => Scope::Students,
        Target::FailuresOf(_) => Scope::Failures,
    }
}

fn scope_key(request: &Request) -> Option<String> {
    let scope = match &request.target {
        Target::All => "all".to_owned(),
        Target::Stale => "stale".to_owned(),
        Target::Course(course) => course.to_string(),
        Target::Students(_) => return None,
        Target::FailuresOf(run) => run.to_string(),
    };
    Some(if request.dry_run { format!("dry {scope}") } else { scope })
}

#[derive(FromQueryResult)]
struct Count {
    count: i64,
}

/// How many students it is about now.
async fn count(db: &Database, target: &Target) -> Result<i64, DbErr> {
    let (sql, values) = match target {
        Target::Students(students) => return Ok(i64::try_from(students.len()).unwrap_or(i64::MAX)),
        Target::All => ("SELECT COUNT(*) AS count FROM student_profile", vec![]),
        Target::Stale => (
            "SELECT COUNT(*) AS count FROM student_profile WHERE facts_revision <> aggregated_revision",
            vec![],
        ),
        Target::Course(course) => (
            "SELECT COUNT(DISTINCT student_id) AS count FROM enrollment WHERE course_id = $1",
            vec![(*course).into()],
        ),
        Target::FailuresOf(run) => (
            "SELECT COUNT(*) AS count FROM backfill_item WHERE run_id = $1 AND outcome = 'failed'",
            vec![(*run).into()],
        ),
    };
    let statement = Statement::from_sql_and_values(db.backend(), sql, values);
    let row = db.reader().query_one_raw(statement).await?;
    let row = row.ok_or_else(|| DbErr::RecordNotFound("a count".to_owned()))?;
    Ok(Count::from_query_result(&row, "")?.count)
}
