//! SQLite, for developers' machines and tests: one connection that writes, several that read beside it (WAL), each used on
//! the blocking threads of the runtime.
//!
//! A connection is lent as a [`Lease`]. Whatever happens to the borrower (an error, a panic, a cancelled request), the
//! lease's end rolls back what was not committed and puts the connection back.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use rusqlite::config::DbConfig;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode};
use time::{OffsetDateTime, PrimitiveDateTime, UtcOffset};

use super::error::DbError;
use super::format::{DAY_FORMAT, INSTANT_FORMAT};
use super::line::{Line, Place};
use super::query::{Param, Query};
use super::row::{Cell, Row};

/// Connections that only read. Two cores seldom keep more than four busy.
const READERS: usize = 4;
/// How long a request waits for a free connection before it is told to come back.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long SQLite itself waits for the lock of another process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How much of the database each connection keeps in memory, in KiB. A hundred people's plans are on more pages than the
/// 2 MiB that SQLite takes unless told.
const PAGE_CACHE_KIB: i64 = 4 * 1024;
/// Prepared statements kept for a connection.
const STATEMENT_CACHE: usize = 128;

const BEGIN: Query = crate::query!("begin", sqlite);
const COMMIT: Query = crate::query!("commit", sqlite);
const ROLLBACK: Query = crate::query!("rollback", sqlite);

/// Where the data is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A file, made when it is missing.
    File(PathBuf),
    /// Nowhere but in this process.
    Memory,
}

/// A SQLite database with its connections.
#[derive(Debug, Clone)]
pub(super) struct Sqlite {
    writer: Arc<Shelf>,
    readers: Arc<Shelf>,
}

impl Sqlite {
    /// Opens the database, making the file and its folder if they are missing.
    pub(super) fn open(location: &Location) -> anyhow::Result<Self> {
        if let Location::File(path) = location
            && let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty())
        {
            std::fs::create_dir_all(folder).with_context(|| format!("can't make the folder {}", folder.display()))?;
        }
        let writer = Arc::new(Shelf::new(location.clone(), 1, false));
        let first = writer.open()?;
        writer.put_back(first);
        let readers = match location {
            Location::File(_) => Arc::new(Shelf::new(location.clone(), READERS, true)),
            Location::Memory => Arc::clone(&writer),
        };
        Ok(Self { writer, readers })
    }

    pub(super) async fn reader(&self) -> Result<Lease, DbError> {
        Shelf::lend(&self.readers).await
    }

    pub(super) async fn writer(&self) -> Result<Lease, DbError> {
        Shelf::lend(&self.writer).await
    }

    /// How many connections are open and lent: (open at most, lent now).
    pub(super) fn connections(&self) -> (usize, usize) {
        let most = self.writer.size + if Arc::ptr_eq(&self.writer, &self.readers) { 0 } else { self.readers.size };
        let free = self.writer.line.free()
            + if Arc::ptr_eq(&self.writer, &self.readers) { 0 } else { self.readers.line.free() };
        (most, most - free)
    }
}

/// Connections of one kind, and who may hold them.
#[derive(Debug)]
struct Shelf {
    location: Location,
    size: usize,
    read_only: bool,
    idle: Mutex<Vec<Connection>>,
    line: Line,
}

impl Shelf {
    fn new(location: Location, size: usize, read_only: bool) -> Self {
        Self { location, size, read_only, idle: Mutex::default(), line: Line::new(size) }
    }

    fn open(&self) -> anyhow::Result<Connection> {
        let connection = match &self.location {
            Location::File(path) => Connection::open(path).with_context(|| format!("can't open {}", path.display()))?,
            Location::Memory => Connection::open_in_memory()?,
        };
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
        // Else most statements are parsed and planned anew for the values of each request.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        // With WAL a commit survives the end of the process; only a power cut can lose the last ones.
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.pragma_update(None, "foreign_keys", "ON")?;
        // A negative number is one of KiB, a positive one of pages.
        connection.pragma_update(None, "cache_size", -PAGE_CACHE_KIB)?;
        if self.read_only {
            connection.pragma_update(None, "query_only", "ON")?;
        }
        Ok(connection)
    }

