//! PostgreSQL (15 or newer) for the tests: one server per test process, one fresh database per test.
//!
//! The server is the one that `TALLY_TEST_POSTGRES_URL` names (a superuser's URL), or a private one that this
//! module starts from the machine's own programs, and that dies with the process, however the process ends.
//! On a machine that has neither the tests fail: they are never skipped.
//!
//! Nothing that is kept for the whole process holds a connection: each test has a runtime of its own, and a
//! connection cannot outlive the runtime that opened it. Nor does anything here know Tally's tables: what goes
//! into the template is the caller's business.

mod keeper;

use std::{
    env, io,
    ops::Range,
    path::{Path, PathBuf},
    process,
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

use keeper::Keeper;

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
    /// If it does not start.
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
    /// If it does not start.
    pub async fn revive(&self) {
        let options = start_order(self.port, self.durability);
        self.order(options.replacen("start", "revive", 1)).await;
    }

    /// The directory that holds its data.
    pub fn directory(&self) -> PathBuf {
        self.keeper.lock().unwrap_or_else(PoisonError::into_inner).directory().to_owned()
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
