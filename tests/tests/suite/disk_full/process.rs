//! The real programs on a disk that is full or fails and is then in order again, killed after.

use std::collections::BTreeSet;

use entity::database::Database;
use entity::quiz_attempt;
use entity::sea_orm::EntityTrait;
use serde_json::json;
use tests::Backend;
use tests::client::Client;
use tests::faulty_disk::FaultyDisk;
use tests::fleet::{Fleet, Member};
use tests::on_both_backends;
use tests::postgres::{Cluster, Durability};

use crate::chaos::{prepare, record};

/// The programs and their database, all on one disk.
pub(crate) struct Installation {
    pub(crate) fleet: Fleet,
    pub(crate) url: String,
    pub(crate) disk: FaultyDisk,
    pub(crate) cluster: Option<Cluster>,
    _folder: Option<tempfile::TempDir>,
}

impl Installation {
    /// An API, with a worker inside unless there are workers of their own.
    pub(crate) async fn new(backend: Backend, workers: usize) -> Self {
        match backend {
            Backend::Sqlite => {
                let folder = tempfile::tempdir().expect("a folder");
                let disk = FaultyDisk::holding(folder.path());
                let url = format!("sqlite:{}", folder.path().join("tally.db").display());
                let fleet = Fleet::start_with(&url, workers, disk.environment()).await;
                Self { fleet, url, disk, cluster: None, _folder: Some(folder) }
            }
            Backend::Postgres => {
                let on_disk = |directory: &std::path::Path| FaultyDisk::holding(directory).environment();
                let cluster = Cluster::create_on(Durability::Durable, on_disk).await;
                let disk = FaultyDisk::holding(&cluster.directory());
                let url = cluster.url("postgres");
                let fleet = Fleet::start(&url, workers).await;
                Self { fleet, url, disk, cluster: Some(cluster), _folder: None }
            }
        }
    }

    /// Mends the disk. A server of PostgreSQL that could not write its log has ended itself.
    pub(crate) async fn mend(&self) {
        self.disk.mend();
        if let Some(cluster) = &self.cluster {
            cluster.revive().await;
        }
    }

    /// The attempts that a process sees which has just opened the database, by their `sourcedId`.
    async fn stored(&self) -> BTreeSet<String> {
        let other = Database::connect(&self.url, 1).await.expect("the database opens");
        let attempts = quiz_attempt::Entity::find().all(other.reader()).await.expect("attempts");
        attempts.into_iter().map(|attempt| attempt.sourced_id).collect()
    }
}

/// Records an attempt, again and again until it is acknowledged.
async fn record_at_last(service: &Client, sourced_id: &str) {
    while record(service, sourced_id, 0, 8000).await.is_err() {
        tokio::task::yield_now().await;
    }
}

/// Fault of the disk, and the words of `/readyz` about it.
type Fault = (fn(&FaultyDisk), &'static str);

const FAULTS: [Fault; 2] =
    [(FaultyDisk::fill, "disk is full"), (FaultyDisk::fail, "disk or file system fails")];

/// Writes facts until some have failed. Returns those that were acknowledged meanwhile.
async fn record_until_failed(service: &Client, failures: usize) -> BTreeSet<String> {
    let (mut acknowledged, mut failed) = (BTreeSet::new(), 0);
    for sourced_id in (0..).map(|n| format!("faulty-{n}")) {
        match record(service, &sourced_id, 0, 8000).await {
            Ok(()) => drop(acknowledged.insert(sourced_id)),
            Err(code) => {
                assert_eq!(code.as_deref(), Some("UNAVAILABLE"));
                failed += 1;
            }
        }
        if failed == failures {
            break;
        }
    }
    acknowledged
}

async fn survive(backend: Backend, (fault, said): Fault, failures: usize) {
    let mut installation = Installation::new(backend, 0).await;
    let service = installation.fleet.service();
    prepare(&service).await;
    fault(&installation.disk);
    let mut acknowledged = record_until_failed(&service, failures).await;
    if backend == Backend::Sqlite {
        let (status, text) = installation.fleet.ops("/readyz").await;
        assert_eq!((status, text.contains(said)), (503, true), "{text}");
        let read = installation.fleet.admin().data("{ students { totalCount } }", json!({})).await;
        assert!(read["students"]["totalCount"].is_number(), "reads go on: {read}");
    }
    installation.mend().await;
    for sourced_id in (0..30).map(|n| format!("mended-{n}")) {
        record_at_last(&service, &sourced_id).await;
        acknowledged.insert(sourced_id);
    }
    let stored = installation.stored().await;
    assert!(acknowledged.is_subset(&stored), "{failures} failures: not all are seen by another process");
    installation.fleet.kill(Member::Api).await;
    assert_eq!(installation.stored().await, stored, "{failures} failures, after SIGKILL");
    installation.fleet.ready().await;
    assert_eq!(installation.fleet.ops("/readyz").await.0, 200);
}

on_both_backends! {
    async fn what_is_acknowledged_around_a_faulty_disk_is_kept(backend) {
        for fault in FAULTS {
            for failures in [1, 2, 6] {
                survive(backend, fault, failures).await;
            }
        }
    }
}
