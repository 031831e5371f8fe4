//! Tally's real processes over one database, to be killed and started again.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use api::auth::Role;
use entity::clock::{Clock, SystemClock};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::app::{SECRET, token};
use crate::binary;
use crate::client::Client;

/// The shortest lease there is, so that the jobs of a killed worker are soon taken over.
const LEASE: &str = "3";
/// How often a process that is starting is asked whether it is ready.
const ASK_EVERY: Duration = Duration::from_millis(20);
/// How long a process may take to be ready.
const PATIENCE: Duration = Duration::from_mins(1);

/// Which process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Member {
    /// `tally-api`.
    Api,
    /// `tally-worker`, by its number.
    Worker(usize),
}

/// One `tally-api` and some `tally-worker`s.
pub struct Fleet {
    /// Where the API listens.
    pub url: String,
    database_url: String,
    api: Child,
    workers: Vec<Child>,
    secret_file: PathBuf,
    folder: TempDir,
}

impl Fleet {
    /// Starts the processes over the database, and waits until the API is ready. Without workers of their own, the API
    /// has one inside.
    pub async fn start(database_url: &str, workers: usize) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let secret_file = folder.path().join("secret");
        write_secret(&secret_file);
        let port = free_port();
        let api = api(database_url, &secret_file, port, workers == 0);
        let mut fleet = Self {
            url: format!("http://127.0.0.1:{port}"),
            database_url: database_url.to_owned(),
            api,
            workers: Vec::new(),
            secret_file,
            folder,
        };
        // The API brings the schema up to date; the workers want it so.
        fleet.ready().await;
        fleet.workers = (0..workers).map(|_| worker(database_url)).collect();
        fleet
    }

    /// Waits until the API is ready.
    pub async fn ready(&self) {
        let http = Client::connections();
        let ready = async {
            loop {
                let answer = http.get(format!("{}/healthz", self.url)).send().await;
                if answer.is_ok_and(|answer| answer.status().is_success()) {
                    return;
                }
                tokio::time::sleep(ASK_EVERY).await;
            }
        };
        tokio::time::timeout(PATIENCE, ready).await.expect("tally-api is ready");
    }

    /// Kills a process without warning, and starts it again.
    pub async fn kill(&mut self, member: Member) {
        match member {
            Member::Api => {
                self.api.kill().await.expect("tally-api can be killed");
                self.api = api(&self.database_url, &self.secret_file, self.port(), self.workers.is_empty());
            }
            Member::Worker(number) => {
                self.workers[number].kill().await.expect("tally-worker can be killed");
                self.workers[number] = worker(&self.database_url);
            }
        }
    }

    /// Starts again whatever has ended by itself, as a service manager does.
    pub fn revive(&mut self) {
        if has_ended(&mut self.api) {
            self.api = api(&self.database_url, &self.secret_file, self.port(), self.workers.is_empty());
        }
        for child in &mut self.workers {
            if has_ended(child) {
                *child = worker(&self.database_url);
            }
        }
    }

    /// A client of the learning system.
    pub fn service(&self) -> Client {
        Client::new(&self.url, Some(token(Role::Service, "lms", SystemClock.now())))
    }

    /// A client of an admin.
    pub fn admin(&self) -> Client {
        Client::new(&self.url, Some(token(Role::Admin, "admin", SystemClock.now())))
    }

    /// The folder of the processes.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn port(&self) -> u16 {
        self.url.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port")
    }
}

fn has_ended(child: &mut Child) -> bool {
    child.try_wait().is_ok_and(|status| status.is_some())
}

fn api(database_url: &str, secret_file: &Path, port: u16, with_worker: bool) -> Child {
    let mut command = Command::new(binary::built("tally-api"));
    command.args(["--database-url", database_url, "--listen", &format!("127.0.0.1:{port}")]);
    command
        .args(["--worker-lease", LEASE, "--log", "error", "--max-address-rate", "off"])
        .arg("--jwt-secret-file")
        .arg(secret_file);
    if !with_worker {
        command.arg("--no-worker");
    }
    spawn(command)
}

fn worker(database_url: &str) -> Child {
    let mut command = Command::new(binary::built("tally-worker"));
    command.args(["--database-url", database_url, "--lease", LEASE, "--log", "error"]);
    spawn(command)
}

fn spawn(mut command: Command) -> Child {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    command.spawn().expect("the process starts")
}

/// Writes the secret of all tests' tokens into a new file, for its owner alone.
pub(crate) fn write_secret(file: &Path) {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(file).expect("a secret file");
    file.write_all(SECRET.as_bytes()).expect("the secret is written");
}

/// A port on which nobody listens.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").port()
}
