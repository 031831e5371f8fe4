//! How fast waiting jobs are done, next to one statement over the same rows.
//!
//! A backfill is to be measured here as well, next to the same statement: [`Range`] makes students stale, and says when
//! they are done.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use entity::change;
use entity::clock::{Clock as _, SystemClock};
use entity::database::{Database, UnitOfWork, WriteTransaction};
use entity::id::StudentId;
use entity::job::BACKFILL_PRIORITY;
use entity::sea_orm::{ConnectionTrait, DbErr, Statement};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use tokio_util::sync::CancellationToken;
use worker::{Metrics, Settings, Worker};

use super::freshness::settled;
use super::options::Part;
use super::round::{Round, in_turn};
use super::{Outcome, memory};

/// How many students are recomputed at most.
const MOST: usize = 20_000;

/// Measures drains by a worker in this process, and the memory of `tally-worker` when it does the same.
///
/// # Errors
/// Whatever the database reports; when `tally-worker` does not start.
pub(super) async fn measure(round: &mut Round<'_>) -> Outcome {
    let range = Range::choose(round);
    let (jobs, statement) = in_turn(
        round.bare_first(),
        async || {
            range.spoil().await?;
            range.enqueue().await?;
            range.drain().await
        },
        async || {
            range.spoil().await?;
            range.recompute_by_statement().await
        },
    )
    .await?;
    range.spoil().await?;
    range.enqueue().await?;
    let mut worker = round.programs.work(&round.arena.url)?;
    settled(&round.arena.db).await?;
    let memory = memory::of(worker.id())?;
    worker.kill().await?;
    round.compare(Part::Drain, "drain of recalculation jobs", 0, jobs, statement);
    round.note_memory("memory of tally-worker, drain", memory);
    Ok(())
}

/// Students who follow each other.
struct Range<'a> {
    db: &'a Database,
    students: &'a [StudentId],
}

impl<'a> Range<'a> {
    fn choose(round: &Round<'a>) -> Self {
        let all = &round.arena.students;
        let count = all.len().min(MOST);
        let first = StdRng::seed_from_u64(round.seed(0)).random_range(0..=all.len() - count);
        Self { db: &round.arena.db, students: &all[first..first + count] }
    }

    /// Takes their aggregates away, so that all of them are to be written again, and marks them as stale.
    async fn spoil(&self) -> Result<(), DbErr> {
        for statement in SPOIL {
            self.execute(statement).await?;
        }
        Ok(())
    }

    /// Enqueues a job for each.
    async fn enqueue(&self) -> Result<(), DbErr> {
        let students = self.students.iter().copied().collect();
        self.db.write(&Enqueue(students)).await
    }

    /// Has a worker do all waiting jobs, and returns how many students a second it did, from its start to the last
    /// profile.
    async fn drain(&self) -> Outcome<f64> {
        let settings = Settings::for_backend(self.db.backend());
        let worker = Worker::new(self.db.clone(), Arc::new(SystemClock), settings, Metrics::new());
        let stop = CancellationToken::new();
        let began = Instant::now();
        let running = tokio::spawn(worker.run(stop.clone()));
        settled(self.db).await?;
        let rate = self.per_second(began);
        stop.cancel();
        running.await??;
        Ok(rate)
    }

    /// Does the same by one statement each for enrolments and profiles, in one transaction.
    async fn recompute_by_statement(&self) -> Outcome<f64> {
        let began = Instant::now();
        let txn = self.db.begin_write().await?;
        for statement in SET_BASED {
            txn.execute_raw(self.bound(statement)).await?;
        }
        txn.commit().await?;
        Ok(self.per_second(began))
    }

    async fn execute(&self, statement: &str) -> Result<(), DbErr> {
        self.db.writer().execute_raw(self.bound(statement)).await.map(drop)
    }

    fn bound(&self, statement: &str) -> Statement {
        let bounds = self.students.first().zip(self.students.last());
        let (first, last) = bounds.expect("a school has students");
        Statement::from_sql_and_values(self.db.backend(), statement, [first.0.into(), last.0.into()])
    }

