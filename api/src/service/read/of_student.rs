//! Rows that are about one student.

use entity::id::StudentId;
use entity::sea_orm::{ColumnTrait, EntityTrait};
use entity::{
    aggregate_drift, assignment_submission, backfill_item, enrollment, guardianship, quiz_attempt, student,
    student_profile,
};

/// What is about one student.
pub trait OfStudent {
    /// The student.
    fn student(&self) -> StudentId;
}

/// A table whose rows are each about one student.
pub trait StudentsTable: EntityTrait<Model: OfStudent> {
    /// The column that says about whom.
    fn student_column() -> impl ColumnTrait;
}

impl OfStudent for StudentId {
    fn student(&self) -> StudentId {
        *self
    }
}

macro_rules! of_student {
    ($($entity:ident: $column:ident, $field:ident);+ $(;)?) => {
        $(
            impl OfStudent for $entity::Model {
                fn student(&self) -> StudentId {
                    self.$field
                }
            }

            impl StudentsTable for $entity::Entity {
                fn student_column() -> impl ColumnTrait {
                    $entity::Column::$column
                }
            }
        )+
    };
}

of_student! {
    student: Id, id;
    student_profile: StudentId, student_id;
    enrollment: StudentId, student_id;
    quiz_attempt: StudentId, student_id;
    assignment_submission: StudentId, student_id;
    guardianship: StudentId, student_id;
    aggregate_drift: StudentId, student_id;
    backfill_item: StudentId, student_id;
}
