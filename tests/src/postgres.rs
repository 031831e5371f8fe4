//! PostgreSQL (15 or newer) for the tests: one server per test process, one fresh database per test.
//!
//! The server is the one that `TALLY_TEST_POSTGRES_URL` names (a superuser's URL), or a private one that this
//! module starts from the machine's own programs, and that dies with the process, however the process ends.
//! On a machine that has neither the tests fail: they are never skipped.
//!
//! Nothing that is kept for the whole process holds a connection: each test has a runtime of its own, and a
//! connection cannot outlive the runtime that opened it. Nor does anything here know Tally's tables: what goes
//! into the template is the caller's business.

use std::{
    env, fs,
    io::{self, BufRead, BufReader, Write},
    ops::Range,
    os::unix::{fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::{self, Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::{runtime, sync::OnceCell, task};
use url::Url;

const NOT_FOUND: &str = "the tests need PostgreSQL's server programs, and `initdb` is neither on the PATH nor in \
    /usr/lib/postgresql/*/bin: install the Debian package `postgresql`, or set TALLY_TEST_POSTGRES_URL to a \
    superuser's URL of a running server";

/// What the names of the tests' databases begin with.
const PREFIX: &str = "tally_test_";

/// How long the end of a test waits for its database to be dropped from a server that outlives the tests.
const DROP_PATIENCE: Duration = Duration::from_secs(2);

/// Where private servers listen: below the ports that systems give to outgoing connections. A client that keeps
/// trying one of those while the server is down can be given it as its own, and is then connected to itself.
const PORTS: Range<u16> = 20_000..32_000;

/// How many of them are tried, as some may be taken.
const PORT_ATTEMPTS: u32 = 5;

/// The server of this process, once a test has asked for it.
static SERVER: OnceCell<Server> = OnceCell::const_new();

/// The database that [`fresh_database`] copies.
static TEMPLATE: OnceCell<Database> = OnceCell::const_new();

/// A superuser's URL of the server that this process's tests run against. Starts the server if need be.
///
/// # Panics
///
/// When there is no PostgreSQL to be had, saying what to install or to set.
pub async fn server_url() -> &'static str {
    &Server::get().await.url
}

/// A copy of a template database that `prepare` has filled, given the template's URL.
///
/// `prepare` runs once per process, so all callers must mean the same by it: Tally's migrations. It must leave
/// no task behind that connects again; connections that it forgot to close are ended.
///
/// # Panics
///
/// When there is no server, or the server refuses.
pub async fn fresh_database(prepare: impl AsyncFnOnce(&str)) -> Database {
    let fill = async || {
        let template = empty_database().await;
        prepare(&template.url).await;
        // A database that somebody is connected to cannot be copied.
        let name = &template.name;
        for statement in [
            format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false"),
            format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"),
        ] {
            template.server.execute(statement).await.expect("the template can be closed");
        }
        template
    };
    Database::create(&TEMPLATE.get_or_init(fill).await.name).await
}

/// A database with nothing in it, for the tests of what fills one.
///
/// # Panics
///
/// When there is no server, or the server refuses.
pub async fn empty_database() -> Database {
    Database::create("template0").await
}

/// A database of one test's own. Dropping this drops the database, connections and all.
#[derive(Debug)]
pub struct Database {
    name: String,
    url: String,
    server: &'static Server,
}

impl Database {
    /// The URL to connect to it, as a superuser.
    pub fn url(&self) -> &str {
        &self.url
    }

    async fn create(template: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let server = Server::get().await;
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("{PREFIX}{}_{count}_{:08x}", process::id(), rand::random::<u32>());
        let mut url = Url::parse(&server.url).expect("the server's URL is a URL");
        url.set_path(&name);

        let statement = format!("CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy");
        server.execute(statement).await.expect("the server makes a database for this test");
        Self { name, url: url.into(), server }
    }
}

impl Drop for Database {
    /// Works outside the test's runtime, which may be about to end, and gives up quietly: a private server goes
    /// away with all that is in it, and a server that stays is tidied up by later runs.
    fn drop(&mut self) {
        let server = self.server;
        let statement = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let (done, dropped) = mpsc::channel();
        let work = move || {
            if let Ok(runtime) = runtime::Builder::new_current_thread().enable_all().build() {
                let _ = done.send(runtime.block_on(server.execute(statement)));
            }
        };
        if thread::Builder::new().spawn(work).is_ok() && server.private.is_none() {
            let _ = dropped.recv_timeout(DROP_PATIENCE);
        }
    }
}

#[derive(Debug)]
struct Server {
    url: String,
    /// None if others have started it. Stops when this process ends, which closes its keeper's pipe.
    private: Option<Cluster>,
}

impl Server {
    async fn get() -> &'static Self {
        SERVER.get_or_init(Self::find).await
    }

    async fn find() -> Self {
        #[expect(clippy::disallowed_methods, reason = "the tests have no command line to define it on")]
        let url = env::var("TALLY_TEST_POSTGRES_URL").unwrap_or_default();
        if url.is_empty() {
            let cluster = Cluster::create(Durability::Fast).await;
            return Self { url: cluster.url("postgres"), private: Some(cluster) };
        }
        let server = Self { url, private: None };
        server.tidy_up().await.expect("TALLY_TEST_POSTGRES_URL is a superuser's URL of a running server");
        server
    }

    /// Runs one statement over a connection of its own.
    async fn execute(&self, statement: String) -> sqlx::Result<()> {
        let mut connection = PgConnection::connect(&self.url).await?;
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await?;
        connection.close().await
    }

    /// Drops what earlier processes have left: their templates, and the databases of tests that were killed.
    /// Only what is older than a day, as other processes may be at work.
    async fn tidy_up(&self) -> sqlx::Result<()> {
        let mut connection = PgConnection::connect(&self.url).await?;
        let find = "SELECT datname FROM pg_database WHERE starts_with(datname, $1) AND \
            (pg_stat_file('base/' || oid || '/PG_VERSION', true)).modification < now() - interval '1 day'";
        let names: Vec<String> = sqlx::query_scalar(find).bind(PREFIX).fetch_all(&mut connection).await?;
        connection.close().await?;
        for name in names {
            // Another process may be tidying up as well.
            let _ = self.execute(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
        }
        Ok(())
    }
}

/// Whether what a private server has acknowledged survives its crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// No: it waits for no disk, so that the tests run fast.
    Fast,
    /// Yes, as in production.
    Durable,
}

/// A private server: its data in a temporary directory, listening on a port of 127.0.0.1, open to everybody on
/// this machine. It ends when this is dropped, or when the process ends in whatever way.
#[derive(Debug)]
pub struct Cluster {
    keeper: Arc<Mutex<Keeper>>,
    port: u16,
    durability: Durability,
}

impl Cluster {
    /// Makes a new server and starts it.
    ///
    /// # Panics
    ///
    /// When there is no PostgreSQL on this machine, or it does not start.
    pub async fn create(durability: Durability) -> Self {
        Self::create_on(durability, |_| Vec::new()).await
    }

    /// As [`Self::create`], with further variables in the environment of the server, which may depend on its directory.
    ///
    /// # Panics
    ///
    /// As [`Self::create`].
    pub async fn create_on(
        durability: Durability,
        environment: impl FnOnce(&Path) -> Vec<(&'static str, PathBuf)> + Send + 'static,
    ) -> Self {
        let create = move || {
            let mut keeper = Keeper::employ(durability, environment)?;
            keeper.order("init")?;
            let mut attempt = 1;
            loop {
                let port = rand::random_range(PORTS);
                match keeper.order(&start_order(port, durability)) {
                    Ok(()) => return Ok(Self { keeper: Arc::new(Mutex::new(keeper)), port, durability }),
                    Err(error) if attempt == PORT_ATTEMPTS => return Err(error),
                    Err(_) => attempt += 1,
                }
            }
        };
        blocking(create).await
    }

    /// Starts the server again after [`stop_immediately`](Self::stop_immediately), on the same port and data,
    /// and returns when it accepts connections.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub async fn start(&self) {
        self.order(start_order(self.port, self.durability)).await;
    }

    /// Ends all of the server's processes at once, as a crash would: transactions are cut off, no checkpoint is
    /// written, and the next start recovers from the log.
    ///
    /// # Panics
    ///
    /// When it is not running.
    pub async fn stop_immediately(&self) {
        self.order("stop".to_owned()).await;
    }

    /// Starts the server again if it has ended by itself.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub async fn revive(&self) {
        let options = start_order(self.port, self.durability);
        self.order(options.replacen("start", "revive", 1)).await;
    }

    /// The directory that holds its data.
    pub fn directory(&self) -> PathBuf {
        self.keeper.lock().unwrap_or_else(PoisonError::into_inner).directory.clone()
    }

    /// A superuser's URL of one of its databases. A new server has `postgres`.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    async fn order(&self, order: String) {
        let keeper = Arc::clone(&self.keeper);
        blocking(move || keeper.lock().unwrap_or_else(PoisonError::into_inner).order(&order)).await;
    }
}

/// Runs `work` where it may block, and panics in the test if it fails.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> T {
    let done = task::spawn_blocking(work).await.expect("the runtime lives as long as the test");
    done.unwrap_or_else(|error| panic!("{error}"))
}

fn start_order(port: u16, durability: Durability) -> String {
    // The socket lies in the data directory, where relative paths begin: away from other servers' sockets.
    let common = "-h 127.0.0.1 -k . -c max_connections=300 -c shared_buffers=64MB";
    let speed = match durability {
        Durability::Fast => "-c fsync=off -c synchronous_commit=off -c full_page_writes=off",
        Durability::Durable => "",
    };
    format!("start -p {port} {common} {speed}")
}

/// A shell that looks after one private server. It takes its orders from a pipe whose other end this process
/// alone holds. When the process ends, even by SIGKILL, the kernel closes the pipe, and the shell stops the
/// server and removes its directory. It carries out one order at a time, so it never leaves one half done.
#[derive(Debug)]
struct Keeper {
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
    fn employ(
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

    /// Returns when the order has been carried out.
    fn order(&mut self, order: &str) -> io::Result<()> {
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

/// What a command that succeeds prints, without the end of the line.
fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output =
        Command::new(program).args(arguments).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
