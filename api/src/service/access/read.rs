//! The log, for admins and for families.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use entity::access_log::{Column, Entity, Model};
use entity::id::{AccessId, StudentId};
use entity::sea_orm::{
    ColumnTrait, DatabaseConnection, DbErr, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect,
    RelationTrait, Select,
};
use entity::{guardian, guardianship};

use super::log::AccessLog;
use crate::auth::Role;

/// No entry spans as long: they do an hour, and more only while the database is away.
const LONGEST: TimeDelta = TimeDelta::days(1);

/// Which entries are listed.
#[derive(Clone, Debug, Default)]
pub struct AccessFilter {
    /// Only those about this student.
    pub student: Option<StudentId>,
    /// Only those of viewers with this id.
    pub subject: Option<String>,
    /// Only accesses at this time or later.
    pub from: Option<DateTime<Utc>>,
    /// Only accesses before this time.
    pub to: Option<DateTime<Utc>>,
}

/// A page of the log, the newest first: up to `limit` entries that are older than `before`. What this process has noted
/// so far is in it.
///
/// # Errors
/// Whatever the database reports.
pub async fn entries(
    db: &DatabaseConnection,
    log: &AccessLog,
    filter: &AccessFilter,
    before: Option<AccessId>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    log.flush().await?;
    let mut entries = Entity::find();
    if let Some(student) = filter.student {
        entries = entries.filter(Column::StudentId.eq(student));
    }
    if let Some(subject) = &filter.subject {
        entries = entries.filter(Column::Subject.eq(subject));
    }
    // An entry's id says to the millisecond when it began, and has an index.
    if let Some(from) = filter.from {
        entries =
            entries.filter(Column::Id.gte(AccessId::bound(from - LONGEST))).filter(Column::LastAt.gte(from));
    }
    if let Some(to) = filter.to {
        let after = AccessId::bound(to + TimeDelta::milliseconds(1));
        entries = entries.filter(Column::Id.lt(after)).filter(Column::FirstAt.lt(to));
    }
    page(entries, before, limit).all(db).await
}

fn page(entries: Select<Entity>, before: Option<AccessId>, limit: u64) -> Select<Entity> {
    let entries = entries.order_by_desc(Column::Id).limit(limit);
    match before {
        Some(before) => entries.filter(Column::Id.lt(before)),
        None => entries,
    }
}

/// An entry as the family of its student sees it.
#[derive(Clone, Debug)]
pub struct FamilyEntry {
    /// The entry.
    pub entry: Model,
    /// Who it was: a guardian of the student by name, a learning system by its id. Of staff, families see the role alone:
    /// they ask the school, which can look the entry up.
    pub who: Option<String>,
}

/// A page of what others did to the record of `student`, the newest first, for whoever may see that record.
///
/// # Errors
/// Whatever the database reports.
pub async fn accesses_to(
    db: &DatabaseConnection,
    log: &AccessLog,
    student: StudentId,
    before: Option<AccessId>,
    limit: u64,
) -> Result<Vec<FamilyEntry>, DbErr> {
    let filter = AccessFilter { student: Some(student), ..AccessFilter::default() };
    let entries = entries(db, log, &filter, before, limit).await?;
    let guardians = guardians_of(db, student).await?;
    let shown = entries.into_iter().map(|entry| {
        let who = match entry.role.parse() {
            Ok(Role::Guardian) => guardians.get(&entry.subject).cloned(),
            Ok(Role::Service) => Some(entry.subject.clone()),
            _ => None,
        };
        FamilyEntry { entry, who }
    });
    Ok(shown.collect())
}

/// The names of those who are or were guardians of `student`, by their own ids.
async fn guardians_of(db: &DatabaseConnection, student: StudentId) -> Result<HashMap<String, String>, DbErr> {
    let guardians = guardian::Entity::find()
        .join_rev(JoinType::InnerJoin, guardianship::Relation::Guardian.def())
        .filter(guardianship::Column::StudentId.eq(student))
        .all(db)
        .await?;
    Ok(guardians.into_iter().map(|row| (row.sourced_id, row.display_name)).collect())
}