    fn per_second(&self, began: Instant) -> f64 {
        let students = u32::try_from(self.students.len()).unwrap_or(u32::MAX);
        f64::from(students) / began.elapsed().as_secs_f64()
    }
}

struct Enqueue(BTreeSet<StudentId>);

impl UnitOfWork for Enqueue {
    type Output = ();
    type Error = DbErr;

    async fn run(&self, txn: &WriteTransaction) -> Result<(), DbErr> {
        change::enqueue_recalculation(txn, &self.0, BACKFILL_PRIORITY, SystemClock.now()).await
    }
}

const SPOIL: [&str; 2] = [
    "UPDATE enrollment SET
       total_quizzes_taken = 0, quiz_score_sum = 0, average_quiz_score = NULL,
       total_assignments_completed = 0, assignment_score_sum = 0, average_assignment_score = NULL
     WHERE student_id BETWEEN $1 AND $2",
    "UPDATE student_profile SET
       total_quizzes_completed = 0, quiz_score_sum = 0, overall_quiz_average_score = NULL,
       total_assignments_completed = 0, assignment_score_sum = 0, overall_assignment_average_score = NULL,
       overall_average_score = NULL, facts_revision = facts_revision + 1
     WHERE student_id BETWEEN $1 AND $2",
];

/// What one could do at best: the aggregates of all of them in two statements, without jobs and without locks. Every
/// student of the school has items of both kinds in every course, so that nothing need be said of those who have none.
const SET_BASED: [&str; 2] = [
    "WITH quizzes AS (
       SELECT a.student_id, q.course_id, COUNT(a.score) AS n, SUM(a.score) AS total
       FROM quiz_attempt a JOIN quiz q ON q.id = a.quiz_id
       WHERE a.student_id BETWEEN $1 AND $2
         AND a.standing = 'regular' AND a.completed_at IS NOT NULL AND a.score IS NOT NULL
       GROUP BY a.student_id, q.course_id
     ), assignments AS (
       SELECT s.student_id, t.course_id, COUNT(s.score) AS n, SUM(s.score) AS total
       FROM assignment_submission s JOIN assignment t ON t.id = s.assignment_id
       WHERE s.student_id BETWEEN $1 AND $2
         AND s.standing = 'regular' AND s.graded_at IS NOT NULL AND s.score IS NOT NULL
       GROUP BY s.student_id, t.course_id
     )
     UPDATE enrollment SET
       total_quizzes_taken = quizzes.n, quiz_score_sum = quizzes.total,
       average_quiz_score = (2 * quizzes.total + quizzes.n) / (2 * quizzes.n),
       total_assignments_completed = assignments.n, assignment_score_sum = assignments.total,
       average_assignment_score = (2 * assignments.total + assignments.n) / (2 * assignments.n)
     FROM quizzes JOIN assignments
       ON assignments.student_id = quizzes.student_id AND assignments.course_id = quizzes.course_id
     WHERE enrollment.student_id = quizzes.student_id AND enrollment.course_id = quizzes.course_id",
    "UPDATE student_profile SET
       total_quizzes_completed = t.qn, quiz_score_sum = t.qs,
       overall_quiz_average_score = (2 * t.qs + t.qn) / (2 * t.qn),
       total_assignments_completed = t.an, assignment_score_sum = t.ass,
       overall_assignment_average_score = (2 * t.ass + t.an) / (2 * t.an),
       overall_average_score = (2 * (t.qs + t.ass) + t.qn + t.an) / (2 * (t.qn + t.an)),
       aggregated_revision = facts_revision, stale_since = NULL, version = version + 1
     FROM (
       SELECT student_id, SUM(total_quizzes_taken) AS qn, SUM(quiz_score_sum) AS qs,
         SUM(total_assignments_completed) AS an, SUM(assignment_score_sum) AS ass
       FROM enrollment
       WHERE student_id BETWEEN $1 AND $2 AND status IN ('active', 'completed') AND deleted_at IS NULL
       GROUP BY student_id
     ) AS t
     WHERE student_profile.student_id = t.student_id",
];
