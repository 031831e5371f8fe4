//! Writing the log, in batches.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use entity::access_log::{Column, ERASED, Entity, Model};
use entity::clock::SharedClock;
use entity::database::{Database, UnitOfWork, WriteTransaction};
use entity::id::StudentId;
use entity::sea_orm::sea_query::OnConflict;
use entity::sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, IntoActiveModel,
    QueryFilter,
};
use entity::student_erasure;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::buffer::{Buffer, Did};

/// How often what was noted is written.
pub const FLUSH_EVERY: Duration = Duration::from_secs(5);

/// With so many entries waiting, they are written at once.
const MANY: usize = 5000;

/// Rows per transaction: SQLite has one writer, and it is not kept from others for long.
const PAGE: usize = 1000;

/// What requests read and changed, on its way to the database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct AccessLog(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    db: Database,
    clock: SharedClock,
    /// Whether anything is noted.
    notes: bool,
    /// Never locked across an await, so that no request waits for the database.
    buffer: Mutex<Buffer>,
    /// Held while entries are written.
    writing: tokio::sync::Mutex<()>,
    many: Notify,
    /// How many accesses there was no room for.
    lost: Counter,
}

impl AccessLog {
    /// A log that holds nothing yet.
    pub fn new(db: Database, clock: SharedClock) -> Self {
        Self::with(db, clock, true)
    }

    /// A log in which nothing is noted.
    pub fn off(db: Database, clock: SharedClock) -> Self {
        Self::with(db, clock, false)
    }

    fn with(db: Database, clock: SharedClock, notes: bool) -> Self {
        Self(Arc::new(Shared {
            db,
            clock,
            notes,
            buffer: Mutex::default(),
            writing: tokio::sync::Mutex::default(),
            many: Notify::new(),
            lost: Counter::default(),
        }))
    }

    /// Has the metrics of `registry` tell how many accesses were not noted.
    pub fn register(&self, registry: &mut Registry) {
        let help = "Accesses to students' records that were not noted, because the access log was full";
        registry.register("lost_accesses", help, self.0.lost.clone());
    }

    /// Notes what one request did.
    pub(super) fn note(&self, done: impl IntoIterator<Item = Did>) {
        if !self.0.notes {
            return;
        }
        let now = self.now();
        let mut buffer = self.buffer();
        for did in done {
            buffer.add(did, now);
        }
        if buffer.unwritten() >= MANY {
            self.0.many.notify_one();
        }
    }

    /// Writes what has been noted so far.
    ///
    /// # Errors
    /// Whatever the database reports; what was not written is kept, and written next time.
    pub async fn flush(&self) -> Result<(), DbErr> {
        let _writing = self.0.writing.lock().await;
        let mut left = self.buffer().unwritten();
        while left > 0 {
            let page = self.buffer().page(PAGE.min(left));
            if page.is_empty() {
                break;
            }
            self.0.db.write(&WritePage(&page)).await?;
            self.buffer().written(&page);
            left = left.saturating_sub(page.len());
        }
        self.buffer().let_go(self.now());
        Ok(())
    }

    /// Writes what has been noted so far if that is much. What cannot be written is left to [`Self::keep`].
    pub(super) async fn catch_up(&self) {
        if self.buffer().unwritten() >= MANY
            && let Err(error) = self.flush().await
        {
            tracing::debug!(%error, "the access log could not be written at once");
        }
    }

    /// Writes regularly until `stop`, and a last time then.
    pub async fn keep(self, stop: CancellationToken) {
        loop {
            let ended = tokio::select! {
                () = stop.cancelled() => true,
                () = tokio::time::sleep(FLUSH_EVERY) => false,
                () = self.0.many.notified() => false,
            };
            let failed = self.flush().await.is_err_and(|error| {
                let unwritten = self.buffer().unwritten();
                tracing::error!(%error, unwritten, "the access log could not be written");
                true
            });
            let count = self.buffer().take_lost();
            if count > 0 {
                tracing::error!(
                    count,
                    "accesses to students' records were not noted: the access log is full"
                );
                self.0.lost.inc_by(count);
            }
            if ended {
                return;
            }
            if failed {
                // A full buffer asks to be written with every request.
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }

    /// Lets go of what is held about `student`, who was erased.
    pub(in crate::service) fn forget(&self, student: StudentId) {
        self.buffer().forget(student);
    }

    /// The time by which accesses are stamped.
    pub(super) fn now(&self) -> DateTime<Utc> {
        self.0.clock.now()
    }

    fn buffer(&self) -> MutexGuard<'_, Buffer> {
        self.0.buffer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct WritePage<'a>(&'a [Model]);

impl UnitOfWork for WritePage<'_> {
    type Output = ();
    type Error = DbErr;

    /// Each row with its whole count, so that writing it again after a commit of unknown outcome changes nothing.
    async fn run(&self, txn: &WriteTransaction) -> Result<(), DbErr> {
        let erased = erased_among(txn, self.0).await?;
        let rows = self.0.iter().map(|row| {
            let student_id = if erased.contains(&row.student_id) { ERASED } else { row.student_id };
            Model { student_id, ..row.clone() }.into_active_model().reset_all()
        });
        let again = OnConflict::columns([Column::StudentId, Column::Id])
            .update_columns([Column::Count, Column::LastAt])
            .to_owned();
        Entity::insert_many(rows).on_conflict(again).exec_without_returning(&**txn).await?;
        Ok(())
    }
}

/// The students of `rows` who were erased after they were seen, perhaps by another process.
async fn erased_among(txn: &WriteTransaction, rows: &[Model]) -> Result<Vec<StudentId>, DbErr> {
    if txn.get_database_backend() == DbBackend::Postgres {
        // Whoever is erasing a student right now comes either before this transaction or after it.
        txn.execute_unprepared("LOCK TABLE student_erasure IN SHARE MODE").await?;
    }
    let students = rows.iter().map(|row| row.student_id);
    let erased = student_erasure::Entity::find()
        .filter(student_erasure::Column::StudentId.is_in(students))
        .all(&**txn)
        .await?;
    Ok(erased.into_iter().map(|erasure| erasure.student_id).collect())
}
