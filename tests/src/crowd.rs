//! Any number of students, with profiles that no facts belong to: what a list of students is tried on.

use std::ops::Range;

use chrono::{DateTime, TimeDelta, Utc};
use entity::database::Database;
use entity::id::StudentId;
use entity::score::Score;
use entity::sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};
use entity::{student, student_profile};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::app::start_of_time;

/// Below both databases' limits on parameters.
const ROWS_PER_STATEMENT: usize = 500;

/// A student and the profile.
pub type Member = (student::Model, student_profile::Model);

/// Adds the students with these numbers, whose `sourcedId`s begin with `prefix`. Many are equal in what they can be
/// ordered by, a third has no averages, some were never updated, and some are stale.
pub async fn join(db: &Database, prefix: &str, numbers: Range<u32>) -> Vec<Member> {
    let members: Vec<Member> = numbers.map(|number| member(prefix, number)).collect();
    insert(db, members.iter().map(|(student, _)| student.clone()).collect()).await;
    insert(db, members.iter().map(|(_, profile)| profile.clone()).collect()).await;
    members
}

fn member(prefix: &str, number: u32) -> Member {
    let mut random = StdRng::seed_from_u64(number.into());
    let student = student::Model {
        id: StudentId::new(start_of_time() + TimeDelta::milliseconds(number.into())),
        sourced_id: format!("{prefix}-{number}"),
        display_name: format!("Student {:03}", random.random_range(0..1000)),
        occurred_at: None,
    };
    let stale = random.random_ratio(1, 20);
    let counted = random.random_ratio(2, 3);
    let updated = random.random_ratio(9, 10);
    let profile = student_profile::Model {
        total_quizzes_completed: random.random_range(0..40),
        total_assignments_completed: random.random_range(0..40),
        overall_quiz_average_score: counted.then(|| score(&mut random)),
        overall_assignment_average_score: counted.then(|| score(&mut random)),
        overall_average_score: counted.then(|| score(&mut random)),
        last_performance_update: updated.then(|| moment(&mut random)),
        facts_revision: i64::from(stale),
        stale_since: stale.then(|| moment(&mut random)),
        ..student_profile::Model::empty(student.id)
    };
    (student, profile)
}

fn score(random: &mut StdRng) -> Score {
    Score::from_hundredths(random.random_range(5_000..=10_000)).expect("within the range of scores")
}

/// Some in whole seconds and some not, which SQLite keeps as texts of different lengths.
fn moment(random: &mut StdRng) -> DateTime<Utc> {
    start_of_time() + TimeDelta::milliseconds(250 * random.random_range(0..20_000))
}

async fn insert<M, A>(db: &Database, rows: Vec<M>)
where
    M: IntoActiveModel<A>,
    A: ActiveModelTrait,
{
    let rows: Vec<A> = rows.into_iter().map(|row| row.into_active_model().reset_all()).collect();
    for page in rows.chunks(ROWS_PER_STATEMENT) {
        A::Entity::insert_many(page.to_vec())
            .exec_without_returning(db.writer())
            .await
            .expect("rows are inserted");
    }
}
