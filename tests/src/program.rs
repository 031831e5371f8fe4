//! Any of the real programs, run in a terminal's place.

use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};
use tokio::time::timeout;

use crate::binary::{self, Ended};

/// How long a process may take over anything. It bounds a test that has failed, and no test that passes waits for it.
const PATIENCE: Duration = Duration::from_mins(1);

/// A call of a program, in a folder of its own and with no environment but what it is given.
#[derive(Debug)]
pub struct Program {
    name: &'static str,
    folder: TempDir,
}

impl Program {
    /// A program of this workspace, in a new folder.
    pub fn new(name: &'static str) -> Self {
        Self { name, folder: tempfile::tempdir().expect("a folder to run in") }
    }

    /// Runs it to its end.
    pub async fn run(&self, args: &[&str], env: &[(&str, &str)]) -> Ended {
        self.start(args, env).ended().await
    }

    /// Starts it.
    pub fn start(&self, args: &[&str], env: &[(&str, &str)]) -> Running {
        let mut command = Command::new(binary::built(self.name));
        command.args(args).env_clear().envs(env.iter().copied()).current_dir(self.folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().expect("the program starts");
        let stderr = BufReader::new(child.stderr.take().expect("it is piped")).lines();
        Running { child, stderr, said: String::new() }
    }
}

/// A program that is running. Dropping this kills it.
#[derive(Debug)]
pub struct Running {
    child: Child,
    stderr: Lines<BufReader<ChildStderr>>,
    said: String,
}

impl Running {
    /// Waits until it writes a line with `text` to standard error.
    pub async fn says(&mut self, text: &str) {
        let said = async {
            while let Ok(Some(line)) = self.stderr.next_line().await {
                self.said.push_str(&line);
                self.said.push('\n');
                if line.contains(text) {
                    return true;
                }
            }
            false
        };
        let said = timeout(PATIENCE, said).await;
        assert!(matches!(said, Ok(true)), "it does not say {text:?}, but:\n{}", self.said);
    }

    /// Does what Ctrl-C does.
    pub async fn interrupt(&self) {
        let id = self.child.id().expect("it runs").to_string();
        let killed = Command::new("kill").args(["-INT", &id]).status().await;
        assert!(killed.expect("there is a kill").success());
    }

    /// What it has left when it ends.
    pub async fn ended(mut self) -> Ended {
        let mut stdout = String::new();
        let ended = async {
            let mut out = self.child.stdout.take().expect("it is piped");
            let errors = async {
                while let Ok(Some(line)) = self.stderr.next_line().await {
                    self.said.push_str(&line);
                    self.said.push('\n');
                }
            };
            let (read, ()) = tokio::join!(out.read_to_string(&mut stdout), errors);
            read.expect("it writes UTF-8");
            self.child.wait().await.expect("its end can be waited for").code()
        };
        let code = timeout(PATIENCE, ended).await.expect("it ends");
        Ended { code, stdout, stderr: self.said }
    }
}
