//! What holds for the whole school: one row, which the migrations make.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Expr;
use sea_orm::{ConnectionTrait, QuerySelect};

use crate::calendar::TimeZone;
use crate::database::{Database, UnitOfWork, WriteTransaction};
use crate::id::StudentId;

/// The id of the one row.
const ONLY: i32 = 1;

/// The school.
///
/// Its time zone is kept here and not in each process' settings: all must agree on when a week begins.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "school")]
pub struct Model {
    /// Always the same.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// The name of the time zone in which days and weeks begin.
    pub time_zone: String,
    /// Students after this one still have to be recalculated, because their weeks lie in another time zone or have never
    /// been computed; none when all is done. This mark, and not any job, is the truth about it.
    pub weeks_due_after: Option<StudentId>,
}

/// Has no relation that is joined through the entity.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The school as it is now.
    ///
    /// # Errors
    /// Whatever the database reports.
    pub async fn read(db: &impl ConnectionTrait) -> Result<Self, DbErr> {
        Entity::find_by_id(ONLY).one(db).await?.ok_or_else(missing)
    }

    /// The school, which nobody else changes before the end of the transaction.
    ///
    /// # Errors
    /// Whatever the database reports.
    pub async fn lock(txn: &WriteTransaction) -> Result<Self, DbErr> {
        Entity::find_by_id(ONLY).lock_exclusive().one(&**txn).await?.ok_or_else(missing)
    }

    /// The time zone in which days and weeks begin.
    ///
    /// # Errors
    /// When this version does not know it: a newer one has set it.
    pub fn zone(&self) -> Result<TimeZone, DbErr> {
        self.time_zone
            .parse()
            .map_err(|error| DbErr::Type(format!("the school's time zone {}: {error}", self.time_zone)))
    }
}

fn missing() -> DbErr {
    DbErr::RecordNotFound("the row of the school".to_owned())
}

/// Notes that the weeks of students up to `after` are seen to; of all, when it is none.
///
/// # Errors
/// Whatever the database reports.
pub async fn weeks_seen_to(txn: &WriteTransaction, after: Option<StudentId>) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::WeeksDueAfter, Expr::value(after))
        .filter(Column::Id.eq(ONLY))
        .exec(&**txn)
        .await?;
    Ok(())
}

/// Moves the school to `zone`, and marks the weeks of all students as to be computed anew. Returns whether it was
/// anywhere else.
///
/// # Errors
/// Whatever the database reports.
pub async fn move_to(db: &Database, zone: TimeZone) -> Result<bool, DbErr> {
    if Model::read(db.reader()).await?.time_zone == zone.to_string() {
        return Ok(false);
    }
    db.write(&MoveTo(zone)).await
}

struct MoveTo(TimeZone);

impl UnitOfWork for MoveTo {
    type Output = bool;
    type Error = DbErr;

    async fn run(&self, txn: &WriteTransaction) -> Result<bool, DbErr> {
        let name = self.0.to_string();
        let moved = Entity::update_many()
            .col_expr(Column::TimeZone, Expr::value(name.as_str()))
            .col_expr(Column::WeeksDueAfter, Expr::value(StudentId(Uuid::nil())))
            .filter(Column::Id.eq(ONLY))
            .filter(Column::TimeZone.ne(name))
            .exec(&**txn)
            .await?;
        Ok(moved.rows_affected > 0)
    }
}
