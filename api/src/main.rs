//! `tally-api`: serves the API, with the worker in the same process unless told otherwise.

mod after_restore;
mod greeting;

use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use api::auth::{self, Identity, Role, SecretOrigin, TokenVerifier};
use api::config::{AuthArgs, Cli, Command, DatabaseArgs, Export, LogArgs, LogFormat, ServeArgs, TokenArgs};
use api::demo::{self, Filled};
use api::error::ApiError;
use api::http::{App, Hygiene, Options};
use api::live;
use api::schema::Services;
use api::service::access::AccessLog;
use api::service::read::{self, Columns, ProfileCache};
use api::service::revocation_journal::RevocationJournal;
use api::session::PublicUrl;
use chrono::TimeDelta;
use entity::clock::{Clock, SharedClock, SystemClock};
use entity::database::Database;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use worker::telemetry::{Exporting, Telemetry};
use worker::{Metrics, Ops, Worker};

use crate::greeting::{Greeting, Link};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::read();
    match run(cli).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let mut message = format!("tally-api: {error}");
            let mut source = error.source();
            while let Some(cause) = source {
                let text = cause.to_string();
                if !message.contains(&text) {
                    let _ = write!(message, ": {text}");
                }
                source = cause.source();
            }
            let _ = writeln!(std::io::stderr(), "{message}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> Outcome {
    let _exporting = start_telemetry(&cli.log)?;
    match cli.command {
        None => serve(cli).await,
        Some(Command::Token(token)) => print_token(&cli.auth, &token),
        Some(Command::Export { what }) => {
            let db = open(&cli.database).await?;
            let exported = export(&db, what).await;
            db.close().await;
            exported
        }
        Some(Command::Migrate) => {
            open_for_the_school(&cli).await?.close().await;
            say("The database is up to date.\n")
        }
        Some(Command::AfterRestore(args)) => {
            if let Some(file) = cli.database.sqlite_file().filter(|file| !file.exists()) {
                let place = file.display();
                return Err(format!("there is no database at {place}: put the backup there first").into());
            }
            let db = open(&cli.database).await?;
            let done = after_restore::run(&db, cli.database.journal_file().as_deref(), &args).await;
            db.close().await;
            say(&done?)
        }
        Some(Command::Backup { file }) => {
            let stop = worker::signals::stop()?;
            say(&api::backup::run(&cli.database.database_url, &file, stop).await?)
        }
        Some(Command::Schema) => say(&api::schema::sdl()),
    }
}

async fn export(db: &Database, what: Export) -> Outcome {
    let out = std::io::stdout().lock();
    match what {
        Export::Profiles { without_update_time } => {
            let columns = if without_update_time { Columns::Numbers } else { Columns::All };
            read::export_profiles_unscoped(db.reader(), columns, out).await?;
        }
        Export::Weeks => {
            read::export_weeks_unscoped(db.reader(), out).await?;
        }
    }
    Ok(())
}

/// Opens the database and brings its schema up to date.
async fn open(args: &DatabaseArgs) -> Outcome<Database> {
    if let Some(file) = args.sqlite_file() {
        make_folder_of(&file).map_err(|error| format!("--database-url (DATABASE_URL): {error}"))?;
    }
    let db = Database::connect(&args.database_url, args.database_connections)
        .await
        .map_err(|error| format!("--database-url (DATABASE_URL): {error}"))?;
    migration::migrate(db.writer()).await.map_err(|error| {
        format!("--database-url (DATABASE_URL): the tables cannot be brought up to date: {error}")
    })?;
    Ok(db)
}

/// [`open`], and notes what holds for the whole school, if it was told.
async fn open_for_the_school(cli: &Cli) -> Outcome<Database> {
    let db = open(&cli.database).await?;
    if let Some(zone) = cli.school.time_zone
        && entity::school::move_to(&db, zone).await?
    {
        tracing::info!(%zone, "the school has moved to another time zone: all weeks are computed anew");
    }
    Ok(db)
}

async fn fill(db: &Database, clock: &dyn Clock) -> Outcome<Filled> {
    demo::fill(db, clock.now()).await.map_err(|error| match error {
        ApiError::User(error) => error.message.into(),
        ApiError::Database(error) => error.into(),
    })
}

/// Makes the folder of a file that may have to be made, for nobody else on this machine: what lies in it is about
/// children, or a secret.
fn make_folder_of(file: &Path) -> Result<(), String> {
    use std::os::unix::fs::DirBuilderExt as _;
    match file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|error| format!("the folder {} cannot be made: {error}", folder.display())),
        None => Ok(()),
    }
}

