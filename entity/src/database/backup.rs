//! A copy of an SQLite database that is made while it is written to, and checked.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _};

/// Interval of progress reports.
const TELL_EVERY: Duration = Duration::from_secs(1);

/// Reason for a failed copy. Nothing is left of the copy then.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The database is not on SQLite.
    #[error("the database is on PostgreSQL: back it up with pg_dump, as the guide .deploy/README.md says")]
    NotSqlite,
    /// There is no file to copy.
    #[error("there is no database at {}: name the one to back up", .0.display())]
    NoDatabase(PathBuf),
    /// The copy would overwrite a file.
    #[error("{} exists already: name another file, or move it away first", .0.display())]
    Exists(PathBuf),
    /// The folder of the copy cannot be written to.
    #[error("{} cannot be made: {source}", .path.display())]
    Folder {
        /// The file of the copy.
        path: PathBuf,
        /// Error of the operating system.
        #[source]
        source: io::Error,
    },
    /// The disk of the copy is full.
    #[error("the disk has no room for {}: free some space, or name a file on another disk", .0.display())]
    Full(PathBuf),
    /// The database cannot be read, or the copy not be written.
    #[error("the database was not copied: {0}")]
    Copy(#[source] sqlx::Error),
    /// The copy was made and then not read as it should be.
    #[error("the copy is damaged, and so the database may be: {0}")]
    Damaged(String),
}

/// Progress of a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// So many bytes of about so many are written.
    Copying(u64, u64),
    /// All is written, and read again.
    Checking,
}

/// A copy that was made and checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Its size in bytes.
    pub bytes: u64,
    /// Number of students in it.
    pub students: i64,
    /// Number of quiz attempts and assignment submissions in it.
    pub items: i64,
}

/// Copies the SQLite database at `url` into the new file `target`, and checks the copy.
///
/// The copy is the state of one moment: `VACUUM INTO` reads in one transaction, so that it ends however much is written
/// meanwhile. It appears under its name only when it is whole, checked and on the disk; only its owner can read it.
///
/// # Errors
/// [`BackupError`].
pub async fn back_up(
    url: &str,
    target: &Path,
    mut tell: impl FnMut(Progress) + Send,
) -> Result<Copied, BackupError> {
    let mut source = open_source(url).await?;
    if target.exists() {
        return Err(BackupError::Exists(target.to_owned()));
    }
    let partial = Partial::create(target)?;
    copy(&mut source, &partial, &mut tell).await.map_err(|error| partial.failure(error))?;
    tell(Progress::Checking);
    let copied = check(&partial.path).await?;
    let kept = partial.keep_as(target);
    kept.map_err(|source| BackupError::Folder { path: target.to_owned(), source })?;
    Ok(copied)
}

async fn open_source(url: &str) -> Result<SqliteConnection, BackupError> {
    if !url.starts_with("sqlite:") {
        return Err(BackupError::NotSqlite);
    }
    let options = SqliteConnectOptions::from_str(url).map_err(BackupError::Copy)?;
    if !options.get_filename().exists() {
        return Err(BackupError::NoDatabase(options.get_filename().to_owned()));
    }
    options.read_only(true).create_if_missing(false).connect().await.map_err(BackupError::Copy)
}

/// The file of a copy that is not whole yet. Dropping this removes it.
struct Partial {
    path: PathBuf,
}

impl Partial {
    /// Makes the empty file beside `target`, for its owner alone.
    fn create(target: &Path) -> Result<Self, BackupError> {
        let mut path = target.as_os_str().to_owned();
        path.push(".partial");
        let path = PathBuf::from(path);
        let created = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        match created {
            Ok(_) => Ok(Self { path }),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(BackupError::Exists(path)),
            Err(source) => Err(BackupError::Folder { path: target.to_owned(), source }),
        }
    }

    fn failure(&self, error: sqlx::Error) -> BackupError {
        let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
        // SQLITE_FULL.
        if code.is_some_and(|code| code == "13") {
            return BackupError::Full(self.path.clone());
        }
        BackupError::Copy(error)
    }

    fn written(&self) -> u64 {
        fs::metadata(&self.path).map_or(0, |file| file.len())
    }

    /// Gives the copy its name, once it is on the disk: SQLite does not wait for that.
    fn keep_as(&self, target: &Path) -> io::Result<()> {
        File::open(&self.path)?.sync_all()?;
        fs::rename(&self.path, target)?;
        let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // After it was given its name there is none.
        let _ = fs::remove_file(&self.path);
    }
}

async fn copy(
    source: &mut SqliteConnection,
    partial: &Partial,
    tell: &mut (impl FnMut(Progress) + Send),
) -> Result<(), sqlx::Error> {
    let bytes: i64 =
        sqlx::query_scalar("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
            .fetch_one(&mut *source)
            .await?;
    let path = partial.path.to_string_lossy().into_owned();
    let mut copying = std::pin::pin!(sqlx::query("VACUUM INTO ?").bind(path).execute(source));
    loop {
        match tokio::time::timeout(TELL_EVERY, &mut copying).await {
            Ok(copied) => return copied.map(drop),
            Err(_) => tell(Progress::Copying(partial.written(), bytes.unsigned_abs())),
        }
    }
}

/// Reads the whole copy as SQLite checks one, and counts what it holds.
async fn check(path: &Path) -> Result<Copied, BackupError> {
    let damaged = |error: sqlx::Error| BackupError::Damaged(error.to_string());
    let options = SqliteConnectOptions::new().filename(path).read_only(true).immutable(true);
    let mut copy = options.connect().await.map_err(damaged)?;
    let found: String =
        sqlx::query_scalar("PRAGMA integrity_check(1)").fetch_one(&mut copy).await.map_err(damaged)?;
    if found != "ok" {
        return Err(BackupError::Damaged(found));
    }
    let (students, items) = sqlx::query_as(
        "SELECT (SELECT COUNT(*) FROM student), \
         (SELECT COUNT(*) FROM quiz_attempt) + (SELECT COUNT(*) FROM assignment_submission)",
    )
    .fetch_one(&mut copy)
    .await
    .map_err(damaged)?;
    copy.close().await.map_err(damaged)?;
    let bytes = fs::metadata(path).map_err(|error| damaged(error.into()))?.len();
    Ok(Copied { bytes, students, items })
}
