//! Many rows into a table at once, below the API, in the fastest way that each database has.

use std::fmt::Write as _;
use std::str::FromStr;

use entity::sea_orm::sea_query::Value;
use entity::sea_orm::{ActiveModelTrait, EntityName, EntityTrait, IdenStatic, IntoActiveModel, Iterable};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

/// Rows per statement on SQLite: below its limit on parameters with room to spare, and parsed once.
const ROWS_PER_STATEMENT: usize = 200;
/// Pages of memory that SQLite may use while it loads, in KiB.
const SQLITE_CACHE: &str = "-262144";

/// A connection that does nothing but load.
pub(super) enum Loader {
    /// Multi-row inserts by a prepared statement, which waits for no disk until [`Self::finish`].
    Sqlite(Box<SqliteConnection>),
    /// `COPY`.
    Postgres(Box<PgConnection>),
}

impl Loader {
    /// Connects to the database at `url`.
    pub(super) async fn connect(url: &str) -> sqlx::Result<Self> {
        if url.starts_with("sqlite:") {
            let options = SqliteConnectOptions::from_str(url)?
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Off)
                // What is generated refers to what was generated.
                .foreign_keys(false)
                .pragma("cache_size", SQLITE_CACHE);
            return Ok(Self::Sqlite(Box::new(SqliteConnection::connect_with(&options).await?)));
        }
        let mut connection = PgConnection::connect(url).await?;
        // As above. Only superusers may; everybody else waits for the checks.
        let _ = connection.execute("SET session_replication_role = replica").await;
        Ok(Self::Postgres(Box::new(connection)))
    }

    /// Begins a transaction.
    pub(super) async fn begin(&mut self) -> sqlx::Result<()> {
        self.execute("BEGIN").await
    }

    /// Commits the transaction.
    pub(super) async fn commit(&mut self) -> sqlx::Result<()> {
        self.execute("COMMIT").await
    }

    /// Writes rows of one table.
    pub(super) async fn write<M, A>(&mut self, rows: Vec<M>) -> sqlx::Result<()>
    where
        M: IntoActiveModel<A>,
        A: ActiveModelTrait,
    {
        match self {
            Self::Sqlite(connection) => insert(connection, rows).await,
            Self::Postgres(connection) => copy(connection, rows).await,
        }
    }

    /// Leaves the database as one that has been in use for a while: everything on the disk, and the statistics that
    /// PostgreSQL gathers by itself.
    pub(super) async fn finish(mut self) -> sqlx::Result<()> {
        match &mut self {
            Self::Sqlite(connection) => {
                connection.execute("PRAGMA synchronous = FULL").await?;
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").await?;
            }
            Self::Postgres(connection) => {
                connection.execute("VACUUM ANALYZE").await?;
                connection.execute("CHECKPOINT").await?;
            }
        }
        match self {
            Self::Sqlite(connection) => connection.close().await,
            Self::Postgres(connection) => connection.close().await,
        }
    }

    async fn execute(&mut self, statement: &'static str) -> sqlx::Result<()> {
        match self {
            Self::Sqlite(connection) => connection.execute(statement).await.map(drop),
            Self::Postgres(connection) => connection.execute(statement).await.map(drop),
        }
    }
}

/// The name of the table of `A`, and those of its columns.
fn table<A: ActiveModelTrait>() -> (String, Vec<<A::Entity as EntityTrait>::Column>) {
    (A::Entity::default().table_name().to_owned(), <A::Entity as EntityTrait>::Column::iter().collect())
}

fn names(columns: &[impl IdenStatic]) -> String {
    columns.iter().map(IdenStatic::as_str).collect::<Vec<_>>().join(", ")
}

fn value<A: ActiveModelTrait>(row: &A, column: <A::Entity as EntityTrait>::Column) -> Value {
    row.get(column).into_value().expect("a model has a value for every column")
}

async fn insert<M, A>(connection: &mut SqliteConnection, rows: Vec<M>) -> sqlx::Result<()>
where
    M: IntoActiveModel<A>,
    A: ActiveModelTrait,
{
    let (table, columns) = table::<A>();
    let mut rows = rows.into_iter().map(IntoActiveModel::into_active_model).peekable();
    while rows.peek().is_some() {
        let page: Vec<A> = rows.by_ref().take(ROWS_PER_STATEMENT).collect();
        let row = format!("({})", vec!["?"; columns.len()].join(", "));
        let places = vec![row; page.len()].join(", ");
        let sql = format!("INSERT INTO {table} ({}) VALUES {places}", names(&columns));
        let mut insert = sqlx::query(AssertSqlSafe(sql));
        for row in &page {
            for column in &columns {
                insert = match value(row, *column) {
                    Value::Uuid(value) => insert.bind(value),
                    Value::String(value) => insert.bind(value),
                    Value::Int(value) => insert.bind(value),
                    Value::BigInt(value) => insert.bind(value),
                    Value::ChronoDate(value) => insert.bind(value),
                    Value::ChronoDateTimeUtc(value) => insert.bind(value),
                    other => unreachable!("no column of the school holds {other:?}"),
                };
            }
        }
        insert.execute(&mut *connection).await?;
    }
    Ok(())
}

async fn copy<M, A>(connection: &mut PgConnection, rows: Vec<M>) -> sqlx::Result<()>
where
    M: IntoActiveModel<A>,
    A: ActiveModelTrait,
{
    let (table, columns) = table::<A>();
    let mut text = String::new();
    for row in rows.into_iter().map(IntoActiveModel::into_active_model) {
        for (nth, column) in columns.iter().enumerate() {
            if nth > 0 {
                text.push('\t');
            }
            push_copied(&mut text, value(&row, *column));
        }
        text.push('\n');
    }
    let mut copy = connection.copy_in_raw(&format!("COPY {table} ({}) FROM STDIN", names(&columns))).await?;
    copy.send(text.into_bytes()).await?;
    copy.finish().await.map(drop)
}

/// Appends a value as the text format of `COPY` has it. No text of the school needs to be escaped.
fn push_copied(text: &mut String, value: Value) {
    let written = match value {
        Value::Uuid(Some(value)) => write!(text, "{value}"),
        Value::String(Some(value)) => write!(text, "{value}"),
        Value::Int(Some(value)) => write!(text, "{value}"),
        Value::BigInt(Some(value)) => write!(text, "{value}"),
        Value::ChronoDate(Some(value)) => write!(text, "{value}"),
        Value::ChronoDateTimeUtc(Some(value)) => write!(text, "{}", value.to_rfc3339()),
        Value::Uuid(None)
        | Value::String(None)
        | Value::Int(None)
        | Value::BigInt(None)
        | Value::ChronoDate(None)
        | Value::ChronoDateTimeUtc(None) => write!(text, "\\N"),
        other => unreachable!("no column of the school holds {other:?}"),
    };
    written.expect("a string takes what is written");
}
