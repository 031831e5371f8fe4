//! Quizzes and assignments: creating and renaming them, and moving them to another course.
//!
//! A move takes all items of the quiz or assignment with it, so it changes the numbers of every student who has one.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use entity::database::WriteTransaction;
use entity::id::{AssignmentId, CourseId, QuizId, StudentId};
use entity::sea_orm::sea_query::LockType;
use entity::sea_orm::{
    ColumnTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, Select,
};
use entity::{assignment, assignment_submission, change, course, quiz, quiz_attempt};

use super::pipeline::{Command, Deciding, Key};
use super::reference::{Reference, has_id_of};
use super::shared_row::shared_row;
use crate::error::UserError;

/// Creates a quiz, renames it, or moves it to another course.
#[derive(Clone, Debug)]
pub struct UpsertQuiz {
    /// Which quiz.
    pub quiz: Reference,
    /// The course; needed for a new quiz.
    pub course: Option<Reference>,
    /// The title that people read; needed for a new quiz.
    pub title: Option<String>,
    /// When this happened, if the writing system says.
    pub occurred_at: Option<DateTime<Utc>>,
}

/// Creates an assignment, renames it, or moves it to another course.
#[derive(Clone, Debug)]
pub struct UpsertAssignment {
    /// Which assignment.
    pub assignment: Reference,
    /// The course; needed for a new assignment.
    pub course: Option<Reference>,
    /// The title that people read; needed for a new assignment.
    pub title: Option<String>,
    /// When this happened, if the writing system says.
    pub occurred_at: Option<DateTime<Utc>>,
}

/// The rows that some commands name, by either of their ids.
#[derive(Debug)]
pub struct Found<T>(HashMap<Reference, T>);

impl<T: Copy> Found<T> {
    /// The row that `reference` names.
    ///
    /// # Errors
    /// When there is none.
    pub(super) fn find(&self, field: &str, reference: &Reference) -> Result<T, UserError> {
        self.0.get(reference).copied().ok_or_else(|| UserError::not_found(field))
    }
}

/// Finds rows of a shared entity by either of their ids, and keeps them from being deleted or moved meanwhile.
///
/// The lock is the one that a foreign key takes anyway when an item is written. It is taken before any profile is
/// locked, as a move does it too: so the two never wait for each other in a circle.
macro_rules! find_shared {
    ($(#[$doc:meta])* $name:ident, $entity:ident, $id:ty) => {
        $(#[$doc])*
        pub(super) async fn $name<'a>(
            txn: &WriteTransaction,
            references: impl Iterator<Item = &'a Reference>,
        ) -> Result<Found<$id>, DbErr> {
            use $entity::{Column, Entity};
            let references: Vec<_> = references.collect();
            if references.is_empty() {
                return Ok(Found(HashMap::new()));
            }
            let named = has_id_of(
                (Column::Id, references.iter().filter_map(|r| r.as_id())),
                (Column::SourcedId, references.iter().filter_map(|r| r.as_sourced_id())),
            );
            let rows = Entity::find()
                .filter(named)
                .order_by_asc(Column::Id)
                .lock(LockType::KeyShare)
                .all(&**txn)
                .await?;
            let both = rows.into_iter().flat_map(|row| {
                [(Reference::Id(row.id.0), row.id), (Reference::SourcedId(row.sourced_id), row.id)]
            });
            Ok(Found(both.collect()))
        }
    };
}

find_shared!(/** The courses that `references` name. */ find_courses, course, CourseId);
find_shared!(/** The quizzes that `references` name. */ find_quizzes, quiz, QuizId);
find_shared!(/** The assignments that `references` name. */ find_assignments, assignment, AssignmentId);

#[derive(FromQueryResult)]
struct StudentRow {
    student_id: StudentId,
}

async fn with_attempts(txn: &WriteTransaction, moved: &[quiz::Model]) -> Result<BTreeSet<StudentId>, DbErr> {
    use quiz_attempt::{Column, Entity};
    let of_the_moved = Column::QuizId.is_in(moved.iter().map(|quiz| quiz.id));
    lock_all(txn, Entity::find().select_only().column(Column::StudentId).distinct().filter(of_the_moved))
        .await
}

async fn with_submissions(
    txn: &WriteTransaction,
    moved: &[assignment::Model],
) -> Result<BTreeSet<StudentId>, DbErr> {
    use assignment_submission::{Column, Entity};
    let of_the_moved = Column::AssignmentId.is_in(moved.iter().map(|task| task.id));
    lock_all(txn, Entity::find().select_only().column(Column::StudentId).distinct().filter(of_the_moved))
        .await
}

/// Locks the profiles of the students that `select` finds, and looks again until it finds nobody else: while a lock is
/// waited for, a merge may give the items to another student.
async fn lock_all<E: EntityTrait>(
    txn: &WriteTransaction,
    select: Select<E>,
) -> Result<BTreeSet<StudentId>, DbErr> {
    let mut locked = BTreeSet::new();
    loop {
        let rows = select.clone().into_model::<StudentRow>().all(&**txn).await?;
        let found: BTreeSet<StudentId> = rows.into_iter().map(|row| row.student_id).collect();
        if found.is_subset(&locked) {
            return Ok(found);
        }
        locked.extend(change::lock_students(txn, &found).await?.into_keys());
    }
}

// The strongest lock: it makes those wait who record an item of the quiz or assignment, until its move is done.
shared_row!(quiz, lock: Update, update: [CourseId, Title, OccurredAt],
    changes_numbers: |before, after| before.is_some_and(|before| before.course_id != after.course_id),
    concerned: with_attempts);
shared_row!(assignment, lock: Update, update: [CourseId, Title, OccurredAt],
    changes_numbers: |before, after| before.is_some_and(|before| before.course_id != after.course_id),
    concerned: with_submissions);

macro_rules! upsert_task {
    ($command:ident, $entity:ident, $id:ident) => {
        impl Command for $command {
            type Row = $entity::Model;
            type Context = Found<CourseId>;

            async fn prepare(txn: &WriteTransaction, commands: &[&Self]) -> Result<Found<CourseId>, DbErr> {
                find_courses(txn, commands.iter().filter_map(|command| command.course.as_ref())).await
            }

            fn key(&self, _: &Found<CourseId>) -> Result<Key, UserError> {
                Ok(Key { owner: None, row: self.$entity.clone() })
            }

            fn occurred_at(&self) -> Option<DateTime<Utc>> {
                self.occurred_at
            }

            fn decide(&self, deciding: &Deciding<'_, Self>) -> Result<$entity::Model, UserError> {
                let course = self.course.as_ref();
                let course_id = course.map(|course| deciding.context.find("course", course)).transpose()?;
                if let Some(before) = deciding.before {
                    return Ok($entity::Model {
                        course_id: course_id.unwrap_or(before.course_id),
                        title: self.title.clone().unwrap_or_else(|| before.title.clone()),
                        ..before.clone()
                    });
                }
                let needed = concat!("is needed for a new ", stringify!($entity));
                Ok($entity::Model {
                    id: $id::new(deciding.now),
                    sourced_id: deciding.new_sourced_id("id")?,
                    course_id: course_id.ok_or_else(|| UserError::input("course", needed))?,
                    title: self.title.clone().ok_or_else(|| UserError::input("title", needed))?,
                    occurred_at: None,
                })
            }
        }
    };
}

upsert_task!(UpsertQuiz, quiz, QuizId);
upsert_task!(UpsertAssignment, assignment, AssignmentId);
