//! The real programs on a disk that is full and then has room again, killed after.

use entity::database::Database;
use entity::quiz_attempt;
use entity::sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::json;
use tests::Backend;
use tests::client::Client;
use tests::fleet::{Fleet, Member};
use tests::full_disk::FullDisk;
use tests::on_both_backends;
use tests::postgres::{Cluster, Durability};

use crate::chaos::{prepare, record};

/// The programs and their database, all on one disk.
pub(crate) struct Installation {
    pub(crate) fleet: Fleet,
    pub(crate) url: String,
    pub(crate) disk: FullDisk,
    pub(crate) cluster: Option<Cluster>,
    _folder: Option<tempfile::TempDir>,
}

impl Installation {
    pub(crate) async fn new(backend: Backend) -> Self {
        match backend {
            Backend::Sqlite => {
                let folder = tempfile::tempdir().expect("a folder");
                let disk = FullDisk::holding(folder.path());
                let url = format!("sqlite:{}", folder.path().join("tally.db").display());
                let fleet = Fleet::start_with(&url, 0, disk.environment()).await;
                Self { fleet, url, disk, cluster: None, _folder: Some(folder) }
            }
            Backend::Postgres => {
                let on_disk = |directory: &std::path::Path| FullDisk::holding(directory).environment();
                let cluster = Cluster::create_on(Durability::Durable, on_disk).await;
                let disk = FullDisk::holding(&cluster.directory());
                let url = cluster.url("postgres");
                let fleet = Fleet::start(&url, 2).await;
                Self { fleet, url, disk, cluster: Some(cluster), _folder: None }
            }
        }
    }

    /// Gives the disk room again. A server of PostgreSQL that could not write its log has ended itself.
    pub(crate) async fn free(&self) {
        self.disk.free();
        if let Some(cluster) = &self.cluster {
            cluster.revive().await;
        }
    }

    /// How many attempts a process sees that has just opened the database.
    async fn stored(&self) -> u64 {
        let other = Database::connect(&self.url, 1).await.expect("the database opens");
        quiz_attempt::Entity::find().count(other.reader()).await.expect("a count")
    }
}

/// Records an attempt, again and again until it is acknowledged.
async fn record_at_last(service: &Client, sourced_id: &str) {
    while record(service, sourced_id, 0, 8000).await.is_err() {
        tokio::task::yield_now().await;
    }
}

on_both_backends! {
    async fn what_is_acknowledged_around_a_full_disk_is_kept(backend) {
        for failures in [1, 2, 6] {
            let mut installation = Installation::new(backend).await;
            let service = installation.fleet.service();
            prepare(&service).await;
            installation.disk.fill();
            let (mut acknowledged, mut failed) = (0, 0);
            for n in 0.. {
                match record(&service, &format!("full-{n}"), 0, 8000).await {
                    Ok(()) => acknowledged += 1,
                    Err(code) => {
                        assert_eq!(code.as_deref(), Some("UNAVAILABLE"));
                        failed += 1;
                    }
                }
                if failed == failures {
                    break;
                }
            }
            if backend == Backend::Sqlite {
                let (status, text) = installation.fleet.ops("/readyz").await;
                assert_eq!((status, text.contains("disk is full")), (503, true), "{text}");
                let read = installation.fleet.admin().data("{ students { totalCount } }", json!({})).await;
                assert!(read["students"]["totalCount"].is_number(), "reads go on: {read}");
            }
            installation.free().await;
            for n in 0..30 {
                record_at_last(&service, &format!("free-{n}")).await;
            }
            acknowledged += 30;
            assert_eq!(installation.stored().await, acknowledged, "{failures} failures, seen by another process");
            installation.fleet.kill(Member::Api).await;
            assert_eq!(installation.stored().await, acknowledged, "{failures} failures, after SIGKILL");
            installation.fleet.ready().await;
            assert_eq!(installation.fleet.ops("/readyz").await.0, 200);
        }
    }
}
