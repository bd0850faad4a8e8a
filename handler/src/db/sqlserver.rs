//! SQL Server and Azure SQL Database by tiberius, pooled by bb8.
//!
//! `bb8_tiberius::ConnectionManager` takes every connection for a good one for ever. Ours wraps it: a connection that was
//! left in the middle of a statement or a transaction (a cancelled request, a timeout, a fault on the wire) says that it
//! is broken and is closed instead of lent again.

mod connector;

use std::sync::Arc;
use std::time::Duration;

use bb8_tiberius::rt::Client;
use tiberius::{ColumnData, FromSql as _, ToSql};
use time::{Date, PrimitiveDateTime, UtcOffset};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use uuid::Uuid;

use self::connector::Connector;
use super::error::DbError;
use super::login::SharedLoginTokens;
use super::query::{Param, Query};
use super::row::{Cell, Row};
use super::url::Server;

/// From the first byte to the end of the login. Azure SQL that was paused answers an error within it and wakes up.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// For one statement.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(15);
/// For one batch of a migration, which may have to rewrite a table.
const MIGRATION_TIMEOUT: Duration = Duration::from_mins(10);
/// How long a request waits for a connection from the pool before it is told to come back.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// A connection that rested longer than this is asked whether it still lives before it is lent.
const TRUSTED_REST: Duration = Duration::from_secs(30);
/// Specification 5.5.1: recycle connections after an hour.
const MAX_LIFETIME: Duration = Duration::from_hours(1);

/// Errors of the server that pass by themselves: the list of Azure SQL's transient faults, deadlock and lock timeout.
const TRANSIENT: &[u32] =
    &[4060, 40197, 40501, 40613, 49918, 49919, 49920, 10928, 10929, 10053, 10054, 10060, 1205, 1222, 233, 997, 4221];
/// Violation of a UNIQUE constraint, and of a unique index.
const UNIQUE: &[u32] = &[2627, 2601];
/// Errors whose text names nothing but objects of the schema. Others may quote what a user wrote (2628 shows the text that
/// was too long), and no such thing belongs into a log.
const TEXT_WITHOUT_VALUES: &[u32] =
    &[102, 137, 156, 207, 208, 229, 262, 515, 547, 911, 916, 2714, 2812, 3902, 3903, 3930, 4060, 18456];

const BEGIN: Query = crate::query!("begin");
const COMMIT: Query = crate::query!("commit");
const ROLLBACK: Query = crate::query!("rollback");
const PING: Query = crate::query!("ping");

/// A pool of connections to one database.
#[derive(Debug, Clone)]
pub(super) struct SqlServer {
    pool: bb8::Pool<Manager>,
    connector: Arc<Connector>,
    failures: Failures,
}

/// Where the pool tells why it could not open a connection; by itself it would let those who wait for one wait on.
#[derive(Debug, Clone, Default)]
struct Failures(watch::Sender<String>);

impl bb8::ErrorSink<DbError> for Failures {
    fn sink(&self, error: DbError) {
        self.0.send_replace(error.to_string());
    }

    fn boxed_clone(&self) -> Box<dyn bb8::ErrorSink<DbError>> {
        Box::new(self.clone())
    }
}

impl SqlServer {
    /// A pool of at most `size` connections, none of which is opened yet.
    pub(super) fn open(server: Server, size: u32, tokens: Option<SharedLoginTokens>) -> Self {
        let failures = Failures::default();
        let connector = Connector::new(server, tokens);
        let pool = bb8::Pool::builder()
            .error_sink(Box::new(failures.clone()))
            .max_size(size)
            .test_on_check_out(true)
            .retry_connection(false)
            .connection_timeout(ACQUIRE_TIMEOUT)
            .max_lifetime(Some(MAX_LIFETIME))
            .build_unchecked(Manager { inner: Arc::clone(&connector) });
        Self { pool, connector, failures }
    }

