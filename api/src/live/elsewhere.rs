//! What other processes commit.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use entity::database::Database;
use entity::feed::{self, Heard, Listener as _};
use entity::id::StudentId;
use entity::sea_orm::{ColumnTrait, DbBackend, DbErr, EntityTrait, QueryFilter, QuerySelect};
use entity::student_profile::{Column, Entity};
use tokio::sync::{Notify, watch};
use tokio::time::{MissedTickBehavior, timeout};

use super::Worker;
use super::hub::Hub;

/// How often the versions are looked at, in case hints were lost.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often guardians look again at who their children are, in case a hint was lost or a right has begun or ended.
const GUARDIANS_EVERY: Duration = Duration::from_mins(1);
/// How often an SQLite file is asked for its version when the worker is elsewhere. It costs a few microseconds.
const FILE_EVERY: Duration = Duration::from_millis(5);
/// How long others are listened to after the last who watched has gone.
const LINGER: Duration = Duration::from_mins(1);
/// After a look at the versions there is none for this many times as long as it took.
const REST: u32 = 4;
/// Students per statement, below both databases' limits on parameters.
const CHUNK: usize = 1000;

/// Wakes whoever watches what other processes change. Does nothing while nobody watches; ends with the hub.
pub(super) async fn listen(db: Database, worker: Worker, hub: Weak<Hub>) {
    let Some(mut busy) = hub.upgrade().map(|hub| hub.busy()) else { return };
    loop {
        if busy.wait_for(|busy| *busy).await.is_err() {
            return;
        }
        let look = Notify::new();
        tokio::select! {
            idle = idle(&mut busy) => if idle.is_err() { return },
            () = hear(&db, worker, &hub, &look) => {}
            () = look_when_told(&db, &hub, &look) => {}
            () = guardians(&hub) => {}
            () = fallback(db.backend(), &look) => {}
        }
    }
}

/// Returns when nobody has watched for a while: whoever awaits one recalculation after another should not have the
/// connection made each time.
async fn idle(busy: &mut watch::Receiver<bool>) -> Result<(), watch::error::RecvError> {
    loop {
        busy.wait_for(|busy| !*busy).await?;
        match timeout(LINGER, busy.wait_for(|busy| *busy)).await {
            Ok(again) => drop(again?),
            Err(_) => return Ok(()),
        }
    }
}

async fn hear(db: &Database, worker: Worker, hub: &Weak<Hub>, look: &Notify) {
    let every = if worker == Worker::Elsewhere { FILE_EVERY } else { LOOK_EVERY };
    let heard = |heard| match heard {
        Heard::Anything => look.notify_one(),
        Heard::Changes(changes) => {
            if let Some(hub) = hub.upgrade() {
                hub.note(&changes);
            }
        }
    };
    feed::hear(db, every, heard).await;
}

/// An SQLite file tells of every commit; a notification of PostgreSQL can be lost with the process that was to send it.
async fn fallback(backend: DbBackend, look: &Notify) {
    if backend == DbBackend::Sqlite {
        std::future::pending::<()>().await;
    }
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        look.notify_one();
    }
}

async fn guardians(hub: &Weak<Hub>) {
    loop {
        tokio::time::sleep(GUARDIANS_EVERY).await;
        if let Some(hub) = hub.upgrade() {
            hub.signal_all_guardians();
        }
    }
}

async fn look_when_told(db: &Database, hub: &Weak<Hub>, look: &Notify) {
    loop {
        look.notified().await;
        let Some(hub) = hub.upgrade() else { return };
        let began = Instant::now();
        if let Err(error) = look_at_versions(db, &hub).await {
            tracing::warn!(%error, "the versions of watched profiles could not be read, and will be read again");
            tokio::time::sleep(LOOK_EVERY).await;
            look.notify_one();
        }
        drop(hub);
        tokio::time::sleep(began.elapsed() * REST).await;
    }
}

/// Compares the versions of all watched profiles with those that were read.
async fn look_at_versions(db: &Database, hub: &Arc<Hub>) -> Result<(), DbErr> {
    for students in hub.students().chunks(CHUNK) {
        let versions: Vec<(StudentId, i64)> = Entity::find()
            .select_only()
            .columns([Column::StudentId, Column::Version])
            .filter(Column::StudentId.is_in(students.iter().copied()))
            .into_tuple()
            .all(db.reader())
            .await?;
        let versions: std::collections::HashMap<StudentId, i64> = versions.into_iter().collect();
        for student in students {
            hub.compare(*student, versions.get(student).copied());
        }
    }
    Ok(())
}