    fn put_back(&self, connection: Connection) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    }

    async fn lend(shelf: &Arc<Self>) -> Result<Lease, DbError> {
        let place = tokio::time::timeout(ACQUIRE_TIMEOUT, shelf.line.place())
            .await
            .map_err(|_| DbError::unavailable("no free SQLite connection"))??;
        let idle = shelf.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = if let Some(connection) = idle {
            connection
        } else {
            let shelf = Arc::clone(shelf);
            blocking(move || Ok(shelf.open()?)).await?
        };
        Ok(Lease { connection: Some(connection), shelf: Arc::clone(shelf), _place: place })
    }
}

/// A connection on loan.
pub(super) struct Lease {
    connection: Option<Connection>,
    shelf: Arc<Shelf>,
    _place: Place,
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take()
            && (connection.is_autocommit() || connection.execute_batch(ROLLBACK.sqlite).is_ok())
        {
            self.shelf.put_back(connection);
        }
    }
}

impl Lease {
    /// Runs `work` with the connection on a blocking thread and gives the lease back with its result. If the caller goes
    /// away meanwhile, the work is finished and the lease ends there.
    async fn run<T: Send + 'static>(
        self,
        work: impl FnOnce(&Connection) -> Result<T, DbError> + Send + 'static,
    ) -> (Option<Self>, Result<T, DbError>) {
        let done = tokio::task::spawn_blocking(move || {
            let result = match &self.connection {
                Some(connection) => work(connection),
                None => Err(anyhow::anyhow!("the lease has ended").into()),
            };
            (self, result)
        });
        match done.await {
            Ok((lease, result)) => (Some(lease), result),
            Err(failure) => (None, Err(anyhow::Error::new(failure).context("a SQLite thread failed").into())),
        }
    }

    pub(super) async fn begin(self) -> (Option<Self>, Result<(), DbError>) {
        self.run(|connection| run_cached(connection, BEGIN)).await
    }

    pub(super) async fn commit(self) -> (Option<Self>, Result<(), DbError>) {
        self.run(|connection| run_cached(connection, COMMIT)).await
    }

    /// Runs a script of several statements without parameters.
    pub(super) async fn script(self, text: &'static str) -> (Option<Self>, Result<(), DbError>) {
        self.run(move |connection| connection.execute_batch(text).map_err(translate)).await
    }

    pub(super) async fn fetch(self, query: Query, params: Vec<Param>) -> (Option<Self>, Result<Vec<Row>, DbError>) {
        self.run(move |connection| together(connection, query.sqlite, || fetch(connection, query, &params))).await
    }

    /// The same on this thread, for what takes less time than handing it to another.
    pub(super) fn fetch_here(&self, query: Query, params: &[Param]) -> Result<Vec<Row>, DbError> {
        let connection = self.connection.as_ref().ok_or_else(|| anyhow::anyhow!("the lease has ended"))?;
        fetch(connection, query, params)
    }

    pub(super) async fn execute(self, query: Query, params: Vec<Param>) -> (Option<Self>, Result<u64, DbError>) {
        self.run(move |connection| together(connection, query.sqlite, || execute(connection, query, &params))).await
    }
}

/// The statements of a text, each of which ends a line with its semicolon.
fn statements(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.split_inclusive(";\n").filter(|statement| !statement.trim().is_empty())
}

/// Does `work`, the statements of `text`: several of them in one transaction.
fn together<T>(
    connection: &Connection,
    text: &'static str,
    work: impl FnOnce() -> Result<T, DbError>,
) -> Result<T, DbError> {
    if statements(text).nth(1).is_none() || !connection.is_autocommit() {
        return work();
    }
    run_cached(connection, BEGIN)?;
    // After a fault the lease's end rolls back.
    let answer = work()?;
    run_cached(connection, COMMIT)?;
    Ok(answer)
}

fn run_cached(connection: &Connection, query: Query) -> Result<(), DbError> {
    let mut statement = connection.prepare_cached(query.sqlite).map_err(translate)?;
    statement.raw_execute().map_err(translate)?;
    Ok(())
}

/// Runs the statements; answers the rows of the first one that has any columns, as SQL Server's first result.
fn fetch(connection: &Connection, query: Query, params: &[Param]) -> Result<Vec<Row>, DbError> {
    let mut answer = None;
    for text in statements(query.sqlite) {
        let mut statement = connection.prepare_cached(text).map_err(translate)?;
        bind(&mut statement, params)?;
        if statement.column_count() == 0 {
            statement.raw_execute().map_err(translate)?;
        } else {
            let rows = rows(&mut statement)?;
            answer.get_or_insert(rows);
        }
    }
    Ok(answer.unwrap_or_default())
}