    /// Further connections are opened like this.
    pub(super) fn reconfigure(&self, server: Server) {
        self.connector.replace(server);
    }

    /// A connection, as soon as there is one. Fails as soon as none could be opened and none is there to be given back.
    pub(super) async fn lend(&self) -> Result<Lease, DbError> {
        let mut failures = self.failures.0.subscribe();
        let none_can_be_opened = async {
            while failures.changed().await.is_ok() {
                if self.pool.state().connections == 0 {
                    break;
                }
            }
        };
        let lent = tokio::select! {
            biased;
            lent = self.pool.get_owned() => Some(lent),
            () = none_can_be_opened => None,
        };
        match lent {
            Some(Ok(connection)) => Ok(Lease { connection }),
            Some(Err(bb8::RunError::User(error))) => Err(error),
            Some(Err(bb8::RunError::TimedOut)) => Err(DbError::unavailable("no connection to the database in time")),
            None => Err(DbError::unavailable(self.failures.0.borrow().clone())),
        }
    }

    /// (open at most, lent now)
    pub(super) fn connections(&self) -> (usize, usize) {
        let state = self.pool.state();
        (self.pool.config().max_size as usize, (state.connections - state.idle_connections) as usize)
    }
}

/// Opens connections and judges them.
struct Manager {
    inner: Arc<Connector>,
}

impl std::fmt::Debug for Manager {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Manager")
    }
}

/// One connection and what is known of its state.
pub(super) struct Connection {
    client: Client,
    /// A statement was sent and its answer not read to the end.
    busy: bool,
    /// A transaction was begun and not ended.
    in_transaction: bool,
    /// The wire or the server failed in a way that ends the connection.
    dead: bool,
    last_used: Instant,
}

impl bb8::ManageConnection for Manager {
    type Connection = Connection;
    type Error = DbError;

    async fn connect(&self) -> Result<Connection, DbError> {
        let inner = self.inner.next().await?;
        // tiberius panics when the server refuses the asked level of encryption: a task of its own contains that.
        let mut attempt = tokio::spawn(async move { inner.connect().await });
        let client = match timeout(CONNECT_TIMEOUT, &mut attempt).await {
            Ok(Ok(Ok(client))) => client,
            Ok(Ok(Err(bb8_tiberius::Error::Tiberius(error)))) => return Err(refused(&error)),
            Ok(Ok(Err(bb8_tiberius::Error::Io(error)))) => return Err(DbError::unavailable(error.to_string())),
            Ok(Err(_)) => {
                return Err(DbError::unavailable(
                    "the driver failed while connecting; does the server take the Encrypt setting of DATABASE_URL?",
                ));
            }
            Err(_) => {
                attempt.abort();
                return Err(DbError::unavailable("connecting took too long"));
            }
        };
        Ok(Connection { client, busy: false, in_transaction: false, dead: false, last_used: Instant::now() })
    }

    async fn is_valid(&self, connection: &mut Connection) -> Result<(), DbError> {
        if connection.last_used.elapsed() < TRUSTED_REST {
            return Ok(());
        }
        connection.script(COMMAND_TIMEOUT, PING.sqlserver).await
    }

    fn has_broken(&self, connection: &mut Connection) -> bool {
        connection.busy || connection.in_transaction || connection.dead
    }
}

impl Connection {
    /// Awaits the answer within the bound and keeps the books: what is cut off in between leaves `busy` behind.
    async fn guarded<T>(
        &mut self,
        bound: Duration,
        work: impl AsyncFnOnce(&mut Client) -> tiberius::Result<T> + Send,
    ) -> Result<T, DbError> {
        self.busy = true;
        let answer = timeout(bound, work(&mut self.client)).await;
        match answer {
            Ok(Ok(value)) => {
                self.busy = false;
                self.last_used = Instant::now();
                Ok(value)
            }
            Ok(Err(error)) => {
                // After an error of the server the stream is read to its end, unless the server ends the session.
                match &error {
                    tiberius::error::Error::Server(token) if token.class() < 20 => self.busy = false,
                    _ => self.dead = true,
                }
                Err(translate(error))
            }
            Err(_) => {
                self.dead = true;
                Err(DbError::Unavailable { message: "a statement took too long".into(), outcome_unknown: true })
            }
        }
    }

