//! Rows that belong to no student: people and courses, quizzes and assignments.

/// Implements [`Row`](super::pipeline::Row) for an entity whose rows are shared by all students.
///
/// A macro and not a trait, because SeaORM gives every entity a `Model` and a `Column` of its own.
macro_rules! shared_row {
    ($entity:ident, lock: $lock:ident, update: [$($column:ident),+], changes_numbers: $changes:expr $(, concerned: $concerned:path)? $(, told: $told:path)?) => {
        impl crate::service::facts::pipeline::Row for entity::$entity::Model {
            fn owner(&self) -> Option<entity::id::StudentId> {
                None
            }

            fn uuid(&self) -> uuid::Uuid {
                self.id.0
            }

            fn sourced_id(&self) -> Option<&str> {
                Some(&self.sourced_id)
            }

            fn occurred_at(&mut self) -> &mut Option<chrono::DateTime<chrono::Utc>> {
                &mut self.occurred_at
            }

            fn changes_numbers(before: Option<&Self>, after: &Self) -> bool {
                let changes: fn(Option<&Self>, &Self) -> bool = $changes;
                changes(before, after)
            }

            async fn load(
                txn: &entity::database::WriteTransaction,
                wanted: &crate::service::facts::wanted::Wanted,
            ) -> Result<Vec<Self>, entity::sea_orm::DbErr> {
                use entity::sea_orm::{EntityTrait, QueryFilter, QueryOrder, QuerySelect};
                use entity::$entity::{Column, Entity};
                Entity::find()
                    .filter(
                        wanted.named(Column::Id, Column::SourcedId),
                    )
                    .order_by_asc(Column::Id)
                    .lock(entity::sea_orm::sea_query::LockType::$lock)
                    .all(&**txn)
                    .await
            }

            async fn save(
                txn: &entity::database::WriteTransaction,
                rows: Vec<Self>,
            ) -> Result<(), entity::sea_orm::DbErr> {
                use entity::sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, sea_query::OnConflict};
                use entity::$entity::{Column, Entity};
                $(txn.tell_on_commit(rows.iter().map(|row| $told(row.id)));)?
                Entity::insert_many(rows.into_iter().map(|row| row.into_active_model().reset_all()))
                    .on_conflict(OnConflict::column(Column::Id).update_columns([$(Column::$column),+]).to_owned())
                    .exec_without_returning(&**txn)
                    .await?;
                Ok(())
            }

            $(async fn concerned(
                txn: &entity::database::WriteTransaction,
                changed: &[Self],
            ) -> Result<std::collections::BTreeSet<entity::id::StudentId>, entity::sea_orm::DbErr> {
                $concerned(txn, changed).await
            })?
        }
    };
}

pub(super) use shared_row;
