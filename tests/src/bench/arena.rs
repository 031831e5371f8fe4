//! The databases on which everything is measured.

use std::fmt;
use std::time::Instant;

use entity::database::Database;
use entity::id::StudentId;
use entity::sea_orm::{ConnectionTrait, DbErr, Statement};
use serde::Serialize;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tempfile::TempDir;
use url::Url;

use super::options::Options;
use super::{Outcome, school};
use crate::postgres::{Cluster, Durability};

/// Connections of this process, beside those of the servers.
const CONNECTIONS: u32 = 8;

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Kind {
    /// The embedded one.
    #[serde(rename = "SQLite")]
    Sqlite,
    /// A server.
    #[serde(rename = "PostgreSQL")]
    Postgres,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        })
    }
}

/// One database with a school in it.
#[derive(Debug)]
pub struct Arena {
    /// Which database it is.
    pub kind: Kind,
    /// By which other processes open it.
    pub url: String,
    /// The database, for what is measured in this process.
    pub db: Database,
    /// All students.
    pub students: Vec<StudentId>,
}

/// All databases, for as long as they are measured.
pub struct Arenas {
    /// Those of the small schools come first.
    pub all: Vec<Arena>,
    _keep: (Option<TempDir>, Option<Cluster>),
}

impl Arenas {
    /// Opens the databases, and fills those that are empty.
    ///
    /// # Errors
    /// When one cannot be opened, or holds another school.
    pub async fn open(options: &Options, say: impl Fn(&str)) -> Outcome<Self> {
        let mut bases = options.databases.clone();
        let mut keep = (None, None);
        if bases.is_empty() {
            let folder = tempfile::tempdir()?;
            let cluster = Cluster::create(Durability::Durable).await;
            bases.push(format!("sqlite:{}", folder.path().join("tally").display()));
            bases.push(cluster.url("postgres"));
            keep = (Some(folder), Some(cluster));
        }
        let mut all = Vec::new();
        for size in options.sizes() {
            for base in &bases {
                let began = Instant::now();
                say(&format!("{}: a school of {size} students", kind(base)));
                all.push(Arena::open(base, size).await?);
                say(&format!("... is there after {:.1} s", began.elapsed().as_secs_f64()));
            }
        }
        Ok(Self { all, _keep: keep })
    }
}

fn kind(url: &str) -> Kind {
    if url.starts_with("sqlite:") { Kind::Sqlite } else { Kind::Postgres }
}

impl Arena {
    async fn open(base: &str, size: usize) -> Outcome<Self> {
        let kind = kind(base);
        let url = match kind {
            Kind::Sqlite => format!("{base}_{size}"),
            Kind::Postgres => postgres_database(base, size).await?,
        };
        let db = Database::connect(&url, CONNECTIONS).await?;
        migration::migrate(db.writer()).await?;
        if school::size(&db).await? == 0 {
            school::fill(&url, size).await?;
        }
        let students = school::students(&db).await?;
        if students.len() != size {
            return Err(format!("the {kind} database for {size} students holds {}", students.len()).into());
        }
        Ok(Self { kind, url, db, students })
    }

    /// The database's version, and the settings on which durability depends.
    ///
    /// # Errors
    /// Whatever the database reports.
    pub async fn durability(&self) -> Result<Vec<(String, String)>, DbErr> {
        let settings: &[&str] = match self.kind {
            Kind::Sqlite => &["SELECT sqlite_version()", "PRAGMA journal_mode", "PRAGMA synchronous"],
            Kind::Postgres => {
                &["SHOW server_version", "SHOW fsync", "SHOW synchronous_commit", "SHOW full_page_writes"]
            }
        };
        let mut values = Vec::new();
        for setting in settings {
            let query = Statement::from_string(self.db.backend(), *setting);
            let row = self.db.writer().query_one_raw(query).await?;
            let row = row.ok_or_else(|| DbErr::RecordNotFound((*setting).to_owned()))?;
            let text = row.try_get_by_index::<String>(0);
            let value = text.or_else(|_| row.try_get_by_index::<i32>(0).map(synchronous))?;
            let name = setting.split(' ').next_back().unwrap_or_default();
            values.push((name.to_owned(), value));
        }
        Ok(values)
    }

    /// Whether what is acknowledged survives a power cut.
    ///
    /// # Errors
    /// Whatever the database reports.
    pub async fn is_durable(&self) -> Result<bool, DbErr> {
        let settings = self.durability().await?;
        let good = |(name, value): &(String, String)| match name.as_str() {
            "synchronous" => value == "FULL",
            "fsync" | "synchronous_commit" | "full_page_writes" => value == "on",
            _ => true,
        };
        Ok(settings.iter().all(good))
    }
}

/// What SQLite's number for `synchronous` means.
fn synchronous(level: i32) -> String {
    ["OFF", "NORMAL", "FULL", "EXTRA"]
        .get(usize::try_from(level).unwrap_or(usize::MAX))
        .map_or_else(|| level.to_string(), |&name| name.to_owned())
}

/// The database for a school of this size beside `base`, which is made if it is not there.
async fn postgres_database(base: &str, size: usize) -> Outcome<String> {
    let mut url = Url::parse(base)?;
    let name = format!("{}_{size}", url.path().trim_start_matches('/'));
    let mut connection = PgConnection::connect(base).await?;
    let there: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
        .bind(&name)
        .fetch_one(&mut connection)
        .await?;
    if !there {
        let create = format!("CREATE DATABASE \"{name}\" TEMPLATE template0");
        sqlx::query(AssertSqlSafe(create)).execute(&mut connection).await?;
    }
    connection.close().await?;
    url.set_path(&name);
    Ok(url.into())
}
