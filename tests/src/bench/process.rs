//! The programs that are measured, run as processes of their own.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use api::auth::Role;
use entity::clock::{Clock, SystemClock};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::Instant;

use super::http::Connection;
use super::{Outcome, memory};
use crate::app::token;
use crate::fleet::{free_port, write_secret};

/// One caller is measured as many: it may ask as often as it likes.
pub(super) const UNLIMITED: [&str; 2] = ["--max-address-rate", "off"];

/// What every server is asked first.
const FIRST_QUESTION: &str = r#"{"query":"{ me { role } }"}"#;
/// How often a server that is starting is tried.
const TRY_EVERY: Duration = Duration::from_millis(1);
/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_mins(2);

/// Where the programs are, and what they share.
pub struct Programs {
    folder: PathBuf,
    shared: TempDir,
}

/// A server that answers.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    /// How long it took from its start to its first answer.
    pub first_answer: Duration,
    token: String,
    child: Child,
}

impl Programs {
    /// The programs in `folder`, or else beside this one.
    ///
    /// # Errors
    /// When they are not there.
    pub fn find(folder: Option<&Path>) -> Outcome<Self> {
        let own = std::env::current_exe()?;
        let folder = folder.or_else(|| own.parent()).map(Path::to_owned).unwrap_or_default();
        let programs = Self { folder, shared: tempfile::tempdir()? };
        for program in ["tally-api", "tally-worker"] {
            if !programs.path(program).is_file() {
                return Err(format!(
                    "{program} is not in {}: build the whole workspace, or name its folder with --programs",
                    programs.folder.display()
                )
                .into());
            }
        }
        write_secret(&programs.secret());
        Ok(programs)
    }

    /// The file of a program.
    pub fn path(&self, program: &str) -> PathBuf {
        self.folder.join(program)
    }

    /// A file for whatever one process has to tell another.
    pub fn shared_file(&self, name: &str) -> PathBuf {
        self.shared.path().join(name)
    }

    fn secret(&self) -> PathBuf {
        self.shared_file("secret")
    }

    /// Starts `tally-api` on a database, with the worker inside as it is by default, and returns when it has answered.
    /// It may be asked as often as one likes: one caller is measured as many.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn serve(&self, database_url: &str) -> Outcome<Server> {
        self.serve_with(database_url, &UNLIMITED).await
    }

    /// As [`Self::serve`], with these options.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn serve_with(&self, database_url: &str, options: &[&str]) -> Outcome<Server> {
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let mut command = Command::new(self.path("tally-api"));
        command.args(["--database-url", database_url, "--listen", &address.to_string(), "--log", "error"]);
        command.arg("--jwt-secret-file").arg(self.secret()).args(options);
        Server::start(command, address).await
    }

    /// Starts a bare server that gives everybody the answer in `file`: this program, in a process like that of
    /// `tally-api`.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn serve_bare(&self, file: &Path) -> Outcome<Server> {
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["bare-server", "--listen", &address.to_string(), "--answer"]).arg(file);
        Server::start(command, address).await
    }

    /// Starts `tally-worker` on a database.
    ///
    /// # Errors
    /// When there is no such program.
    pub fn work(&self, database_url: &str) -> Outcome<Child> {
        let mut command = Command::new(self.path("tally-worker"));
        command.args(["--database-url", database_url, "--log", "error"]);
        spawn(command)
    }
}

fn spawn(mut command: Command) -> Outcome<Child> {
    // What goes wrong is said on standard error.
    command.env_clear().stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
    Ok(command.spawn()?)
}

impl Server {
    async fn start(command: Command, address: SocketAddr) -> Outcome<Self> {
        let token = token(Role::Service, "lms", SystemClock.now());
        let began = Instant::now();
        let mut child = spawn(command)?;
        loop {
            if let Ok(mut connection) = Connection::open(address, &token).await {
                connection.ask(FIRST_QUESTION.to_owned()).await?;
                return Ok(Self { address, first_answer: began.elapsed(), token, child });
            }
            if let Some(status) = child.try_wait()? {
                return Err(format!("a server ended before it answered: {status}").into());
            }
            if began.elapsed() > PATIENCE {
                return Err("a server does not answer".into());
            }
            tokio::time::sleep(TRY_EVERY).await;
        }
    }

    /// A new connection to it.
    ///
    /// # Errors
    /// When it is gone.
    pub async fn connect(&self) -> Outcome<Connection> {
        Connection::open(self.address, &self.token).await
    }

    /// What memory it holds, and the most that it has held.
    ///
    /// # Errors
    /// When it is gone.
    pub fn memory(&self) -> Outcome<memory::Memory> {
        memory::of(self.child.id())
    }

    /// Ends it at once.
    ///
    /// # Errors
    /// When it cannot be ended.
    pub async fn stop(mut self) -> Outcome {
        Ok(self.child.kill().await?)
    }
}