    async fn script(&mut self, bound: Duration, text: &str) -> Result<(), DbError> {
        self.guarded(bound, async |client| client.simple_query(text).await?.into_results().await.map(drop)).await
    }
}

/// A connection on loan from the pool.
pub(super) struct Lease {
    connection: bb8::PooledConnection<'static, Manager>,
}

impl Lease {
    pub(super) async fn begin(&mut self) -> Result<(), DbError> {
        self.connection.in_transaction = true;
        self.connection.script(COMMAND_TIMEOUT, BEGIN.sqlserver).await
    }

    pub(super) async fn commit(&mut self) -> Result<(), DbError> {
        match self.connection.script(COMMAND_TIMEOUT, COMMIT.sqlserver).await {
            Ok(()) => {
                self.connection.in_transaction = false;
                Ok(())
            }
            Err(DbError::Unavailable { message, .. }) => Err(DbError::Unavailable { message, outcome_unknown: true }),
            Err(other) => Err(other),
        }
    }

    /// Ends an abandoned transaction so that the connection can be lent again; one in an unclear state is left to be
    /// closed by the pool.
    pub(super) async fn abandon(mut self: Box<Self>) {
        let open = !self.connection.busy && !self.connection.dead;
        if open && self.connection.script(COMMAND_TIMEOUT, ROLLBACK.sqlserver).await.is_ok() {
            self.connection.in_transaction = false;
        }
    }

    /// Runs one batch of a migration.
    pub(super) async fn script(&mut self, text: &str) -> Result<(), DbError> {
        self.connection.script(MIGRATION_TIMEOUT, text).await
    }

    pub(super) async fn fetch(&mut self, query: Query, params: &[Param]) -> Result<Vec<Row>, DbError> {
        let values: Vec<Bound> = params.iter().map(Bound::from).collect();
        let rows = self
            .connection
            .guarded(COMMAND_TIMEOUT, async |client| {
                let references: Vec<&dyn ToSql> = values.iter().map(Bound::to_sql).collect();
                client.query(query.sqlserver, &references).await?.into_first_result().await
            })
            .await?;
        let Some(first) = rows.first() else { return Ok(Vec::new()) };
        let columns: Arc<[String]> = first.columns().iter().map(|column| column.name().to_owned()).collect();
        rows.iter().map(|row| Ok(Row::new(Arc::clone(&columns), cells(row)?))).collect()
    }

    pub(super) async fn execute(&mut self, query: Query, params: &[Param]) -> Result<u64, DbError> {
        let values: Vec<Bound> = params.iter().map(Bound::from).collect();
        self.connection
            .guarded(COMMAND_TIMEOUT, async |client| {
                let references: Vec<&dyn ToSql> = values.iter().map(Bound::to_sql).collect();
                Ok(client.execute(query.sqlserver, &references).await?.total())
            })
            .await
    }
}