async fn serve(cli: Cli) -> Outcome {
    let listen = cli.serve.listen;
    if !listen.ip().is_loopback() && !cli.auth.is_configured() {
        return Err(format!(
            "--listen (TALLY_LISTEN) is {listen}, which others can reach: \
             set --jwt-secret-file (TALLY_JWT_SECRET_FILE) or --jwks (TALLY_JWKS) first"
        )
        .into());
    }
    let clock: SharedClock = Arc::new(SystemClock);
    let (verifier, keys) = verifier(&cli.auth, clock.clone()).await?;
    let db = open_for_the_school(&cli).await?;
    // From here on: what brings the tables up to date may take its time.
    let db = db
        .within(cli.limits.statement_within())
        .await
        .map_err(|error| format!("--database-url (DATABASE_URL): {error}"))?;
    let journal = journal(&cli.database)?;
    let mut services = Services::new(db.clone(), clock.clone()).journaled(journal.clone());
    journal.catch_up(&db).await?;
    if cli.serve.access_log_days == 0 {
        services.access_log = AccessLog::off(db.clone(), clock.clone());
    }
    services.revocations.refresh().await?;
    let verifier = verifier.heeding(services.revocations.copy());
    let demo = if cli.serve.demo { Some(fill(&db, &*clock).await?) } else { None };
    let listener = TcpListener::bind(listen)
        .await
        .map_err(|error| format!("--listen (TALLY_LISTEN) {listen}: {error}"))?;

    let stop = worker::signals::stop()?;
    let access_log = services.access_log.clone();
    let cache = if cli.serve.cache { ProfileCache::on() } else { ProfileCache::off() };
    let metrics = Metrics::with(|registry| {
        cache.register(registry);
        access_log.register(registry);
        journal.register(registry);
    });
    let settings = settings(&cli.serve, &db);
    let worker =
        (!cli.serve.no_worker).then(|| Worker::new(db.clone(), clock.clone(), settings, metrics.clone()));
    let name = worker.as_ref().map(|worker| (worker.name().to_owned(), settings.lease));
    let ops = Ops { db: db.clone(), pending: |db| Box::pin(migration::pending(db)), metrics, worker: name };
    tokio::spawn(services.revocations.clone().keep(stop.clone()));
    let log_ends = CancellationToken::new();
    let log = tokio::spawn(access_log.keep(log_ends.clone()));
    let background = tokio::spawn(background(worker, db.clone(), stop.clone()));
    let address = listener.local_addr()?;
    let worker = if cli.serve.no_worker { live::Worker::Elsewhere } else { live::Worker::Here };
    let (limits, hygiene) = (cli.limits.limits(is_for_us_alone(&cli.serve)), hygiene(&cli));
    let app = App::with(Options { worker, cache, limits, hygiene }, services, verifier);
    let app = match cli.serve.public_url.clone() {
        Some(url) => app.reached_by(url),
        None => app,
    };
    let links = if is_for_us_alone(&cli.serve) { links(&app, demo.as_ref())? } else { Vec::new() };
    say(&Greeting { address, cli: &cli, keys: &keys, demo: demo.as_ref(), links: &links }.to_string())?;
    let served = api::http::serve(listener, app, ops.router(), stop.clone()).await;
    stop.cancel();
    // Only now has the last request said what it did.
    log_ends.cancel();
    let (ended, logged) = tokio::join!(background, log);
    db.close().await;
    let ended = ended?;
    logged?;
    served?;
    ended.map_err(Into::into)
}

/// The journal of revocations beside the database.
fn journal(args: &DatabaseArgs) -> Outcome<RevocationJournal> {
    let Some(file) = args.journal_file() else { return Ok(RevocationJournal::off()) };
    let name = file.display().to_string();
    let unusable = |error| format!("--revocation-journal (TALLY_REVOCATION_JOURNAL) {name}: {error}").into();
    RevocationJournal::open(file).map_err(unusable)
}

/// The settings of the worker inside.
fn settings(args: &ServeArgs, db: &Database) -> worker::Settings {
    worker::Settings {
        lease: Duration::from_secs(args.worker_lease),
        history: worker::history::Retention { events: args.history_events, days: args.history_days },
        accesses: TimeDelta::days(args.access_log_days.into()),
        ..worker::Settings::for_backend(db.backend())
    }
}

/// What browsers are told, which reach the server as its public URL says.
fn hygiene(cli: &Cli) -> Hygiene {
    cli.browsers.hygiene(cli.serve.public_url.as_ref().is_some_and(PublicUrl::is_https))
}