fn rows(statement: &mut rusqlite::CachedStatement<'_>) -> Result<Vec<Row>, DbError> {
    let columns: Arc<[String]> = statement.column_names().map(str::to_owned).collect();
    let mut rows = statement.raw_query();
    let mut answer = Vec::new();
    while let Some(row) = rows.next().map_err(translate)? {
        let cells = (0..columns.len())
            .map(|index| Ok(cell(row.get_ref(index).map_err(translate)?)))
            .collect::<Result<Vec<_>, DbError>>()?;
        answer.push(Row::new(Arc::clone(&columns), cells));
    }
    Ok(answer)
}

/// Runs the statements; answers how many rows they touched, all together.
fn execute(connection: &Connection, query: Query, params: &[Param]) -> Result<u64, DbError> {
    let mut touched = 0;
    for text in statements(query.sqlite) {
        let mut statement = connection.prepare_cached(text).map_err(translate)?;
        bind(&mut statement, params)?;
        touched += statement.raw_execute().map_err(translate)? as u64;
    }
    Ok(touched)
}

/// Parameters go by their names, because SQLite numbers `@P2` by where it stands first. A twin may leave one unused.
fn bind(statement: &mut rusqlite::CachedStatement<'_>, params: &[Param]) -> Result<(), DbError> {
    for place in 1..=statement.parameter_count() {
        let number = statement.parameter_name(place).and_then(|name| name.strip_prefix("@P")?.parse::<usize>().ok());
        let param = number.and_then(|number| params.get(number.checked_sub(1)?));
        let param = param.ok_or_else(|| anyhow::anyhow!("a statement has a parameter that it was not given"))?;
        match param {
            Param::Int(value) => statement.raw_bind_parameter(place, value),
            Param::BigInt(value) => statement.raw_bind_parameter(place, value),
            Param::Bool(value) => statement.raw_bind_parameter(place, value),
            Param::Text(value) => statement.raw_bind_parameter(place, value),
            Param::Bytes(value) => statement.raw_bind_parameter(place, value),
            Param::Instant(value) => statement.raw_bind_parameter(place, value.map(instant).transpose()?),
            Param::Day(value) => {
                let day = value.map(|day| day.format(DAY_FORMAT)).transpose().map_err(anyhow::Error::new)?;
                statement.raw_bind_parameter(place, day)
            }
            Param::Uuid(value) => statement.raw_bind_parameter(place, value.map(|id| id.to_string())),
        }
        .map_err(translate)?;
    }
    Ok(())
}

fn instant(value: OffsetDateTime) -> Result<String, DbError> {
    let utc = value.to_offset(UtcOffset::UTC);
    let plain = PrimitiveDateTime::new(utc.date(), utc.time());
    Ok(plain.format(INSTANT_FORMAT).map_err(anyhow::Error::new)?)
}

fn cell(value: ValueRef<'_>) -> Cell {
    match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(value) => Cell::Integer(value),
        ValueRef::Real(value) => Cell::Text(value.to_string()),
        ValueRef::Text(value) => Cell::Text(String::from_utf8_lossy(value).into_owned()),
        ValueRef::Blob(value) => Cell::Bytes(value.to_vec()),
    }
}

fn translate(error: rusqlite::Error) -> DbError {
    match &error {
        rusqlite::Error::SqliteFailure(failure, message) => match failure.code {
            ErrorCode::ConstraintViolation
                if matches!(
                    failure.extended_code,
                    rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE | rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY
                ) =>
            {
                DbError::Unique(message.clone().unwrap_or_default())
            }
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::DiskFull => {
                DbError::unavailable(error.to_string())
            }
            _ => DbError::Other(error.into()),
        },
        _ => DbError::Other(error.into()),
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, DbError> + Send + 'static) -> Result<T, DbError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(failure) => Err(anyhow::Error::new(failure).into()),
    }
}

/// The file's path as given in `sqlite:<path>`.
pub(super) fn path_of(text: &str) -> PathBuf {
    Path::new(text).to_path_buf()
}
