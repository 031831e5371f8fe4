//! The sessions of browsers, as they are stored.

use chrono::{DateTime, TimeDelta, Utc};
use entity::database::Database;
use entity::sea_orm::sea_query::Expr;
use entity::sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, DbErr, EntityTrait, IntoActiveModel, QueryFilter,
};
use entity::session::{Column, Entity, Model};

use crate::auth::{Identity, Role};
use crate::session::Key;

/// How long a session lasts, however much it is used.
const LONGEST: TimeDelta = TimeDelta::hours(12);
/// How long a session lasts that nobody uses.
const IDLE: TimeDelta = TimeDelta::hours(2);
/// How much later than noted a session may have been used: not every request has to write.
const NOTED_WITHIN: TimeDelta = TimeDelta::minutes(5);

/// Begins a session of `identity`, which lasts no longer than `until`.
///
/// # Errors
/// Whatever the database reports.
pub async fn begin(
    db: &Database,
    identity: &Identity,
    until: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<Key, DbErr> {
    let key = Key::new();
    let longest = now + LONGEST;
    let session = Model {
        key_hash: key.hash(),
        role: identity.role().as_str().to_owned(),
        subject: identity.subject().to_owned(),
        created_at: now,
        used_at: now,
        expires_at: until.map_or(longest, |until| until.min(longest)),
        revoked_at: None,
    };
    Entity::insert(session.into_active_model().reset_all()).exec_without_returning(db.writer()).await?;
    Ok(key)
}

/// Whose session the key opens, and until when at most, if it is not over.
///
/// # Errors
/// Whatever the database reports.
pub async fn find(
    db: &Database,
    key: &Key,
    now: DateTime<Utc>,
) -> Result<Option<(Identity, DateTime<Utc>)>, DbErr> {
    let session = Entity::find_by_id(key.hash()).filter(holds_at(now)).one(db.reader()).await?;
    let Some(session) = session else { return Ok(None) };
    if session.used_at < now - NOTED_WITHIN
        && let Err(error) = note_use(db, &session.key_hash, now).await
    {
        // Reads go on while nothing can be stored; the session ends earlier if that lasts.
        tracing::warn!(%error, "the use of a session was not stored");
    }
    let role = session.role.parse::<Role>().map_err(|error| DbErr::Type(error.to_string()))?;
    Ok(Identity::new(role, session.subject).ok().map(|identity| (identity, session.expires_at)))
}

async fn note_use(db: &Database, key_hash: &str, now: DateTime<Utc>) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::UsedAt, Expr::value(now))
        .filter(Column::KeyHash.eq(key_hash))
        .exec(db.writer())
        .await?;
    Ok(())
}

/// The condition under which a session lets its holder in at `now`.
fn holds_at(now: DateTime<Utc>) -> Condition {
    Condition::all()
        .add(Column::RevokedAt.is_null())
        .add(Column::ExpiresAt.gt(now))
        .add(Column::UsedAt.gt(now - IDLE))
}

/// Ends the session that the key opens.
///
/// # Errors
/// Whatever the database reports.
pub async fn end(db: &Database, key: &Key, now: DateTime<Utc>) -> Result<(), DbErr> {
    revoke(db, Condition::all().add(Column::KeyHash.eq(key.hash())), now).await?;
    Ok(())
}

/// Ends all sessions of `subject` in this role, or in any. Returns how many there were.
///
/// # Errors
/// Whatever the database reports.
pub async fn end_all(
    db: &Database,
    subject: &str,
    role: Option<Role>,
    now: DateTime<Utc>,
) -> Result<u64, DbErr> {
    let whose = Condition::all()
        .add(Column::Subject.eq(subject))
        .add_option(role.map(|role| Column::Role.eq(role.as_str())));
    revoke(db, whose.add(holds_at(now)), now).await
}

async fn revoke(db: &Database, which: Condition, now: DateTime<Utc>) -> Result<u64, DbErr> {
    let revoked = Entity::update_many()
        .col_expr(Column::RevokedAt, Expr::value(now))
        .filter(which)
        .filter(Column::RevokedAt.is_null())
        .exec(db.writer())
        .await?;
    Ok(revoked.rows_affected)
}
