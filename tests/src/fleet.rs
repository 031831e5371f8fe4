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
    /// Additional environment of the processes.
    environment: Vec<(&'static str, PathBuf)>,
}

impl Fleet {
    /// Starts the processes over the database, and waits until the API is ready. Without workers of their own, the API
    /// has one inside.
    pub async fn start(database_url: &str, workers: usize) -> Self {
        Self::start_with(database_url, workers, Vec::new()).await
    }

    /// As [`Self::start`], with further variables in the environment of all processes.
    pub async fn start_with(
        database_url: &str,
        workers: usize,
        environment: Vec<(&'static str, PathBuf)>,
    ) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let secret_file = folder.path().join("secret");
        write_secret(&secret_file);
        let port = free_port();
        let api = spawn(api(database_url, &secret_file, port, workers == 0), &environment);
        let mut fleet = Self {
            url: format!("http://127.0.0.1:{port}"),
            database_url: database_url.to_owned(),
            api,
            workers: Vec::new(),
            secret_file,
            folder,
            environment,
        };
        // The API brings the schema up to date; the workers want it so.
        fleet.ready().await;
        fleet.workers = (0..workers).map(|_| fleet.worker()).collect();
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
                self.api = self.api();
            }
            Member::Worker(number) => {
                self.workers[number].kill().await.expect("tally-worker can be killed");
                self.workers[number] = self.worker();
            }
        }
    }

    /// Stops a process with SIGSTOP, wherever it is.
    pub fn freeze(&self, member: Member) {
        self.signal(member, "-STOP");
    }

    /// Lets a process go on that was stopped.
    pub fn thaw(&self, member: Member) {
        self.signal(member, "-CONT");
    }

    fn signal(&self, member: Member, signal: &str) {
        let child = match member {
            Member::Api => &self.api,
            Member::Worker(number) => &self.workers[number],
        };
        // One that has ended by itself needs no signal.
        let Some(pid) = child.id() else { return };
        std::process::Command::new("kill")
            .args([signal, &pid.to_string()])
            .status()
            .expect("there is a kill");
    }

    /// Starts again whatever has ended by itself, as a service manager does.
    pub fn revive(&mut self) {
        if has_ended(&mut self.api) {
            self.api = self.api();
        }
        for number in 0..self.workers.len() {
            if has_ended(&mut self.workers[number]) {
                self.workers[number] = self.worker();
            }
        }
    }

    fn api(&self) -> Child {
        let command = api(&self.database_url, &self.secret_file, self.port(), self.workers.is_empty());
        spawn(command, &self.environment)
    }

    fn worker(&self) -> Child {
        spawn(worker(&self.database_url), &self.environment)
    }

    /// The answer of the API to one of the operators' routes, such as `/readyz`.
    pub async fn ops(&self, route: &str) -> (u16, String) {
        let answer = Client::connections().get(format!("{}{route}", self.url)).send().await;
        let answer = answer.expect("the server answers");
        (answer.status().as_u16(), answer.text().await.expect("a text"))
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

fn api(database_url: &str, secret_file: &Path, port: u16, with_worker: bool) -> Command {
    let mut command = Command::new(binary::built("tally-api"));
    command.args(["--database-url", database_url, "--listen", &format!("127.0.0.1:{port}")]);
    command
        .args(["--worker-lease", LEASE, "--log", "error", "--max-address-rate", "off"])
        .arg("--jwt-secret-file")
        .arg(secret_file);
    if !with_worker {
        command.arg("--no-worker");
    }
    command
}

fn worker(database_url: &str) -> Command {
    let mut command = Command::new(binary::built("tally-worker"));
    command.args(["--database-url", database_url, "--lease", LEASE, "--log", "error"]);
    command
}

fn spawn(mut command: Command, environment: &[(&'static str, PathBuf)]) -> Child {
    command.envs(environment.iter().map(|(name, value)| (*name, value)));
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
