//! The real programs, run as processes of their own.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{self, Output, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

/// How long a process may take over anything. It bounds a test that has failed, and no test that passes waits for it.
const PATIENCE: Duration = Duration::from_mins(1);

/// Where a program is. All of them are built at most once by this process.
pub fn built(program: &str) -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(build).join(program)
}

/// Builds all programs into the folder of the running test, `target/<profile>/deps`, and returns that folder.
///
/// All, and not one package: cargo would choose other features of the dependencies for it, and build them anew.
fn build() -> PathBuf {
    let test = std::env::current_exe().expect("the path of the running test");
    let folder = test.ancestors().nth(2).expect("tests run in target/<profile>/deps");
    let target = folder.parent().expect("a profile's folder is in target");
    let mut cargo = process::Command::new(option_env!("CARGO").unwrap_or("cargo"));
    cargo.args(["build", "--quiet", "--workspace", "--bins", "--locked"]);
    cargo.arg("--target-dir").arg(target).current_dir(env!("CARGO_MANIFEST_DIR"));
    if folder.ends_with("release") {
        cargo.arg("--release");
    }
    // What cargo tells a test about its package would make dependencies that read it be built anew, back and forth.
    let of_package = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(of_package)) {
        cargo.env_remove(name);
    }
    assert!(cargo.status().expect("cargo runs").success(), "the programs are built");
    folder.to_path_buf()
}

/// A call of `tally-api`, in a folder of its own and with no environment but what it is given.
#[derive(Debug)]
pub struct TallyApi {
    folder: TempDir,
}

impl Default for TallyApi {
    fn default() -> Self {
        Self::new()
    }
}

impl TallyApi {
    /// In a new folder.
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder to run in") }
    }

    /// The folder that it runs in.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file into the folder, for its owner alone, and returns its path.
    pub fn file(&self, name: &str, content: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.folder().join(name);
        fs::write(&path, content).expect("a file can be written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("its mode can be set");
        path
    }

    fn command(&self, args: &[&str], env: &[(&str, &str)]) -> Command {
        let mut command = Command::new(built("tally-api"));
        command.args(args).env_clear().envs(env.iter().copied()).current_dir(self.folder());
        command.stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    /// Runs it to its end.
    pub async fn run(&self, args: &[&str], env: &[(&str, &str)]) -> Ended {
        let output = timeout(PATIENCE, self.command(args, env).output()).await;
        Ended::new(output.unwrap_or_else(|_| panic!("{args:?} does not end")).expect("tally-api runs"))
    }

    /// Starts a server on a free port, and returns when it says that it is ready.
    pub async fn serve(&self, args: &[&str], env: &[(&str, &str)]) -> Served {
        let log = self.folder().join("stderr.log");
        let mut command = self.command(args, env);
        command.args(["--listen", "localhost:0"]);
        command.stdout(Stdio::piped()).stderr(File::create(&log).expect("a log can be made"));
        let mut child = command.spawn().expect("tally-api runs");
        let mut lines = BufReader::new(child.stdout.take().expect("its output is piped")).lines();
        let greeting = timeout(PATIENCE, read_greeting(&mut lines)).await.ok().flatten();
        let greeting = greeting.unwrap_or_else(|| {
            panic!("the server is not ready:\n{}", fs::read_to_string(&log).unwrap_or_default())
        });
        Served { greeting, child, _lines: lines }
    }
}

/// What the server says, from its being ready to the last line of it; none if it has ended.
async fn read_greeting(lines: &mut Lines<BufReader<ChildStdout>>) -> Option<String> {
    let mut greeting = String::new();
    while let Ok(Some(line)) = lines.next_line().await {
        greeting.push_str(&line);
        greeting.push('\n');
        if line.starts_with("Ctrl-C") {
            assert!(greeting.starts_with("Tally is ready.\n"), "{greeting}");
            return Some(greeting);
        }
    }
    None
}

/// What a process that has ended has left.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code.
    pub code: Option<i32>,
    /// What it wrote to standard output.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
}

impl Ended {
    fn new(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("tally-api writes UTF-8");
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

/// A running server. Dropping this kills it.
#[derive(Debug)]
pub struct Served {
    /// What it said when it was ready.
    pub greeting: String,
    child: Child,
    _lines: Lines<BufReader<ChildStdout>>,
}

impl Served {
    /// Where it listens, such as `http://127.0.0.1:12345`.
    pub fn url(&self) -> &str {
        let line = self.greeting.lines().find_map(|line| line.trim().strip_prefix("GraphQL"));
        line.and_then(|line| line.trim().strip_suffix("/graphql")).expect("the address is said")
    }

    /// Asks it to stop, and returns its exit code once it has.
    pub async fn stop(self) -> Option<i32> {
        self.terminate().await;
        self.ended().await
    }

    /// Sends it SIGTERM.
    pub async fn terminate(&self) {
        let id = self.child.id().expect("it runs").to_string();
        assert!(sh(&["-c", &format!("kill -TERM {id}")], Path::new("/")).await.code == Some(0));
    }

    /// Waits for its end, and returns its exit code.
    pub async fn ended(mut self) -> Option<i32> {
        let ended = timeout(PATIENCE, self.child.wait()).await.expect("it stops when it is asked to");
        ended.expect("its end can be waited for").code()
    }
}

/// Runs the shell, as somebody does who pastes a line into a terminal in `folder`.
pub async fn sh<A: AsRef<OsStr>>(args: &[A], folder: &Path) -> Ended {
    let output = Command::new("sh").args(args).current_dir(folder).output().await;
    Ended::new(output.expect("there is a shell"))
}
