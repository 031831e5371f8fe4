//! A `tally-api` to be measured, as a process of its own.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use api::auth::Role;
use entity::clock::{Clock, SystemClock};
use tokio::process::{Child, Command};

use crate::app::{SECRET, token};
use crate::client::Client;

/// How often a server that is starting is asked whether it is ready.
const ASK_EVERY: Duration = Duration::from_millis(20);
/// What a tick of a process's time is on Linux.
const TICK: Duration = Duration::from_millis(10);

/// The running server. Dropping this kills it.
#[derive(Debug)]
pub struct Server {
    /// Where it listens.
    pub url: String,
    child: Child,
}

impl Server {
    /// Starts `program` over the database with these arguments, and waits until it is ready. It may be asked as often as
    /// one likes: thousands of followers come from one address.
    ///
    /// # Panics
    /// When it cannot be started.
    pub async fn start(program: &Path, database_url: &str, folder: &Path, args: &[&str]) -> Self {
        let free = ["--max-address-rate", "off", "--max-subject-rate", "off"];
        Self::start_limited(program, database_url, folder, &[&free, args].concat()).await
    }

    /// As [`Self::start`], with the limits that it has by default.
    ///
    /// # Panics
    /// When it cannot be started.
    pub async fn start_limited(program: &Path, database_url: &str, folder: &Path, args: &[&str]) -> Self {
        Self::spawn(program, database_url, folder, args, Stdio::inherit()).await
    }

    /// As [`Self::start_limited`], with its log in a file.
    ///
    /// # Panics
    /// When it cannot be started.
    pub async fn start_logged(
        program: &Path,
        database_url: &str,
        folder: &Path,
        args: &[&str],
        log: &Path,
    ) -> Self {
        let log = fs::File::create(log).expect("a log can be made");
        Self::spawn(program, database_url, folder, args, log.into()).await
    }

    async fn spawn(program: &Path, database_url: &str, folder: &Path, args: &[&str], log: Stdio) -> Self {
        use std::os::unix::fs::PermissionsExt as _;
        let secret = folder.join("secret");
        fs::write(&secret, SECRET).expect("a secret file");
        fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).expect("its mode can be set");
        let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let address = port.expect("a free port").to_string();
        let mut command = Command::new(program);
        command.args(["--database-url", database_url, "--listen", &address, "--log", "error"]).args(args);
        command.arg("--jwt-secret-file").arg(&secret);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).kill_on_drop(true);
        let server =
            Self { url: format!("http://{address}"), child: command.spawn().expect("tally-api starts") };
        let http = Client::connections();
        while http.get(format!("{}/healthz", server.url)).send().await.is_err() {
            tokio::time::sleep(ASK_EVERY).await;
        }
        server
    }

    /// A token for whoever is named.
    pub fn token(&self, role: Role, subject: &str) -> String {
        token(role, subject, SystemClock.now())
    }

    /// How many bytes of memory it holds.
    ///
    /// # Panics
    /// Where there is no `/proc`.
    pub fn memory(&self) -> u64 {
        let status = self.proc("status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
        let kilobytes = line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number");
        kilobytes * 1024
    }

    /// How much of the processor's time it has taken.
    ///
    /// # Panics
    /// Where there is no `/proc`.
    pub fn processor(&self) -> Duration {
        let stat = self.proc("stat");
        let fields = stat.rsplit(')').next().expect("what comes after its name").split_whitespace();
        let ticks = fields.skip(11).take(2).map(|ticks| ticks.parse::<u32>().expect("a number"));
        TICK * ticks.sum::<u32>()
    }

    fn proc(&self, file: &str) -> String {
        let id = self.child.id().expect("it runs");
        fs::read_to_string(format!("/proc/{id}/{file}")).expect("what the system says of it")
    }
}
