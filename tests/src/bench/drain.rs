//! How fast waiting jobs are done, next to one statement over the same rows.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use entity::change;
use entity::clock::SystemClock;
use entity::database::{Database, UnitOfWork, WriteTransaction};
use entity::id::StudentId;
use entity::job::BACKFILL_PRIORITY;
use entity::sea_orm::{ConnectionTrait, DbErr};
use tokio_util::sync::CancellationToken;
use worker::{Metrics, Settings, Worker};

use super::freshness::settled;

/// What a drain took, and what its limit would be.
#[derive(Clone, Copy, Debug)]
pub struct Drain {
    /// All jobs by a worker, from its start to the last profile.
    pub jobs: Duration,
    /// The same students' aggregates by one statement each for enrolments and profiles.
    pub statement: Duration,
}

/// Marks all profiles as stale, enqueues a job for each of `students`, has a worker do them, and then does the same by one statement.
///
/// # Panics
/// When the database refuses.
pub async fn measure(db: &Database, students: &[StudentId]) -> Drain {
    let students: BTreeSet<StudentId> = students.iter().copied().collect();
    db.write(&Enqueue(&students)).await.expect("jobs are enqueued");

    let settings = Settings::for_backend(db.backend());
    let worker = Worker::new(db.clone(), Arc::new(SystemClock), settings, Metrics::new());
    let stop = CancellationToken::new();
    let began = Instant::now();
    let running = tokio::spawn(worker.run(stop.clone()));
    settled(db).await;
    let jobs = began.elapsed();
    stop.cancel();
    running.await.expect("the worker does not panic").expect("the worker runs");

    let began = Instant::now();
    for statement in SET_BASED {
        db.writer().execute_unprepared(statement).await.expect("the statement runs");
    }
    Drain { jobs, statement: began.elapsed() }
}

struct Enqueue<'a>(&'a BTreeSet<StudentId>);

impl UnitOfWork for Enqueue<'_> {
    type Output = ();
    type Error = DbErr;

    async fn run(&self, txn: &WriteTransaction) -> Result<(), DbErr> {
        use entity::clock::Clock;
        txn.execute_unprepared("UPDATE student_profile SET facts_revision = facts_revision + 1").await?;
        change::enqueue_recalculation(txn, self.0, BACKFILL_PRIORITY, SystemClock.now()).await
    }
}

/// What one could do at best: everybody's aggregates in two statements, without jobs, locks or stamps.
const SET_BASED: [&str; 2] = [
    "WITH quizzes AS (
       SELECT a.student_id, q.course_id, COUNT(a.score) AS n, SUM(a.score) AS total
       FROM quiz_attempt a JOIN quiz q ON q.id = a.quiz_id
       WHERE a.standing = 'regular' AND a.completed_at IS NOT NULL AND a.score IS NOT NULL
       GROUP BY a.student_id, q.course_id
     ), assignments AS (
       SELECT s.student_id, t.course_id, COUNT(s.score) AS n, SUM(s.score) AS total
       FROM assignment_submission s JOIN assignment t ON t.id = s.assignment_id
       WHERE s.standing = 'regular' AND s.graded_at IS NOT NULL AND s.score IS NOT NULL
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
       overall_average_score = (2 * (t.qs + t.ass) + t.qn + t.an) / (2 * (t.qn + t.an))
     FROM (
       SELECT student_id, SUM(total_quizzes_taken) AS qn, SUM(quiz_score_sum) AS qs,
         SUM(total_assignments_completed) AS an, SUM(assignment_score_sum) AS ass
       FROM enrollment WHERE status IN ('active', 'completed') AND deleted_at IS NULL GROUP BY student_id
     ) AS t
     WHERE student_profile.student_id = t.student_id",
];
