//! A shell that looks after one private server, and stops it however this process ends.

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::{
    env, fs,
    io::{self, BufRead, BufReader, Write},
};

use super::Durability;

const NOT_FOUND: &str = "the tests need PostgreSQL's server programs, and `initdb` is neither on the PATH nor in \
    /usr/lib/postgresql/*/bin: install the Debian package `postgresql`, or set TALLY_TEST_POSTGRES_URL to a \
    superuser's URL of a running server";

/// A shell that looks after one private server. It takes its orders from a pipe whose other end this process
/// alone holds. When the process ends, even by SIGKILL, the kernel closes the pipe, and the shell stops the
/// server and removes its directory. It carries out one order at a time, so it never leaves one half done.
#[derive(Debug)]
pub(super) struct Keeper {
    shell: Child,
    orders: Option<ChildStdin>,
    replies: BufReader<ChildStdout>,
    directory: PathBuf,
}

/// Arguments: the server's directory, the folder of the programs, and the words that run a command as the
/// server's user. It ignores the signals that a terminal or an ending session sends to everybody, and that its
/// replies may find no reader.
const KEEPER: &str = r#"
    trap '' HUP INT PIPE QUIT TERM
    directory=$1 data=$1/data programs=$2
    shift 2
    while read -r order options; do
        case $order in
            init) "$@" "$programs/initdb" -D "$data" -U postgres -A trust -E UTF8 --locale=C --no-sync ;;
            start) "$@" "$programs/pg_ctl" start -s -D "$data" -l "$directory/server.log" -o "$options" ;;
            revive) "$@" "$programs/pg_ctl" status -D "$data" ||
                "$@" "$programs/pg_ctl" start -s -D "$data" -l "$directory/server.log" -o "$options" ;;
            stop) "$@" "$programs/pg_ctl" stop -s -D "$data" -m immediate ;;
        esac </dev/null >>"$directory/keeper.log" 2>&1 && echo done || echo failed
    done
    "$@" "$programs/pg_ctl" stop -s -D "$data" -m immediate
    cd / && rm -rf "$directory"
"#;

impl Keeper {
    /// Makes the directory of a server, and the shell that looks after it.
    pub(super) fn employ(
        durability: Durability,
        environment: impl FnOnce(&Path) -> Vec<(&'static str, PathBuf)>,
    ) -> io::Result<Self> {
        let programs = find_programs().ok_or_else(|| io::Error::other(NOT_FOUND))?;
        let user = server_user()?;
        let directory = tempfile::Builder::new().prefix("tally-postgres-").tempdir_in(place(durability))?;
        if let Some((user, group)) = user {
            chown(&directory, Some(user), Some(group))?;
        }
        let as_user = user.map(|(user, group)| {
            let (user, group) = (format!("--reuid={user}"), format!("--regid={group}"));
            ["setpriv".to_owned(), user, group, "--clear-groups".to_owned()]
        });
        let mut shell = Command::new("sh")
            .args(["-c", KEEPER, "tally-postgres"])
            .args([directory.path(), &programs])
            .args(as_user.into_iter().flatten())
            // The programs must be able to enter the folder that they are started in.
            .current_dir(&directory)
            .envs(environment(directory.path()))
            // Not the test's own process group, which Ctrl-C ends.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let orders = shell.stdin.take();
        let replies = BufReader::new(shell.stdout.take().expect("its output is piped"));
        // From here on, removing it is the shell's work.
        Ok(Self { shell, orders, replies, directory: directory.keep() })
    }

    /// The directory of the server.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Returns when the order has been carried out.
    pub(super) fn order(&mut self, order: &str) -> io::Result<()> {
        if let Some(orders) = &mut self.orders {
            orders.write_all(format!("{order}\n").as_bytes())?;
        }
        let mut reply = String::new();
        self.replies.read_line(&mut reply)?;
        if reply == "done\n" {
            return Ok(());
        }
        let read = |log| fs::read_to_string(self.directory.join(log)).unwrap_or_default();
        let logs = read("keeper.log") + &read("server.log");
        Err(io::Error::other(format!("PostgreSQL's keeper did not `{order}`:\n{logs}")))
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.orders.take());
        let _ = self.shell.wait();
    }
}

/// The folder of PostgreSQL's server programs: that of the PATH, or else the newest that Debian has installed.
fn find_programs() -> Option<PathBuf> {
    let find = "command -v initdb || ls -d /usr/lib/postgresql/*/bin/initdb | sort -V | tail -n 1";
    let initdb = fs::canonicalize(output("sh", &["-c", find])?).ok()?;
    initdb.parent().map(Path::to_owned)
}

/// The user and group that the server must run as, if not our own: PostgreSQL refuses to run as root.
fn server_user() -> io::Result<Option<(u32, u32)>> {
    let id = |arguments: &[&str]| output("id", arguments)?.parse::<u32>().ok();
    if id(&["-u"]) != Some(0) {
        return Ok(None);
    }
    let users = ["postgres", "nobody"];
    let found = users.iter().find_map(|user| Some((id(&["-u", user])?, id(&["-g", user])?)));
    let none =
        || io::Error::other("PostgreSQL cannot run as root, and there is no user `postgres` or `nobody`");
    found.ok_or_else(none).map(Some)
}

/// Where the data goes. What need not last stays in memory if there is room (a container's memory file system
/// often has 64 MiB): a database is some 300 small files, and there are disks that take long to make one.
fn place(durability: Durability) -> PathBuf {
    let free_kib = || {
        let table = output("sh", &["-c", "test -w /dev/shm && df -Pk /dev/shm"])?;
        table.split_whitespace().nth_back(2)?.parse::<u64>().ok()
    };
    match durability {
        Durability::Fast if free_kib() >= Some(2 * 1024 * 1024) => "/dev/shm".into(),
        _ => env::temp_dir(),
    }
}

/// Output of a command that succeeds, without the end of the line.
fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output =
        Command::new(program).args(arguments).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