/// A parameter in the types that tiberius sends.
enum Bound {
    Int(Option<i32>),
    BigInt(Option<i64>),
    Bool(Option<bool>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
    Instant(Option<PrimitiveDateTime>),
    Day(Option<Date>),
    Uuid(Option<Uuid>),
}

impl From<&Param> for Bound {
    fn from(param: &Param) -> Self {
        match param {
            Param::Int(value) => Self::Int(*value),
            Param::BigInt(value) => Self::BigInt(*value),
            Param::Bool(value) => Self::Bool(*value),
            Param::Text(value) => Self::Text(value.clone()),
            Param::Bytes(value) => Self::Bytes(value.clone()),
            Param::Instant(value) => Self::Instant(value.map(|instant| {
                let utc = instant.to_offset(UtcOffset::UTC);
                let whole = utc.replace_microsecond(utc.microsecond()).unwrap_or(utc);
                PrimitiveDateTime::new(whole.date(), whole.time())
            })),
            Param::Day(value) => Self::Day(*value),
            Param::Uuid(value) => Self::Uuid(*value),
        }
    }
}

impl Bound {
    fn to_sql(&self) -> &dyn ToSql {
        match self {
            Self::Int(value) => value,
            Self::BigInt(value) => value,
            Self::Bool(value) => value,
            Self::Text(value) => value,
            Self::Bytes(value) => value,
            Self::Instant(value) => value,
            Self::Day(value) => value,
            Self::Uuid(value) => value,
        }
    }
}

fn cells(row: &tiberius::Row) -> Result<Vec<Cell>, DbError> {
    row.cells().map(|(_, data)| cell(data)).collect()
}

fn cell(data: &ColumnData<'static>) -> Result<Cell, DbError> {
    let cell = match data {
        ColumnData::U8(value) => value.map(|number| Cell::Integer(number.into())),
        ColumnData::I16(value) => value.map(|number| Cell::Integer(number.into())),
        ColumnData::I32(value) => value.map(|number| Cell::Integer(number.into())),
        ColumnData::I64(value) => value.map(Cell::Integer),
        ColumnData::Bit(value) => value.map(Cell::Bool),
        ColumnData::String(value) => value.as_ref().map(|text| Cell::Text(text.to_string())),
        ColumnData::Binary(value) => value.as_ref().map(|bytes| Cell::Bytes(bytes.to_vec())),
        ColumnData::Guid(value) => value.map(Cell::Uuid),
        ColumnData::Date(_) => Date::from_sql(data).map_err(translate)?.map(Cell::Day),
        ColumnData::DateTime2(_) => {
            PrimitiveDateTime::from_sql(data).map_err(translate)?.map(|instant| Cell::Instant(instant.assume_utc()))
        }
        other => return Err(anyhow::anyhow!("a column of a type we don't use: {other:?}").into()),
    };
    Ok(cell.unwrap_or(Cell::Null))
}

fn refused(error: &tiberius::error::Error) -> DbError {
    // A wrong password or database name does not mend itself, yet for a request it is the same: no database.
    DbError::unavailable(format!("the server refused the connection: {error}"))
}

/// The part of a message about a duplicate key that names the constraint, without the key's value, which comes after it.
fn names_of_key(message: &str) -> String {
    message.split("The duplicate key value").next().unwrap_or_default().trim_end().to_owned()
}

fn translate(error: tiberius::error::Error) -> DbError {
    use tiberius::error::Error as Tds;
    match &error {
        Tds::Server(token) if UNIQUE.contains(&token.code()) => DbError::Unique(names_of_key(token.message())),
        Tds::Server(token) if TRANSIENT.contains(&token.code()) => {
            DbError::unavailable(format!("error {} of the server", token.code()))
        }
        Tds::Server(token) => {
            let text = if TEXT_WITHOUT_VALUES.contains(&token.code()) { token.message() } else { "(text withheld)" };
            DbError::Other(anyhow::anyhow!("error {} of the server in line {}: {text}", token.code(), token.line()))
        }
        Tds::Io { .. } | Tds::Tls(_) => DbError::Unavailable { message: error.to_string(), outcome_unknown: true },
        _ => DbError::Other(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn security_11_a_duplicate_key_is_told_by_its_name_and_not_its_value() {
        let told = names_of_key(
            "Violation of UNIQUE KEY constraint 'uq_users_email_key'. Cannot insert duplicate key in object 'dbo.users'. \
             The duplicate key value is (ana@example.com).",
        );
        assert!(told.contains("uq_users_email_key") && !told.contains("ana@"), "{told}");
    }
}
