//! Enrolments: creating them, changing their status, deleting them.

use chrono::{DateTime, Utc};
use entity::database::WriteTransaction;
use entity::enrollment::{Column, Entity, Model, Status};
use entity::feed::Change;
use entity::id::{CourseId, EnrollmentId, StudentId};
use entity::key_list::is_one_of;
use entity::sea_orm::sea_query::{Expr, OnConflict};
use entity::sea_orm::{ActiveModelTrait, ColumnTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter};
use uuid::Uuid;

use super::pipeline::{Command, Deciding, Key, Row};
use super::reference::Reference;
use super::student::{LockedStudents, about_row_of_student};
use super::task::{Found, find_courses};
use super::wanted::Wanted;
use crate::error::UserError;

/// Creates an enrolment, or changes it.
#[derive(Clone, Debug)]
pub struct UpsertEnrollment {
    /// The student.
    pub student: Reference,
    /// Which enrolment of the student.
    pub enrollment: Reference,
    /// The course; needed for a new enrolment.
    pub course: Option<Reference>,
    /// Where it stands; a new enrolment is active unless told otherwise.
    pub status: Option<Status>,
    /// When this happened, if the writing system says.
    pub occurred_at: Option<DateTime<Utc>>,
}

/// Changes the status of an enrolment that exists.
#[derive(Clone, Debug)]
pub struct SetEnrollmentStatus {
    /// The student.
    pub student: Reference,
    /// Which enrolment of the student.
    pub enrollment: Reference,
    /// Where it stands now.
    pub status: Status,
    /// When this happened, if the writing system says.
    pub occurred_at: Option<DateTime<Utc>>,
}

/// Deletes an enrolment. The items stay, and count again if the student is enrolled in the course anew.
#[derive(Clone, Debug)]
pub struct DeleteEnrollment {
    /// The student.
    pub student: Reference,
    /// Which enrolment of the student.
    pub enrollment: Reference,
    /// When this happened, if the writing system says.
    pub occurred_at: Option<DateTime<Utc>>,
}

impl Row for Model {
    fn owner(&self) -> Option<StudentId> {
        Some(self.student_id)
    }

    fn uuid(&self) -> Uuid {
        self.id.0
    }

    fn sourced_id(&self) -> Option<&str> {
        Some(&self.sourced_id)
    }

    fn occurred_at(&mut self) -> &mut Option<DateTime<Utc>> {
        &mut self.occurred_at
    }

    fn changes_numbers(before: Option<&Self>, after: &Self) -> bool {
        let counted = |row: &Self| row.counts().then_some(row.course_id);
        before.and_then(counted) != counted(after)
    }

    /// All enrolments of the students: few, and needed to tell whether another one is in the same course.
    async fn load(txn: &WriteTransaction, wanted: &Wanted) -> Result<Vec<Self>, DbErr> {
        Entity::find().filter(Column::StudentId.is_in(wanted.owners.iter().copied())).all(&**txn).await
    }

    /// Several rows may exchange their courses. The database compares each row with the others as it comes to it, so all
    /// of them leave their courses first.
    async fn save(txn: &WriteTransaction, rows: Vec<Self>) -> Result<(), DbErr> {
        txn.tell_on_commit(rows.iter().map(|row| Change::Facts(row.student_id)));
        if rows.len() > 1 {
            Entity::update_many()
                .col_expr(Column::DeletedAt, Expr::value(DateTime::UNIX_EPOCH))
                .filter(is_one_of(
                    [Column::StudentId, Column::Id],
                    rows.iter().map(|row| (row.student_id, row.id)),
                ))
                .exec(&**txn)
                .await?;
        }
        let facts = OnConflict::columns([Column::StudentId, Column::Id])
            .update_columns([Column::CourseId, Column::Status, Column::OccurredAt, Column::DeletedAt])
            .to_owned();
        Entity::insert_many(rows.into_iter().map(|row| row.into_active_model().reset_all()))
            .on_conflict(facts)
            .exec_without_returning(&**txn)
            .await?;
        Ok(())
    }
}

impl Command for UpsertEnrollment {
    type Row = Model;
    type Context = (Found<CourseId>, LockedStudents);

    async fn prepare(txn: &WriteTransaction, commands: &[&Self]) -> Result<Self::Context, DbErr> {
        let courses =
            find_courses(txn, commands.iter().filter_map(|command| command.course.as_ref())).await?;
        let students = LockedStudents::lock(txn, commands.iter().map(|command| &command.student)).await?;
        Ok((courses, students))
    }

    fn key(&self, (_, students): &Self::Context) -> Result<Key, UserError> {
        students.key(&self.student, &self.enrollment)
    }

    fn occurred_at(&self) -> Option<DateTime<Utc>> {
        self.occurred_at
    }

    fn decide(&self, deciding: &Deciding<'_, Self>) -> Result<Model, UserError> {
        let (courses, _) = deciding.context;
        let course = self.course.as_ref().map(|course| courses.find("course", course)).transpose()?;
        let after = match deciding.before {
            Some(before) => Model {
                course_id: course.unwrap_or(before.course_id),
                status: self.status.unwrap_or(before.status),
                deleted_at: None,
                ..before.clone()
            },
            None => Model {
                student_id: deciding.owner()?,
                id: EnrollmentId::new(deciding.now),
                sourced_id: deciding.new_sourced_id("id")?,
                course_id: course
                    .ok_or_else(|| UserError::input("course", "is needed for a new enrolment"))?,
                status: self.status.unwrap_or(Status::Active),
                occurred_at: None,
                deleted_at: None,
                total_quizzes_taken: 0,
                quiz_score_sum: 0,
                average_quiz_score: None,
                total_assignments_completed: 0,
                assignment_score_sum: 0,
                average_assignment_score: None,
            },
        };
        only_one_in_its_course(&after, deciding.rows)?;
        Ok(after)
    }
}

fn only_one_in_its_course(after: &Model, rows: &[Model]) -> Result<(), UserError> {
    let other = rows.iter().find(|row| {
        row.deleted_at.is_none()
            && row.id != after.id
            && row.student_id == after.student_id
            && row.course_id == after.course_id
    });
    match other {
        Some(other) => {
            let message =
                format!("is one in which the student has the enrolment {:?} already", other.sourced_id);
            Err(UserError::conflict("course", message))
        }
        None => Ok(()),
    }
}

/// The enrolment that a command changes, which must be there.
fn existing(before: Option<&Model>) -> Result<&Model, UserError> {
    before.filter(|row| row.deleted_at.is_none()).ok_or_else(|| UserError::not_found("enrollment"))
}

impl Command for SetEnrollmentStatus {
    about_row_of_student!(Model, enrollment);

    fn decide(&self, deciding: &Deciding<'_, Self>) -> Result<Model, UserError> {
        Ok(Model { status: self.status, ..existing(deciding.before)?.clone() })
    }
}

impl Command for DeleteEnrollment {
    about_row_of_student!(Model, enrollment);

    /// Deleting what is deleted already changes nothing.
    fn decide(&self, deciding: &Deciding<'_, Self>) -> Result<Model, UserError> {
        let before = deciding.before.ok_or_else(|| UserError::not_found("enrollment"))?;
        Ok(Model { deleted_at: before.deleted_at.or(Some(deciding.now)), ..before.clone() })
    }
}