/// Whether nobody can reach the server but people at this machine: a link that is printed can be used by them alone. A
/// server behind a proxy writes its output to a log that others may read.
fn is_for_us_alone(args: &ServeArgs) -> bool {
    args.listen.ip().is_loopback() && args.public_url.is_none()
}

/// Links that sign in once: an admin, and a guardian of the invented school.
fn links(app: &App, demo: Option<&Filled>) -> Outcome<Vec<Link>> {
    let admin = Identity::new(Role::Admin, "admin")?;
    let mut links = vec![Link { whom: "an admin, to the desk", path: app.one_time_link(admin) }];
    if let Some(demo) = demo {
        let guardian = Identity::new(Role::Guardian, demo.guardian.as_str())?;
        links.push(Link { whom: "a guardian of four", path: app.one_time_link(guardian) });
    }
    Ok(links)
}

/// What runs beside the server: the worker, and what tells the readers and workers of other processes of our commits.
async fn background(
    worker: Option<Worker>,
    db: Database,
    stop: CancellationToken,
) -> Result<(), worker::engine::EngineError> {
    let announced = tokio::spawn(entity::feed::announce(db.clone(), stop.clone()));
    let woken = tokio::spawn(worker::wakeup::announce(db, stop.clone()));
    let ended = match worker {
        Some(worker) => worker.run(stop.clone()).await,
        None => Ok(()),
    };
    // A server whose worker has ended would take facts that nobody computes.
    if ended.is_err() {
        stop.cancel();
    }
    let _ = tokio::join!(announced, woken);
    ended
}

/// The verifier of tokens, and a sentence about its keys.
async fn verifier(args: &AuthArgs, clock: SharedClock) -> Outcome<(TokenVerifier, String)> {
    if let Some(source) = args.jwks_source() {
        let keys = format!("tokens are checked with the keys of {source}");
        source.check().await.map_err(|error| format!("--jwks (TALLY_JWKS): {error}"))?;
        let verifier = TokenVerifier::jwks(source, args.rules(), clock)
            .map_err(|error| format!("--jwks (TALLY_JWKS): {error}"))?;
        return Ok((verifier, keys));
    }
    let file = args.secret_file();
    let (secret, origin) = secret(args)?;
    let made = if origin == SecretOrigin::Created { ", made just now for this machine" } else { "" };
    let keys = format!("tokens are checked with the secret in {}{made}", file.display());
    Ok((TokenVerifier::hs256(secret.expose(), args.rules(), clock), keys))
}

fn secret(args: &AuthArgs) -> Outcome<(auth::Secret, SecretOrigin)> {
    let file = args.secret_file();
    make_folder_of(&file).map_err(|error| format!("--jwt-secret-file (TALLY_JWT_SECRET_FILE): {error}"))?;
    auth::load_or_create_secret(&file).map_err(|error| {
        let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
        format!("--jwt-secret-file (TALLY_JWT_SECRET_FILE): {error}{cause}").into()
    })
}

fn print_token(args: &AuthArgs, token: &TokenArgs) -> Outcome {
    if args.jwks.is_some() {
        return Err("--jwks (TALLY_JWKS) is set: tokens are signed by whoever has its private keys".into());
    }
    let identity = Identity::new(token.role, token.subject.as_str()).map_err(|_| {
        format!(
            "--subject must have 1 to {} characters, and none that controls a terminal",
            Identity::MAX_SUBJECT_CHARS
        )
    })?;
    let (secret, origin) = secret(args)?;
    if origin == SecretOrigin::Created {
        let file = args.secret_file();
        let file = std::path::absolute(&file).unwrap_or(file);
        let note = "made just now; a server that was started in another folder has another secret";
        let _ = writeln!(std::io::stderr(), "tally-api: the secret {} was {note}", file.display());
    }
    let lifetime = TimeDelta::hours(token.hours.into());
    let token = auth::sign_hs256(&secret, &identity, SystemClock.now(), lifetime, &args.rules())?;
    say(&format!("{token}\n"))
}

fn start_telemetry(args: &LogArgs) -> Outcome<Exporting> {
    let telemetry = Telemetry {
        service: "tally-api",
        log: &args.log,
        json: args.log_format == LogFormat::Json,
        otlp_endpoint: args.otlp_endpoint.as_deref(),
    };
    Ok(telemetry.start()?)
}

/// Writes to standard output. That nobody reads it any more is no error.
fn say(text: &str) -> Outcome {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
